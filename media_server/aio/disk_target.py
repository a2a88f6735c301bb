"""One file as the writer thread knows it: what waits, what is not synced yet, and what to do when the file is lost.

A disk that was away comes back with the file but not with the descriptor: the file is opened anew by its name. A file
that somebody removed while it is written lives on in the descriptor alone: it is written anew under its name.
"""

import contextlib
import errno
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from media_server.recording.events import Trouble
from media_server.webm.actions import FileAction, Sync, Truncate, Write

logger = logging.getLogger(__name__)

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"What a disk says that has no room."

DETACHED: Final = frozenset({errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.EBADF})
"What a descriptor says whose disk has gone; it never works again, also when the disk is back."

COPIED_AT_ONCE: Final = 1_048_576


def sync_to_disk(descriptor: int) -> None:
    """Force a file's data onto the disk, past the drive's own cache where the platform has a word for that."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def trouble_of(error: Exception) -> Trouble:
    """What a refusal means to people."""
    return Trouble.FULL if isinstance(error, OSError) and error.errno in FULL else Trouble.STUCK


@dataclass(slots=True)
class Target:
    """What the thread knows of one file. Only the thread touches it."""

    open_file: Callable[[], int]
    "Creates the file and returns its descriptor; may be called again when it raises OSError."
    open_again: Callable[[], int] | None = None
    "Opens the file that was created, by its name; None where that cannot be done."
    descriptor: int | None = None
    waiting: list[FileAction] = field(default_factory=list)
    "Accepted, not written."
    unsynced: list[Write] = field(default_factory=list)
    "Written since the last sync; written again when a sync fails, since the page cache may have dropped them."
    end: int = 0
    "Length of the file as far as it was written."
    dirty: bool = False
    refused: Trouble | None = None
    closed: bool = False
    "Settled for good: what comes after that must not open the file again."
    detached: bool = False
    "The disk has gone from under the descriptor."
    accepted: int = 0
    "Octets, all in all."
    wrote: int = 0
    "Octets, all in all; what was written again counts again."
    force: Callable[[int], None] = sync_to_disk
    "Forces a descriptor's data onto the disk."

    def accept(self, actions: Iterable[FileAction]) -> None:
        """Take what is to be done after what waits already."""
        for action in actions:
            self.waiting.append(action)
            self.accepted += _octets(action)

    @property
    def written(self) -> int:
        """Octets that need not be kept for the disk any more. Anybody may ask."""
        return self.accepted - sum(_octets(action) for action in tuple(self.waiting))

    @property
    def is_removed(self) -> bool:
        """Whether somebody took the file's only name away."""
        return self.descriptor is not None and not os.fstat(self.descriptor).st_nlink

    def write_waiting(self) -> None:
        """Write what waits, in order. Raises OSError; the rest waits on then."""
        self._open()
        while self.waiting:
            run = leading_writes(self.waiting)
            if run:
                joined = Write(run[0].position, b"".join(write.data for write in run))
                with self._watched() as descriptor:
                    write_all(descriptor, joined)
                self.wrote += len(joined.data)
                self.unsynced.append(joined)
                self.end = max(self.end, joined.position + len(joined.data))
                self.dirty = True
                del self.waiting[: len(run)]
                continue
            match self.waiting[0]:
                case Sync():
                    self.sync()
                case Truncate(length):
                    with self._watched() as descriptor:
                        os.ftruncate(descriptor, length)
                    self.end = length
                    self.dirty = True
                case Write():  # one that does not follow the run before it begins the next run
                    continue
            del self.waiting[0]

    def sync(self) -> None:
        """Force onto the disk what was written. Raises OSError; it is written once more then."""
        if self.descriptor is None:
            return
        try:
            if self.is_removed:
                self._write_anew(self.descriptor)
            with self._watched() as descriptor:
                self.force(descriptor)
        except OSError:
            # After a failed sync the kernel may call dirty pages clean: write them anew next time.
            self._take_back()
            raise
        self.unsynced = []
        self.dirty = False

    def close(self) -> None:
        """Let go of the descriptor."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def _open(self) -> None:
        if self.descriptor is None:
            self.descriptor = self.open_file()
        elif self.detached and self.open_again is not None:
            # What was synced lies there; what was not is written once more.
            found = self.open_again()
            self._take_back()
            os.close(self.descriptor)
            self.descriptor, self.detached = found, False
            logger.warning("the disk is back; the file is opened anew, and nothing of it is lost")

    @contextlib.contextmanager
    def _watched(self) -> Iterator[int]:
        """Notice when the disk has gone from under the descriptor."""
        if self.descriptor is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        try:
            yield self.descriptor
        except OSError as error:
            self.detached = error.errno in DETACHED
            raise

    def _take_back(self) -> None:
        self.waiting[:0] = self.unsynced
        self.unsynced = []

    def _write_anew(self, descriptor: int) -> None:
        """Somebody removed the file: what it holds is copied into a new one of that name."""
        rescued = self._new_file()
        try:
            position = 0
            while octets := os.pread(descriptor, COPIED_AT_ONCE, position):
                write_all(rescued, Write(position, octets))
                position += len(octets)
            os.ftruncate(rescued, position)
        except OSError:
            os.close(rescued)
            raise
        os.close(descriptor)
        self.descriptor = rescued
        logger.warning("a file was removed by somebody while it is being written; it was written anew, all of it")

    def _new_file(self) -> int:
        try:
            return self.open_file()
        except FileExistsError:
            # An attempt that a full disk cut short has left it, or somebody has put back what there was: we hold more.
            if self.open_again is None:
                raise
            return self.open_again()


def _octets(action: FileAction) -> int:
    return len(action.data) if isinstance(action, Write) else 0


def leading_writes(actions: list[FileAction]) -> list[Write]:
    """The writes at the head of the queue that follow each other without a hole."""
    run: list[Write] = []
    for action in actions:
        if not isinstance(action, Write) or (run and action.position != run[-1].position + len(run[-1].data)):
            break
        run.append(action)
    return run


def write_all(descriptor: int, write: Write) -> None:
    """Write all of it at its place. Raises OSError."""
    view = memoryview(write.data)
    position = write.position
    while view:
        written = os.pwrite(descriptor, view, position)
        view = view[written:]
        position += written
