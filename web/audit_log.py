"""What the audit is told where nobody may wait for the database: playbacks, downloads, failed sign-ins.

They are queued and written together, once a second; a database that is busy keeps nobody from a file. What changes
something is never queued: it is written with the change (`db.audit.record`). The chain's head goes to the log at the
start, at the end, and every day, for `holdfast audit verify` to compare.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.audit import SYSTEM, Actor, AuditEvent, Details
from db.clock import Clock
from db.engine import Database
from db.errors import DatabaseError
from db.models import AuditRow

logger = logging.getLogger(__name__)

EVERY_S: Final = 1.0
"How long something waits to be written."

MOST_WAITING: Final = 10_000
"What a database that does not answer makes wait; whatever is more is counted, and the count is written."

MOST_AT_ONCE: Final = 200
"In one transaction: recordings wait for the same lock."

MOST_KNOWN: Final = 20_000
"Rows of this hour that are remembered; whatever is more is looked up."

HEAD_SAID: Final = "the audit ends with row %d, hash %s"


class Once(StrEnum):
    """How often the same is written down."""

    NO = "no"
    "Each time; the same within a second is one row that says how often."
    AN_HOUR = "an_hour"
    "Once an hour of the clock: a player asks for a recording piece by piece."
    EVER = "ever"
    "The first time alone."


@dataclass(frozen=True, slots=True)
class _Noted:
    event: AuditEvent
    actor: Actor
    session_id: str | None
    details: tuple[tuple[str, str | int | float | bool | None], ...]
    once: Once
    hour: datetime


@dataclass(slots=True)
class _Waiting:
    at: datetime
    times: int = 1


class AuditLog:
    """The queue. A context manager: what waits is written before it is left."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: dict[_Noted, _Waiting] = {}
        self._known: set[_Noted] = set()
        self._lost = 0
        self._flushing = asyncio.Lock()
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._head_said_on: date | None = None

    async def __aenter__(self) -> Self:
        """Begin to write."""
        self._task = asyncio.create_task(self._write_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what waits, and say where the chain ends."""
        self._ending.set()  # not cancelled: it may be writing
        if self._task is not None:
            await self._task
        try:
            await self.flush()
        except (DatabaseError, OSError):
            logger.exception("%d rows of the audit could not be written", len(self._waiting) + self._lost)
        if self._head_said_on is not None:
            await self.say_head()

    def note(
        self,
        event: AuditEvent,
        actor: Actor,
        *,
        session_id: str | None = None,
        details: Details | None = None,
        once: Once = Once.NO,
    ) -> None:
        """Have it written down soon; returns at once."""
        now = self._clock.utc_now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        noted = _Noted(event, actor, session_id, tuple(sorted((details or {}).items())), once, hour)
        if noted in self._known:
            return
        waiting = self._waiting.get(noted)
        if waiting is not None:
            waiting.times += 1
        elif len(self._waiting) >= MOST_WAITING:
            self._lost += 1
        else:
            self._waiting[noted] = _Waiting(now)

    async def flush(self) -> None:
        """Write down what waits. Raises DatabaseError and OSError: it waits on then."""
        async with self._flushing:
            while self._waiting or self._lost:
                batch, lost = dict(list(self._waiting.items())[:MOST_AT_ONCE]), self._lost
                counts = {noted: waiting.times for noted, waiting in batch.items()}
                async with self._database.writing() as db_session:
                    for noted, waiting in batch.items():
                        await _write(db_session, noted, waiting.at, counts[noted])
                    if lost:
                        details: Details = {"rows": lost}
                        now = self._clock.utc_now()
                        await audit.record(db_session, AuditEvent.AUDIT_LOST, now, actor=SYSTEM, details=details)
                self._written(counts, lost)

    def _written(self, counts: dict[_Noted, int], lost: int) -> None:
        self._lost -= lost
        for noted, times in counts.items():
            if self._waiting[noted].times == times or noted.once is not Once.NO:
                del self._waiting[noted]
            else:  # it happened again meanwhile
                self._waiting[noted].times -= times
            if noted.once is not Once.NO:
                if len(self._known) >= MOST_KNOWN:
                    self._known.clear()
                self._known.add(noted)

    async def _write_on(self) -> None:
        failing = False
        while not self._ending.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), EVERY_S)
            try:
                await self.flush()
                if self._head_said_on not in {None, self._clock.utc_now().date()}:
                    await self.say_head()
            except Exception:
                if not failing:  # once, not every second
                    logger.exception("the audit could not be written; it is tried again every second")
                failing = True
            else:
                failing = False

    async def say_head(self) -> None:
        """Say where the chain ends, and again every day and at the end from now on. Called once the server answers."""
        try:
            async with self._database.reading() as db_session:
                head = await audit.head(db_session)
        except (DatabaseError, OSError):
            logger.exception("the end of the audit could not be read")
            return
        self._head_said_on = self._clock.utc_now().date()
        # The words are part of the protocol: whoever verifies looks for them.
        logger.info(HEAD_SAID, head.number, head.hash)


async def _write(db_session: AsyncSession, noted: _Noted, at: datetime, times: int) -> None:
    details = dict(noted.details)
    if noted.once is not Once.NO:
        if await _is_there(db_session, noted, details):
            return
    elif times > 1:
        details["times"] = times
    await audit.record(db_session, noted.event, at, actor=noted.actor, session_id=noted.session_id, details=details)


async def _is_there(db_session: AsyncSession, noted: _Noted, details: Details) -> bool:
    """Whether the row was written before: by this process, or by one that served until this one began."""
    query = select(AuditRow.number).where(
        AuditRow.session_id == noted.session_id,
        AuditRow.event == noted.event.value,
        AuditRow.actor_kind == noted.actor.kind.value,
        AuditRow.actor_name == noted.actor.name,
        AuditRow.details == audit.spelled(details),
    )
    if noted.once is Once.AN_HOUR:
        query = query.where(AuditRow.at >= noted.hour)
    return await db_session.scalar(query.limit(1)) is not None
