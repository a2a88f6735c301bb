"""Folders that are swapped for links while files below them are opened: whatever is opened lies below the root."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_server.aio.contained_files import ContainedFiles, OutsideFolder

ROUNDS = 2_000


@pytest.fixture
def swapping(tmp_path: Path) -> Iterator[ContainedFiles]:
    """A root whose folder is itself and a link to the outside in turns, as fast as a thread can swap them."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for place, text in ((root / "folder", "ours"), (outside, "secret")):
        place.mkdir(parents=True)
        (place / "file").write_text(text)
    (root / "link").symlink_to(outside)
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            for source, target in (("folder", "aside"), ("link", "folder"), ("folder", "link"), ("aside", "folder")):
                (root / source).rename(root / target)

    thread = threading.Thread(target=swap)
    thread.start()
    yield ContainedFiles(root)
    over.set()
    thread.join()


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(swapping: ContainedFiles) -> None:
    read = refused = 0
    while read < ROUNDS or refused < 1:
        try:
            descriptor = swapping.open("folder/file")
        except (OutsideFolder, FileNotFoundError):
            refused += 1
            continue
        with os.fdopen(descriptor, "rb") as file:
            assert file.read() == b"ours"
        read += 1


def test_nothing_is_named_or_removed_through_it(swapping: ContainedFiles) -> None:
    outside = swapping.root.parent / "outside"
    (outside / "theirs").write_text("secret")
    (swapping.root / "own").write_text("ours")
    for _ in range(ROUNDS):
        with contextlib.suppress(OutsideFolder, OSError):
            swapping.link("own", "folder/second")
        with contextlib.suppress(OutsideFolder, OSError):
            swapping.remove("folder/second")
        with contextlib.suppress(OutsideFolder, OSError):
            swapping.remove("folder/theirs")
    assert sorted(path.name for path in outside.iterdir()) == ["file", "theirs"]
