"""The interviews that somebody is at, or was lately: one object each, changed by one at a time."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator

import structlog

from db import interviews
from db.clock import Clock
from db.engine import Database
from db.errors import NotFound
from signaling.aio import errors
from signaling.aio.live_interview import LiveInterview, PartPath
from signaling.aio.publishing import Publishing

# Idle interviews are kept so that a superseded page stays superseded; each weighs about 2 KB.
MAX_REMEMBERED = 2_000


class Registry:
    """Finds an interview by its session id, or by one of its WHIP sessions."""

    def __init__(self, *, database: Database, clock: Clock, part_path: PartPath) -> None:
        self._database = database
        self._clock = clock
        self._part_path = part_path
        self._live: dict[str, LiveInterview] = {}

    def __iter__(self) -> Iterator[LiveInterview]:
        """All of them, as they are now."""
        return iter(list(self._live.values()))

    def get(self, session_id: str) -> LiveInterview | None:
        """The interview if somebody is at it or was lately, as it was last known."""
        return self._live.get(session_id)

    @contextlib.asynccontextmanager
    async def held(self, session_id: str) -> AsyncIterator[LiveInterview]:
        """The interview, with the database's word on it, for one to change at a time. Raises UnknownInterview."""
        live = self._live.get(session_id) or self._remembered(session_id)
        live.holders += 1
        try:
            with structlog.contextvars.bound_contextvars(session_id=session_id):
                async with live.lock:
                    await self.refresh(live)
                    yield live
        finally:
            live.holders -= 1

    async def refresh(self, live: LiveInterview) -> None:
        """Read the row again. Raises UnknownInterview."""
        try:
            async with self._database.reading() as db_session:
                row = await interviews.get_interview(db_session, live.session_id)
        except NotFound:
            raise errors.UnknownInterview("There is no such interview.") from None
        live.refresh(row)

    def _remembered(self, session_id: str) -> LiveInterview:
        if len(self._live) >= MAX_REMEMBERED:
            idle = (key for key, live in self._live.items() if live.is_idle)
            self._live.pop(next(idle, ""), None)  # the oldest goes
        live = LiveInterview(session_id, database=self._database, clock=self._clock, part_path=self._part_path)
        self._live[session_id] = live
        return live

    def publishing(self, session_id: str, whip_session: str) -> tuple[LiveInterview, Publishing]:
        """The WHIP session that runs under this name. Raises UnknownInterview."""
        live = self._live.get(session_id)
        for publishing in live.stage.everybody if live is not None else ():
            if live is not None and secrets.compare_digest(publishing.whip_session.encode(), whip_session.encode()):
                return live, publishing
        raise errors.UnknownInterview("There is no such WHIP session, or it has ended.")
