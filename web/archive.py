"""A ZIP of interviews, made while it is sent: nothing of it is ever on the disk, and little of it in memory.

Recordings are compressed already, so everything is stored as it is; beyond 4 GB the archive is a ZIP64. What the
database knows and the disk does not is told in a text inside.
"""

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from zipstream import ZipStream

from media_server.aio.contained_files import ContainedFiles, OutsideFolder

PIECE: Final = 256 * 1024
"Octets that are read, and sent, at a time."
MISSING: Final = "MISSING.txt"
"Tells what is not in the archive."


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive."""

    name: str
    "Within its interview's folder."
    source: str | bytes
    "Where it lies, relative to the data folder; or what it says."


@dataclass(frozen=True, slots=True)
class _Opened:
    """A member that is there."""

    name: str
    size: int
    read: Callable[[], Iterator[bytes]]


class Archive:
    """Takes folders, hands out pieces of a ZIP. Blocking: in a thread. Close it, whatever happens.

    `sized`: all folders are added before the first piece is asked for, and `len()` tells how large it will be.
    """

    def __init__(self, files: ContainedFiles, *, sized: bool) -> None:
        self._files = files
        self._stack = contextlib.ExitStack()
        self._zip = ZipStream(sized=sized)

    def __len__(self) -> int:
        """Return its size in bytes, where it is sized."""
        return len(self._zip)

    def close(self) -> None:
        """Close what is open. May be called twice."""
        self._stack.close()

    def add(self, folder: str, members: Sequence[Member]) -> None:
        """Open a folder's files now, so that what happens to their names later changes nothing."""
        missing = []
        for member in members:
            try:
                opened = self._open(member)
            except (OSError, OutsideFolder):
                missing.append(member.name)
            else:
                self._zip.add(opened.read(), f"{folder}/{opened.name}", size=opened.size)
        if missing:
            self.say_missing(folder, missing, "It should be on the server's disk and is not")

    def say_missing(self, folder: str, names: Sequence[str], why: str) -> None:
        """Put a text there that says what is not in the archive; `folder` may be empty."""
        lines = "".join(f"{name}: {why}.\n" for name in names)
        self._zip.add(lines.encode(), f"{folder}/{MISSING}".lstrip("/"), size=len(lines.encode()))

    def pieces(self) -> Iterator[bytes]:
        """What was added and not yet handed out, at least :data:`PIECE` at a time; closes its files."""
        yield from _gathered(self._zip.all_files())
        self._stack.close()

    def end(self) -> Iterator[bytes]:
        """The directory at its end."""
        yield from _gathered(self._zip.finalize())

    def _open(self, member: Member) -> _Opened:
        if isinstance(member.source, bytes):
            text = member.source
            return _Opened(member.name, len(text), lambda: iter([text]))
        descriptor = self._files.open(member.source)
        self._stack.callback(os.close, descriptor)
        size = os.fstat(descriptor).st_size
        return _Opened(member.name, size, lambda: _read(descriptor, size))


def folder_names(candidates: Sequence[tuple[str, str]]) -> list[str]:
    """A folder for each interview, from its candidate's folder and a name of its own.

    The candidate's alone, unless they have several interviews here.
    """
    count = Counter(folder for folder, _ in candidates)
    return [folder if count[folder] == 1 else f"{folder}/{own}" for folder, own in candidates]


def _read(descriptor: int, size: int) -> Iterator[bytes]:
    position = 0
    while position < size and (octets := os.pread(descriptor, min(PIECE, size - position), position)):
        position += len(octets)
        yield octets


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The heads between files are a few octets each; they travel with what follows."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)
