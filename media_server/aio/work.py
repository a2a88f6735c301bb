"""Heavy work beside live interviews: a few pieces at once, each in a process of its own, tried again when it fails.

What is due is read from the database: a restart, a crash or a lost row forgets nothing. Each piece can itself be cut
anywhere and begun anew.
"""

import asyncio
import contextlib
import errno
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from db import work
from db.clock import Clock
from db.engine import Database
from db.errors import DatabaseError, NotNow
from db.work import Task, WorkKind
from media_server.aio.worker_process import OnProgress, WorkerFailed, WorkerStopped
from media_server.recording.assembly import CannotJoin, Refusal
from media_server.recording.attempts import retry_at
from media_server.settings import WorkSettings

logger = logging.getLogger(__name__)

Doer = Callable[[Task, OnProgress], Coroutine[Any, Any, None]]
"Does one piece of work, or raises."

SOON_S: Final = 3.0
"Whoever finishes an interview waits so long for its recording; most are joined by then."
PROGRESS_EVERY_S: Final = 2.0
"How often progress is written down."
NO_ROOM: Final = "the disk has no room for it"
NOT_THERE: Final = "a file that it needs cannot be read or written; it goes on once that is there again"
_DISK_SAYS: Final = dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), NO_ROOM) | dict.fromkeys(
    (errno.ENOENT, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.EROFS), NOT_THERE
)
"What counts as no attempt: the work is in order, its disk is not. It is tried again every `retry_after_s`."


class GiveUp(Exception):  # noqa: N818  it says what to do
    """It can never work; the message tells the operator why."""


