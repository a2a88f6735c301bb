"""One thread that writes, so that the event loop never waits for a disk.

Actions are gathered for a moment and handed over together; the thread writes them, and every
half second forces what is dirty onto the disk. Only then is anything *saved*. Whatever the
disk refuses (full, failing) is kept and tried again: nothing that was accepted is dropped.
"""

import asyncio
import contextlib
import logging
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from db.clock import Clock
from media_server.webm.actions import FileAction, Sync, Truncate, Write

HAND_OVER_S = 0.1
"How long actions are gathered before the thread gets them; of this much a kill can take."

RETRY_S = 1.0
"How long the thread waits before it tries a refusing disk again."

STOP_WITHIN_S = 2.0
"How long stopping waits for a disk that has stalled; parts were given their time before that."

logger = logging.getLogger(__name__)

_Told = TypeVar("_Told")


def sync_to_disk(descriptor: int) -> None:
    """Force a file's data onto the disk, past the drive's own cache where the platform has a word for that."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


@dataclass(slots=True)
class _Target:
    """What the thread knows of one file. Only the thread touches it."""

    open_file: Callable[[], int]
    "Creates the file and returns its descriptor; may be called again when it raises OSError."
    descriptor: int | None = None
    waiting: list[FileAction] = field(default_factory=list)
    "Accepted, not written."
    unsynced: list[Write] = field(default_factory=list)
    "Written since the last sync; written again when a sync fails, since the page cache may have dropped them."
    end: int = 0
    "Length of the file as far as it was written."
    dirty: bool = False
    refused: bool = False
    closed: bool = False
    "Settled for good: what comes after that must not open the file again."
    promises: list["_Settle"] = field(default_factory=list)
    "Who waits until everything so far is written and synced."


class DiskFile:
    """A file as the event loop sees it: hand actions in, hear how far it is synced."""

    def __init__(
        self, disk: "Disk", target: _Target, on_synced: Callable[[int], None], on_trouble: Callable[[bool], None]
    ) -> None:
        self._disk = disk
        self.target = target
        self.on_synced = on_synced
        self.on_trouble = on_trouble

    def apply(self, actions: Iterable[FileAction]) -> None:
        """Queue actions; returns at once."""
        self._disk.queue_actions(self, actions)

    async def settle(self) -> None:
        """Wait until everything handed in so far is written and synced; for ever, if the disk refuses for ever."""
        await self._disk.settle_file(self, close=False)

    async def close(self) -> None:
        """Settle, then close the descriptor."""
        await self._disk.settle_file(self, close=True)


@dataclass(frozen=True, slots=True)
class _Batch:
    items: list[tuple[DiskFile, list[FileAction]]]
    at: float
    "When it was handed over, monotonic seconds."


@dataclass(frozen=True, slots=True)
class _Settle:
    file: DiskFile
    done: "asyncio.Future[None]"
    close: bool


class Disk:
    """The writer thread of one disk."""

    def __init__(
        self, clock: Clock, *, sync_interval: float, on_sync: Callable[[float], None] = lambda _: None
    ) -> None:
        """`on_sync` hears, in the writer thread, how many seconds each sync of a file took."""
        self._clock = clock
        self._on_sync = on_sync
        self._sync_interval = sync_interval
        self._commands: queue.SimpleQueue[_Batch | _Settle | None] = queue.SimpleQueue()
        self._gathered: dict[DiskFile, list[FileAction]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._files: set[DiskFile] = set()
        self.last_sync_seconds = 0.0
        "How long the last round of syncs took; for the metrics."
        self.written_bytes = 0
        "What was written since the start, also what was written again; for the metrics."
        self._handed_over: deque[float] = deque()
        self._taken_at = self._safe_at = float("-inf")

    # In the event loop ------------------------------------------------------

    def start(self) -> None:
        """Begin writing. Call from the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="disk-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Write and sync what was accepted, then end the thread; a disk that has stalled is left to itself."""
        self._hand_over()
        self._commands.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, STOP_WITHIN_S)
            if self._thread.is_alive():
                logger.warning("the disk has stalled; what it did not take is mended at the next start")
            self._thread = None

    def open(
        self, open_file: Callable[[], int], *, on_synced: Callable[[int], None], on_trouble: Callable[[bool], None]
    ) -> DiskFile:
        """Begin a file; `open_file` runs in the writer thread.

        `on_synced(length)` is called in the event loop after each sync, with the length that is safe;
        `on_trouble(True)` when the disk refuses, `on_trouble(False)` when it takes data again.
        """
        return DiskFile(self, _Target(open_file), on_synced, on_trouble)

    def queue_actions(self, file: DiskFile, actions: Iterable[FileAction]) -> None:
        """Gather actions for the thread; :meth:`DiskFile.apply` is the door to this."""
        self._gathered.setdefault(file, []).extend(actions)
        if self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(HAND_OVER_S, self._hand_over)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._gathered:
            now = self._clock.monotonic()
            self._handed_over.append(now)
            self._commands.put(_Batch(list(self._gathered.items()), now))
            self._gathered = {}

    @property
    def lag_s(self) -> float:
        """For how long the oldest of what was handed over has not been forced onto the disk; 0 when all of it has."""
        while self._handed_over and self._handed_over[0] <= self._safe_at:
            self._handed_over.popleft()
        return self._clock.monotonic() - self._handed_over[0] if self._handed_over else 0.0

    @property
    def queue_length(self) -> int:
        """How many batches the thread has not got to yet; ten a second come while anything is recorded."""
        return self._commands.qsize()

    async def settle_file(self, file: DiskFile, *, close: bool) -> None:
        """Write and sync; :meth:`DiskFile.settle` and :meth:`DiskFile.close` are the doors to this."""
        if self._loop is None:
            raise RuntimeError("the disk was not started")
        done: asyncio.Future[None] = self._loop.create_future()
        self._hand_over()
        self._commands.put(_Settle(file, done, close))
        await done

    # In the thread ----------------------------------------------------------

    def _run(self) -> None:
        next_sync = self._clock.monotonic() + self._sync_interval
        running = True
        while running:
            try:
                command = self._commands.get(timeout=max(0.0, next_sync - self._clock.monotonic()))
            except queue.Empty:
                pass
            else:
                running = self._carry_out(command)
            if self._clock.monotonic() >= next_sync or not running:
                self._sync_round()
                next_sync = self._clock.monotonic() + self._next_wait()
        for file in list(self._files):
            self._forget(file)

    def _next_wait(self) -> float:
        return max(self._sync_interval, RETRY_S) if any(f.target.refused for f in self._files) else self._sync_interval

    def _carry_out(self, command: _Batch | _Settle | None) -> bool:
        match command:
            case _Batch(items, at):
                self._taken_at = at
                for file, actions in items:
                    self._files.add(file)
                    file.target.waiting.extend(actions)
                    # A refusing disk is tried again by the round of syncs, not by every batch.
                    if not file.target.refused:
                        self._work(file)
            case _Settle(file):
                self._files.add(file)
                file.target.promises.append(command)
                self._work(file, sync=True)
            case None:
                return False
        return True

    def _sync_round(self) -> None:
        began = self._clock.monotonic()
        for file in list(self._files):
            target = file.target
            if target.dirty or target.waiting or target.promises:
                self._work(file, sync=True)
        self.last_sync_seconds = self._clock.monotonic() - began
        if not any(file.target.refused for file in self._files):
            self._safe_at = self._taken_at

    def _work(self, file: DiskFile, *, sync: bool = False) -> None:
        """Write what waits, sync if asked; on refusal keep everything for the next round."""
        target = file.target
        if target.closed:
            self._drop(file)
            return
        try:
            self._write_waiting(target)
            if sync and target.dirty:
                self._sync(target)
                self._tell(file.on_synced, target.end)
        except Exception as error:  # noqa: BLE001  one file's trouble must not end the thread that writes all of them
            self._refuse(file, error)
            return
        if target.refused:
            target.refused = False
            self._tell(file.on_trouble, False)
        if sync and target.promises:
            self._keep_promises(file)

    def _refuse(self, file: DiskFile, error: Exception) -> None:
        if not file.target.refused:
            logger.warning("the disk refuses a file: %r", error)
            file.target.refused = True
            self._tell(file.on_trouble, True)

    def _write_waiting(self, target: _Target) -> None:
        if target.descriptor is None:
            target.descriptor = target.open_file()
        while target.waiting:
            run = _leading_writes(target.waiting)
            if run:
                joined = Write(run[0].position, b"".join(write.data for write in run))
                _write_all(target.descriptor, joined)
                self.written_bytes += len(joined.data)
                target.unsynced.append(joined)
                target.end = max(target.end, joined.position + len(joined.data))
                target.dirty = True
                del target.waiting[: len(run)]
                continue
            match target.waiting[0]:
                case Sync():
                    self._sync(target)
                case Truncate(length):
                    os.ftruncate(target.descriptor, length)
                    target.end = length
                    target.dirty = True
                case Write():  # one that does not follow the run before it begins the next run
                    continue
            del target.waiting[0]

    def _sync(self, target: _Target) -> None:
        if target.descriptor is None:
            return
        began = self._clock.monotonic()
        try:
            sync_to_disk(target.descriptor)
        except OSError:
            # After a failed sync the kernel may call dirty pages clean: write them anew next time.
            target.waiting[:0] = target.unsynced
            target.unsynced = []
            raise
        target.unsynced = []
        target.dirty = False
        self._on_sync(self._clock.monotonic() - began)

    def _keep_promises(self, file: DiskFile) -> None:
        promises, file.target.promises = file.target.promises, []
        if any(promise.close for promise in promises):
            file.target.closed = True
            self._forget(file)
        for promise in promises:
            self._tell(_resolve, promise.done)

    def _drop(self, file: DiskFile) -> None:
        """Something was handed in after the file had been closed; it is too late for it."""
        file.target.waiting.clear()
        self._keep_promises(file)
        self._files.discard(file)

    def _forget(self, file: DiskFile) -> None:
        self._files.discard(file)
        if file.target.descriptor is not None:
            os.close(file.target.descriptor)
            file.target.descriptor = None

    def _tell(self, callback: Callable[[_Told], None], value: _Told) -> None:
        # The loop may be gone when the process ends in a hurry; then nobody is left to be told.
        with contextlib.suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(callback, value)


def _resolve(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)


def _leading_writes(actions: list[FileAction]) -> list[Write]:
    """The writes at the head of the queue that follow each other without a hole."""
    run: list[Write] = []
    for action in actions:
        if not isinstance(action, Write) or (run and action.position != run[-1].position + len(run[-1].data)):
            break
        run.append(action)
    return run


def _write_all(descriptor: int, write: Write) -> None:
    view = memoryview(write.data)
    position = write.position
    while view:
        written = os.pwrite(descriptor, view, position)
        view = view[written:]
        position += written
