"""Looks after requests for deletion: tells the owners by mail, and grants what is due.

What there is to do is read from the database each time, so a restart, a mail server that was away, or a day on which
nothing ran loses nothing.
"""

import asyncio
import contextlib
import logging
from typing import Final, Self

from db import audit, deletion_requests, holds, interviews
from db.audit import SYSTEM, Actor, ActorKind, AuditEvent
from db.clock import Clock
from db.deletion import DeletionReason
from db.engine import Database
from db.errors import DatabaseError, NotFound
from db.models import DeletionRequest
from media_server.aio.recordings import Recordings
from web.mail import Mailer, MailFailed
from web.own.mail import request_letter

logger = logging.getLogger(__name__)

EVERY_S: Final = 900.0
"How often it looks by itself: what was not sent is tried again then."


class RequestKeeper:
    """Runs beside the server; :meth:`look` does one round."""

    def __init__(self, database: Database, recordings: Recordings, mailer: Mailer, clock: Clock, base_url: str) -> None:
        self._database = database
        self._recordings = recordings
        self._mailer = mailer
        self._clock = clock
        self._base_url = base_url
        self._wanted = asyncio.Event()
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def ask(self, session_id: str) -> DeletionRequest:
        """The candidate asks for deletion; whoever decides is told at once. Raises Conflict, NotFound."""
        now, actor = self._clock.utc_now(), Actor(ActorKind.CANDIDATE, session_id)
        async with self._database.writing() as db_session:
            before = await deletion_requests.of(db_session, session_id)
            request = await deletion_requests.ask(db_session, session_id, now)
            if before is None:
                await audit.record(db_session, AuditEvent.DELETION_REQUESTED, now, actor=actor, session_id=session_id)
        self._wanted.set()
        return request

    async def grant(self, session_id: str, actor: Actor) -> None:
        """Delete it, as was asked. Raises NotFound when nobody has asked, OnHold, and whatever deleting raises."""
        async with self._database.writing() as db_session:
            await holds.refuse_held(db_session, session_id)
            if await deletion_requests.of(db_session, session_id) is None:
                raise NotFound(f"nobody has asked for the deletion of interview {session_id}")
            await holds.refuse_held(db_session, session_id)
            now = self._clock.utc_now()
            await audit.record(db_session, AuditEvent.DELETION_GRANTED, now, actor=actor, session_id=session_id)
        await self._recordings.delete(session_id, reason=DeletionReason.REQUESTED, actor=actor)

    async def look(self) -> None:
        """Write to the owners about what they have not heard of, and delete what is due. One failure stops no other."""
        async with self._looking:  # nobody is written to twice
            await self._look()

    async def _look(self) -> None:
        async with self._database.reading() as db_session:
            unmailed = await deletion_requests.unmailed(db_session) if self._mailer.is_configured else []
            due = await deletion_requests.due(db_session, self._clock.utc_now())
            held = await holds.holds_of(db_session, due)
        for session_id in unmailed:
            await self._write_to_owners(session_id)
        for session_id in (each for each in due if each not in held):
            try:
                await self.grant(session_id, SYSTEM)
            except Exception:
                logger.exception("interview %s: its deletion is due and failed; tried again soon", session_id)

    async def _write_to_owners(self, session_id: str) -> None:
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
            request = await deletion_requests.of(db_session, session_id)
            owners = await deletion_requests.deciders(db_session, interview.job_id)
        if request is None:
            return
        letter = request_letter(interview.job.title, f"{self._base_url}/hr/interviews/{session_id}", request.due_at)
        for owner in owners:
            try:
                await self._mailer.send(owner, letter.subject, letter.text)
            except MailFailed as failed:
                logger.warning("interview %s: its owners could not be told of a request: %s", session_id, failed)
                return
        async with self._database.writing() as db_session:
            await deletion_requests.note_mailed(db_session, session_id, self._clock.utc_now())

    async def _run(self) -> None:
        while True:
            self._wanted.clear()
            try:
                await self.look()
            except DatabaseError:
                logger.exception("requests for deletion could not be read; tried again soon")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), EVERY_S)
