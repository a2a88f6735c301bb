"""The archive by itself: pieces, memory, folders, what vanishes in the middle."""

import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from media_server.aio.contained_files import ContainedFiles
from web.archive import PIECE, Archive, Member, folder_names

MEGABYTE = 1_000_000


@pytest.fixture
def files(tmp_path: Path) -> ContainedFiles:
    return ContainedFiles(tmp_path)


def test_a_sized_archive_is_as_large_as_it_said(files: ContainedFiles) -> None:
    (files.root / "one.webm").write_bytes(os.urandom(3 * MEGABYTE))
    archive = Archive(files, sized=True)
    archive.add("Zoë", [Member("one.webm", "one.webm"), Member("ü.txt", b"text"), Member("gone.wav", "gone.wav")])
    promised = len(archive)
    octets = b"".join([*archive.pieces(), *archive.end()])
    assert len(octets) == promised
    inside = zipfile.ZipFile(io.BytesIO(octets))
    assert inside.testzip() is None
    assert inside.namelist() == ["Zoë/one.webm", "Zoë/ü.txt", "Zoë/MISSING.txt"]
    assert inside.read("Zoë/one.webm") == (files.root / "one.webm").read_bytes()


def test_a_file_that_loses_its_name_after_it_was_added_is_whole(files: ContainedFiles) -> None:
    """Somebody deletes the interview while it is being downloaded: what was begun is finished."""
    media = os.urandom(MEGABYTE)
    (files.root / "one.webm").write_bytes(media)
    archive = Archive(files, sized=False)
    archive.add("one", [Member("one.webm", "one.webm")])
    (files.root / "one.webm").unlink()
    octets = b"".join([*archive.pieces(), *archive.end()])
    assert zipfile.ZipFile(io.BytesIO(octets)).read("one/one.webm") == media


def test_a_long_archive_takes_no_more_memory_than_a_short_one(files: ContainedFiles) -> None:
    (files.root / "one.webm").write_bytes(os.urandom(MEGABYTE) * 20)
    archive = Archive(files, sized=False)
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208  pathlib would say the same with more words
    tracemalloc.start()
    try:
        for number in range(5):
            archive.add(str(number), [Member("one.webm", "one.webm")])
            assert max(len(piece) for piece in archive.pieces()) < 2 * PIECE
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * PIECE
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208  as above


def test_a_link_out_of_the_data_folder_is_not_followed(files: ContainedFiles, tmp_path: Path) -> None:
    (tmp_path / "link.webm").symlink_to("/etc/passwd")
    archive = Archive(files, sized=False)
    archive.add("one", [Member("link.webm", "link.webm")])
    octets = b"".join([*archive.pieces(), *archive.end()])
    assert zipfile.ZipFile(io.BytesIO(octets)).namelist() == ["one/MISSING.txt"]


def test_interviews_of_one_candidate_lie_beside_each_other() -> None:
    assert folder_names([("Ann", "a"), ("Bob", "b"), ("Ann", "c")]) == ["Ann/a", "Bob", "Ann/c"]