class HeavyWork:
    """Looks what is due and has it done. `doers` are the kinds of work that there is somebody for."""

    def __init__(
        self, database: Database, clock: Clock, settings: WorkSettings, doers: Mapping[WorkKind, Doer], *, speech: bool
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._doers = doers
        self._speech = speech
        self._running: dict[Task, asyncio.Task[None]] = {}
        self._waited_for: dict[Task, asyncio.Event] = {}
        self._woken = asyncio.Event()
        self._doing: dict[Task, asyncio.Future[None]] = {}
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False
        self._due_since: dict[Task, float] = {}

    # --- start, run, close --------------------------------------------------------------

    async def start(self) -> None:
        """Begin; what a crash left running is tried again."""
        async with self._database.writing() as db_session:
            await work.recover(db_session, self._settings.attempts, self._clock.utc_now())
        self._loop = asyncio.create_task(self._look())

    async def close(self) -> None:
        """End every process; what they were at is begun anew at the next start. May be called twice."""
        self._stopping = True
        self.wake()
        for doing in self._doing.values():
            doing.cancel()
        # Nobody else is cancelled: what is being written to the database is written.
        await asyncio.gather(*(task for task in (self._loop, *self._running.values()) if task is not None))

    @property
    def running_count(self) -> int:
        """How many pieces are being done now."""
        return len(self._running)

    @property
    def waiting_count(self) -> int:
        """How many are due and not begun, when that was last looked up."""
        return sum(task not in self._running for task in self._due_since)

    @property
    def oldest_wait_s(self) -> float:
        """How long the piece that waits longest has been due; 0 when none does."""
        since = [when for task, when in self._due_since.items() if task not in self._running]
        return self._clock.monotonic() - min(since) if since else 0.0

    def wake(self) -> None:
        """Something may have become due."""
        self._woken.set()

    async def soon(self, task: Task) -> None:
        """Wait a moment for a piece of work that has just become due; it goes on in any case."""
        ended = self._waited_for.setdefault(task, asyncio.Event())
        if task in self._running or task in await self._due():
            self.wake()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), SOON_S)
        elif self._waited_for.get(task) is ended:
            del self._waited_for[task]  # nobody will ever set it

    async def _look(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                await self._begin_due()
            except Exception:
                logger.exception("what work is due cannot be read now")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._settings.look_every_s)

    async def _begin_due(self) -> None:
        due = await self._due()
        now = self._clock.monotonic()
        self._due_since = {task: self._due_since.get(task, now) for task in due}
        for task in due:
            if len(self._running) >= self._settings.at_once:
                break
            if task not in self._running and not self._stopping:
                self._running[task] = asyncio.create_task(self._do_named(task))

    async def _due(self) -> list[Task]:
        running = tuple(self._running)  # as it was before the rows are read: what begins meanwhile is looked for again
        async with self._database.reading() as db_session:
            wanted = await work.wanted(db_session, speech=self._speech)
            if WorkKind.PREVIEWS in self._doers:
                wanted += await work.without_previews(db_session)
            due = await work.due(db_session, wanted, self._clock.utc_now(), running=running)
            settled = await work.settled(db_session, wanted)
        if settled:
            async with self._database.writing() as db_session:
                await work.forget(db_session, settled)
        return [task for task in due if task.kind in self._doers]

    # --- one piece ----------------------------------------------------------------------

    async def _do_named(self, task: Task) -> None:
        with structlog.contextvars.bound_contextvars(session_id=task.session_id):
            await self._do(task)

    async def _do(self, task: Task) -> None:
        try:
            async with self._database.writing() as db_session:
                attempts = await work.begin(db_session, task, self._clock.utc_now())
            await self._attempt(task, attempts)
        except Exception:
            # It is due all the while: a database that takes nothing is not asked again in the same moment.
            logger.exception("interview %s: what became of %s cannot be written down", task.session_id, task)
        else:
            self.wake()
        finally:
            del self._running[task]
            self._doing.pop(task, None)
            self._waited_for.pop(task, asyncio.Event()).set()

    async def _attempt(self, task: Task, attempts: int) -> None:
        doing = self._doing[task] = asyncio.ensure_future(self._doers[task.kind](task, self._progress(task)))
        try:
            if self._stopping:
                doing.cancel()
            await doing
        except asyncio.CancelledError:
            async with self._database.writing() as db_session:
                await work.postpone(db_session, task, work.STOPPED, None)
        except WorkerStopped:
            logger.info("interview %s: %s is not needed any more", task.session_id, task)  # its row goes, too
        except Exception as error:  # noqa: BLE001  whatever it was is logged and written down
            await self._failed(task, attempts, error)
        else:
            async with self._database.writing() as db_session:
                await work.succeed(db_session, task, self._clock.utc_now())
            logger.info("interview %s: %s is done", task.session_id, task)

    async def _failed(self, task: Task, attempts: int, error: Exception) -> None:
        now = self._clock.utc_now()
        waits = _waits_for(error)
        if waits is not None:
            logger.warning("interview %s: %s waits, %s (%s)", task.session_id, task, waits, error)
            async with self._database.writing() as db_session:
                await work.postpone(db_session, task, waits, now + timedelta(seconds=self._settings.retry_after_s))
            return
        again = None
        if not _is_hopeless(error):
            again = retry_at(attempts, self._settings.attempts, self._settings.retry_after_s, now)
        # Where the sentence is the whole story, a traceback would only hide it.
        trace = None if isinstance(error, GiveUp) else error
        logger.error(
            "interview %s: %s failed, %s: %s", task.session_id, task, _when(again), _reason(error), exc_info=trace
        )
        async with self._database.writing() as db_session:
            await work.fail(db_session, task, now, _reason(error), again)

    def _progress(self, task: Task) -> OnProgress:
        written_at = self._clock.monotonic()

        async def note(progress: float) -> None:
            nonlocal written_at
            now = self._clock.monotonic()
            if now - written_at >= PROGRESS_EVERY_S:
                written_at = now
                with contextlib.suppress(DatabaseError):  # the work is none the worse for it
                    async with self._database.writing() as db_session:
                        await work.note_progress(db_session, task, progress)

        return note


def _is_hopeless(error: Exception) -> bool:
    """Whether trying again is of no use; a part that cannot be read may be put back from a backup meanwhile."""
    return isinstance(error, GiveUp) or (isinstance(error, CannotJoin) and error.refusal is not Refusal.UNREADABLE)


def _waits_for(error: Exception) -> str | None:
    """What the work waits for, when nothing is wrong with the work itself."""
    if isinstance(error, NotNow):
        return str(error)
    return _DISK_SAYS.get(error.errno or 0) if isinstance(error, OSError) else None


def _reason(error: Exception) -> str:
    said = str(error) or type(error).__name__
    return said if isinstance(error, (GiveUp, CannotJoin, WorkerFailed)) else f"{type(error).__name__}: {said}"


def _when(again: datetime | None) -> str:
    return "and is given up" if again is None else f"tried again at {again:%H:%M:%S} UTC"
