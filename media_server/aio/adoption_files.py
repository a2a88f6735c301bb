"""The file work behind `aio/adoption`: blocking, called in a thread. Every function can be cut anywhere and called again.

What is adopted lies in `uploads/.adopting` first. In the middle of the transaction that writes its rows each file gets
two more names: a mark beside the parts, and its final one. A crash before the commit leaves files that no row names;
the marks tell the next start, or the next import, what they are. After it, the marks go and nothing else.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import wave
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from stat import S_ISREG
from typing import Final

from db.models import Candidate
from media_server.aio.contained_files import ContainedFiles, OutsideFolder
from media_server.aio.data_folder import UPLOADS, DataFolder
from media_server.aio.recording_files import other_names, remove_part_name
from media_server.recording import names
from media_server.recording.adoption import OldFile

DRAFTS: Final = f"{UPLOADS}/.adopting"
"Where files lie that nobody has yet."
LOCK: Final = "import.lock"
PIECE: Final = 1_048_576
"Octets that are copied at a time."


class Broken(Exception):  # noqa: N818  it says what happened
    """A file that is not what its name says; the message tells why."""


@dataclass(frozen=True, slots=True)
class Named:
    """A file on its way from the drafts to its place."""

    draft: str
    "Where it lies, relative to the data folder."
    name: str
    "What it is to be called in the candidate's folder."


@contextlib.contextmanager
def adopting(data_folder: DataFolder) -> Iterator[bool]:
    """Be the only one who adopts into this data folder; False when somebody else does. It ends with the process."""
    lock = os.open(data_folder.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


# --- the old tree ------------------------------------------------------------------------


def old_files(files: ContainedFiles) -> list[OldFile]:
    """Everything in the old tree; no link is followed."""
    return [file for name in files.names_in("") for file in _below(files, name)]


def _below(files: ContainedFiles, path: str) -> Iterator[OldFile]:
    with contextlib.suppress(OutsideFolder):
        found = [each.path for each in files.walk(path)]
        for inner in found:
            yield from _told(files, inner)
        return
    yield from _told(files, path)


def _told(files: ContainedFiles, path: str) -> Iterator[OldFile]:
    lies = files.stat(path)
    if lies is not None:
        yield OldFile(path, lies.st_size, datetime.fromtimestamp(lies.st_mtime, UTC), is_plain=S_ISREG(lies.st_mode))


def digest(descriptor: int) -> str:
    """Return the SHA-256 of an open file, hexadecimal."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_of(path: str, sha256: str) -> str:
    """What is remembered of a file: that there was this one at this place; neither can be told from it."""
    return hashlib.sha256(f"{path}\0{sha256}".encode()).hexdigest()


# --- into the drafts ----------------------------------------------------------------------


def draft_path() -> str:
    """A place for a file that nobody has yet."""
    return f"{DRAFTS}/{secrets.token_hex(8)}"


def copy_sound(old: ContainedFiles, path: str, data_folder: DataFolder, draft: str) -> str:
    """Copy a sound octet by octet, force it onto the disk, read both sides through; returns the SHA-256 of both.

    Raises Broken and OSError; nothing is left then.
    """
    source = old.open(path)
    try:
        output = data_folder.create_draft(draft, os.fstat(source).st_size)
        try:
            return _copied(source, output)
        finally:
            os.close(output)
    except BaseException:
        data_folder.files.remove(draft)
        raise
    finally:
        os.close(source)


def _copied(source: int, output: int) -> str:
    _copy(source, output)
    os.fsync(output)
    _read_through(output)
    sha256 = digest(source)
    if sha256 != digest(output):
        raise Broken("it changed while it was copied")
    return sha256


def _copy(source: int, output: int) -> None:
    at = 0
    while piece := os.pread(source, PIECE, at):
        rest = memoryview(piece)
        while rest:
            written = os.pwrite(output, rest, at)
            at, rest = at + written, rest[written:]


def _read_through(descriptor: int) -> None:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        try:
            with wave.open(file) as sound:
                wanted, frame = sound.getnframes(), sound.getnchannels() * sound.getsampwidth()
                octets = 0
                while piece := sound.readframes(PIECE // max(frame, 1)):
                    octets += len(piece)
        except (wave.Error, EOFError) as error:
            raise Broken(f"it is no WAV file with PCM sound in it ({str(error) or 'it is cut off'})") from error
    if not wanted or octets < wanted * frame:
        raise Broken("it is cut off, or empty")


# --- to their places -----------------------------------------------------------------------


def name_adopted(files: ContainedFiles, candidate: Candidate, session_id: str, drafts: Sequence[Named]) -> list[str]:
    """Give every draft its mark and its final name, the first that is free; returns the final ones. Raises OSError."""
    folder = f"{UPLOADS}/{candidate.folder}"
    files.make_folder(f"{folder}/{names.parts_folder(session_id)}")
    given = []
    for number, each in enumerate(drafts, start=1):
        mark = f"{folder}/{names.adopted_path(session_id, number)}"
        files.remove(mark)
        files.link(each.draft, mark)
        given.append(_first_free(files, each.draft, f"{folder}/{each.name}"))
    return given


def _first_free(files: ContainedFiles, draft: str, path: str) -> str:
    stem, _, ending = path.rpartition(".")
    number = 1
    while True:
        wanted = path if number == 1 else f"{stem}_{number}.{ending}"
        try:
            files.link(draft, wanted)
        except FileExistsError:
            number += 1
        else:
            return wanted


def remove_marks(files: ContainedFiles, folder: str, session_id: str, count: int) -> None:
    """Its rows are written: take the marks away, and the folders that they leave empty."""
    for number in range(1, count + 1):
        remove_part_name(files, f"{UPLOADS}/{folder}/{names.adopted_path(session_id, number)}")


def remove_drafts(files: ContainedFiles, drafts: Iterable[str]) -> None:
    """Take drafts away, whatever has become of them."""
    for draft in drafts:
        files.remove(draft)
    files.remove_empty_folder(DRAFTS)


# --- after a crash -------------------------------------------------------------------------


def tidy_adoptions(data_folder: DataFolder, known: AbstractSet[str]) -> None:
    """Remove what an import left that was killed, unless one runs just now, which sees to it itself."""
    with adopting(data_folder) as alone:
        if alone:
            remove_leftovers(data_folder.files, known)


def remove_leftovers(files: ContainedFiles, known: AbstractSet[str]) -> None:
    """The same for whoever adopts. `known`: every path that a row names."""
    for name in files.names_in(UPLOADS):
        with contextlib.suppress(OutsideFolder):
            _tidy_candidate(files, f"{UPLOADS}/{name}", known)
    remove_drafts(files, [f"{DRAFTS}/{name}" for name in files.names_in(DRAFTS)])


def _tidy_candidate(files: ContainedFiles, folder: str, known: AbstractSet[str]) -> None:
    marks = [found.path for found in files.walk(f"{folder}/{names.PARTS_FOLDER}") if names.is_of_an_import(found.path)]
    for mark in marks:
        others = other_names(files, mark, folder)
        for other in others if known.isdisjoint(others) else ():
            files.remove(other)
        remove_part_name(files, mark)
    if marks:
        files.remove_empty_folder(folder)
