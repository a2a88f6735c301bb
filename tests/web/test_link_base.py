"""Links that commands print reach the server beside them."""

import os
from pathlib import Path
from typing import Any

import pytest

from media_server.aio.data_folder import DataFolder
from web.link_base import link_base
from web.settings import load_settings

SERVED = "http://localhost:18080"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder.open(tmp_path / "data")


def base(folder: DataFolder, **web: Any) -> str:
    return link_base(load_settings(None, {"data": folder.path, "web": web}), folder)


def test_before_any_server_the_settings_say_it(folder: DataFolder) -> None:
    assert base(folder) == "http://localhost:8080"
    assert base(folder, port=9000) == "http://localhost:9000"


@pytest.mark.parametrize("web", [{}, {"port": 9000}, {"host": "0.0.0.0"}])
def test_a_running_server_says_it(folder: DataFolder, web: dict[str, Any]) -> None:
    with folder.held():
        folder.note_address("http://localhost:1")
        folder.note_address(SERVED)
        assert base(folder, **web) == SERVED
    assert (folder.path / "address").stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.path.iterdir() if path.name.startswith("address")] == ["address"]


def test_a_public_address_that_was_set_counts_before_all(folder: DataFolder) -> None:
    with folder.held():
        folder.note_address(SERVED)
        assert base(folder, public_url="https://interviews.example.org") == "https://interviews.example.org"


def test_after_it_has_stopped_settings_that_say_where_count_again(folder: DataFolder) -> None:
    folder.note_address(SERVED)
    (folder.path / "lock").write_text(f"{_ended()}\n")
    assert not folder.is_held()
    assert base(folder) == SERVED, "it will most likely be started the same way again"
    assert base(folder, port=9000) == "http://localhost:9000"


@pytest.mark.parametrize("damage", [b"", b"\xff\n", b" \n"])
def test_a_damaged_word_is_no_reason_to_fail(folder: DataFolder, damage: bytes) -> None:
    (folder.path / "address").write_bytes(damage)
    assert base(folder, port=9000) == "http://localhost:9000"


def _ended() -> int:
    """A process that has ended."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
