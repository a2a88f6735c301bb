"""One thread that writes, so that the event loop never waits for a disk.

Actions are gathered for a moment and handed over together; the thread writes them, and every
half second forces what is dirty onto the disk. Only then is anything *saved*. Whatever the
disk refuses (full, failing) is kept and tried again: nothing that was accepted is dropped.
"""

import asyncio
import contextlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from db.clock import Clock
from media_server.aio.disk_target import Target, sync_to_disk, trouble_of
from media_server.recording.events import Trouble
from media_server.webm.actions import FileAction, Write

HAND_OVER_S = 0.1
"How long actions are gathered before the thread gets them; of this much a kill can take."

RETRY_S = 1.0
"How long the thread waits before it tries a refusing disk again."

STALLED_S = 3.0
"After so long without an answer of the disk people are told; a page says by itself then that nothing is saved."

STOP_WITHIN_S = 2.0
"How long stopping waits for a disk that has stalled; parts were given their time before that."

logger = logging.getLogger(__name__)

_Told = TypeVar("_Told")


class DiskFile:
    """A file as the event loop sees it: hand actions in, hear how far it is synced."""

    def __init__(
        self,
        disk: "Disk",
        target: Target,
        on_synced: Callable[[int], None],
        on_trouble: Callable[[Trouble | None], None],
    ) -> None:
        self._disk = disk
        self.target = target
        self.on_synced = on_synced
        self.promises: list[_Settle] = []
        "Who waits until everything so far is written and synced. Only the thread touches it."
        self.handed_in = 0
        "Octets, all in all."
        self._on_trouble = on_trouble
        self._refused: Trouble | None = None
        self._is_stalled = False

    def refusing(self, refused: Trouble | None) -> None:
        """The disk refuses this file, or takes it again."""
        self._change(refused, is_stalled=self._is_stalled)

    def stalled(self, is_stalled: bool) -> None:
        """The disk neither writes nor refuses, or does again."""
        self._change(self._refused, is_stalled=is_stalled)

    @property
    def waiting_octets(self) -> int:
        """What was handed in and is held in memory, since the disk has not taken it."""
        return self.handed_in - self.target.written

    def _change(self, refused: Trouble | None, *, is_stalled: bool) -> None:
        before = self._trouble
        self._refused, self._is_stalled = refused, is_stalled
        if self._trouble is not before:
            self._on_trouble(self._trouble)

    @property
    def _trouble(self) -> Trouble | None:
        return self._refused or (Trouble.STUCK if self._is_stalled else None)

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
        self._open: set[DiskFile] = set()  # the event loop's own
        self._busy_since: float | None = None
        self._stalled_since: float | None = None
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
        self,
        open_file: Callable[[], int],
        *,
        open_again: Callable[[], int] | None = None,
        on_synced: Callable[[int], None],
        on_trouble: Callable[[Trouble | None], None],
    ) -> DiskFile:
        """Begin a file; `open_file` creates it, `open_again` finds it by its name; both run in the writer thread.

        `on_synced(length)` is called in the event loop after each sync, with the length that is safe; `on_trouble`
        with what is wrong when the disk refuses or does not answer, and with None when it takes data again.
        """
        file = DiskFile(self, Target(open_file, open_again, force=self._force), on_synced, on_trouble)
        self._open.add(file)
        return file

    def queue_actions(self, file: DiskFile, actions: Iterable[FileAction]) -> None:
        """Gather actions for the thread; :meth:`DiskFile.apply` is the door to this."""
        gathered = self._gathered.setdefault(file, [])
        for action in actions:
            gathered.append(action)
            if isinstance(action, Write):
                file.handed_in += len(action.data)
        self._look_whether_it_stalls()
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
        if close:
            self._open.discard(file)

    def _look_whether_it_stalls(self) -> None:
        """Called as long as anything arrives: a thread that hangs in the disk cannot say so itself."""
        since = self._busy_since
        if self._stalled_since is None and since is not None and self._clock.monotonic() - since > STALLED_S:
            self._stalled_since = since
            logger.warning("the disk has not answered for %.0f s; what arrives waits in memory", STALLED_S)
            for file in self._open:
                file.stalled(True)

    def _answers_again(self, now: float) -> None:
        if self._stalled_since is not None:
            logger.warning("the disk answers again, after %.1f s", now - self._stalled_since)
            self._stalled_since = None
            for file in self._open:
                file.stalled(False)

    # In the thread ----------------------------------------------------------

    def _run(self) -> None:
        next_sync = self._clock.monotonic() + self._sync_interval
        running = True
        while running:
            try:
                command = self._commands.get(timeout=max(0.0, next_sync - self._clock.monotonic()))
            except queue.Empty:
                self._busy_since = self._clock.monotonic()
            else:
                self._busy_since = self._clock.monotonic()
                running = self._carry_out(command)
            if self._clock.monotonic() >= next_sync or not running:
                self._sync_round()
                next_sync = self._clock.monotonic() + self._next_wait()
            self._busy_since = None
            if self._stalled_since is not None and self._commands.empty():
                self._tell(self._answers_again, self._clock.monotonic())
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
                    file.target.accept(actions)
                    # A refusing disk is tried again by the round of syncs, not by every batch.
                    if not file.target.refused:
                        self._work(file)
            case _Settle(file):
                self._files.add(file)
                file.promises.append(command)
                self._work(file, sync=True)
            case None:
                return False
        return True

    def _sync_round(self) -> None:
        began = self._clock.monotonic()
        for file in list(self._files):
            target = file.target
            if target.dirty or target.waiting or file.promises or target.is_removed:
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
        wrote = target.wrote
        try:
            target.write_waiting()
            if sync and (target.dirty or target.is_removed):
                target.sync()
                self._tell(file.on_synced, target.end)
        except Exception as error:  # noqa: BLE001  one file's trouble must not end the thread that writes all of them
            self._refuse(file, error)
            return
        finally:
            self.written_bytes += target.wrote - wrote
        if target.refused:
            target.refused = None
            self._tell(file.refusing, None)
        if sync and file.promises:
            self._keep_promises(file)

    def _force(self, descriptor: int) -> None:
        began = self._clock.monotonic()
        sync_to_disk(descriptor)
        self._on_sync(self._clock.monotonic() - began)

    def _refuse(self, file: DiskFile, error: Exception) -> None:
        trouble = trouble_of(error)
        if file.target.refused is not trouble:
            logger.warning("the disk refuses a file: %r", error)
            file.target.refused = trouble
            self._tell(file.refusing, trouble)

    def _keep_promises(self, file: DiskFile) -> None:
        promises, file.promises = file.promises, []
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
        file.target.close()

    def _tell(self, callback: Callable[[_Told], None], value: _Told) -> None:
        # The loop may be gone when the process ends in a hurry; then nobody is left to be told.
        with contextlib.suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(callback, value)


def _resolve(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)
