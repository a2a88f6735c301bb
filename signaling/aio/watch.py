"""Notices what another process does to an interview that is live here: `holdfast interview delete`, say."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context

from db import interviews
from db.engine import Database
from db.states import InterviewState
from signaling.aio.registry import Registry

logger = logging.getLogger(__name__)

EVERY_S = 2.0
"One query for all interviews; what is recorded after a deletion is deleted as well, but should be little."

OVER = frozenset({InterviewState.EXPIRED, InterviewState.WITHDRAWN, InterviewState.DELETED})
"What an interview becomes without this server's doing; it finishes and stores interviews itself."


class Watch:
    """Looks as long as anybody is there."""

    def __init__(self, registry: Registry, database: Database, drop: Callable[[str], Awaitable[None]]) -> None:
        self._registry = registry
        self._database = database
        self._drop = drop
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Somebody is there now. Repeating it is harmless."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_for_ever(), context=Context())  # it is for all

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    async def _look_for_ever(self) -> None:
        while attended := self._attended():
            try:
                await self._look(attended)
            except Exception:
                logger.exception("what other processes did to live interviews could not be read; tried again soon")
            await asyncio.sleep(EVERY_S)

    def _attended(self) -> list[str]:
        return [
            live.session_id
            for live in self._registry
            if live.state not in OVER and (live.publishing is not None or live.subscriptions)
        ]

    async def _look(self, session_ids: list[str]) -> None:
        async with self._database.reading() as db_session:
            states = await interviews.states_of(db_session, session_ids)
        over = [session_id for session_id, state in states.items() if state in OVER]
        for session_id, outcome in zip(
            over, await asyncio.gather(*map(self._drop, over), return_exceptions=True), strict=True
        ):
            if isinstance(outcome, BaseException):
                logger.error("interview %s is over and could not be ended", session_id, exc_info=outcome)
