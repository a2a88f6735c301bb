"""What a backup says of itself."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.recording.backup_manifest import BackedUpFile, Manifest, ManifestError

MANIFEST = Manifest(
    "0.1.0",
    "0005",
    datetime(2026, 11, 25, 4, 0, tzinfo=UTC),
    {"uploads/Jürgen/a.webm": BackedUpFile(12, "ab" * 32, 1_700_000_000_000_000_000)},
    ("one", "two"),
)


def test_it_is_read_as_it_was_written() -> None:
    assert Manifest.decode(MANIFEST.encode()) == MANIFEST


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": 1}', MANIFEST.encode()[:-40]])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        Manifest.decode(text)


def test_a_newer_format_names_the_version_that_reads_it() -> None:
    newer = MANIFEST.encode().replace('"format": 1', '"format": 2').replace("0.1.0", "3.0.0")
    with pytest.raises(ManifestError, match=r"3\.0\.0"):
        Manifest.decode(newer)


@given(st.text())
def test_nothing_else_is_ever_raised(text: str) -> None:
    with pytest.raises(ManifestError):
        Manifest.decode(text)
