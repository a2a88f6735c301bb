"""Letting a candidate in to their own recording: the link alone does not, since invitations get forwarded."""

import logging
from datetime import datetime
from math import ceil
from typing import Final

from aiohttp import web as aioweb

from db import audit, interviews, own_visits
from db.audit import Actor, ActorKind, AuditEvent
from db.clock import Clock
from db.engine import Database
from db.models import InterviewSession, OwnVisit
from db.own_visits import CODE_LASTS, TooManyCodes
from signaling.aio.errors import Problem, TooOften, Unauthorised
from signaling.protocol.tokens import random_token, token_hash
from web.mail import Mailer, MailFailed
from web.own import code as codes
from web.own.addresses import masked
from web.own.mail import code_letter
from web.own.view import TO_SEE
from web.problems import InConflict
from web.schema.own import CodeSent
from web.views import api_url

logger = logging.getLogger(__name__)

OWN_COOKIE: Final = "holdfast_own"
"Lets one browser in to one recording for an hour."


class WrongCode(Problem):
    """Not the code that was sent last."""

    status, name, title = 403, "wrong-code", "This is not the code"


class CodeUsedUp(Problem):
    """No code is good any more: it is too old, was tried too often, or none was sent."""

    status, name, title = 403, "used-up", "No code is good any more"


class NotReleased(Problem):
    """No code was given, and HR has not released the recording."""

    status, name, title = 403, "not-released", "A code is needed"


class NoMail(Problem):
    """Nobody can be written to: no mail server, or no address."""

    status, name, title = 409, "no-mail", "No code can be sent"


class MailNotTaken(Problem):
    """The mail server did not take the message."""

    status, name, title = 502, "mail-failed", "The e-mail could not be sent"


class OwnVisits:
    """Sends codes, checks them, knows the browsers that were let in."""

    def __init__(self, database: Database, server_key: bytes, clock: Clock, mailer: Mailer) -> None:
        self._database = database
        self._key = server_key
        self._clock = clock
        self._mailer = mailer

    async def send_code(self, interview: InterviewSession, language: str) -> CodeSent:
        """E-mail a code to the candidate. Raises InConflict, NoMail, TooOften, MailNotTaken."""
        session_id, email = interview.session_id, interview.candidate.email
        _check_to_see(interview)
        if email is None or not self._mailer.is_configured:
            raise NoMail("No e-mail can be sent to you from here. Ask whoever invited you to release your recording.")
        code, now = codes.new_code(), self._clock.utc_now()
        stored = codes.code_hash(self._key, session_id, code)
        try:
            async with self._database.writing() as db_session:
                await own_visits.store_code(db_session, session_id, stored, now)
        except TooManyCodes as many:
            raise TooOften(max(1, ceil((many.again_at - now).total_seconds()))) from None
        letter = code_letter(code, language)
        try:
            await self._mailer.send(email, letter.subject, letter.text)
        except MailFailed as failed:
            logger.warning("interview %s: its candidate's code could not be sent: %s", session_id, failed)
            async with self._database.writing() as db_session:
                await own_visits.drop_code(db_session, session_id)
            raise MailNotTaken("The e-mail with your code could not be sent. Nothing else changed.") from None
        await self._note(AuditEvent.OWN_CODE_SENT, session_id)
        return CodeSent(sent_to=masked(email), expires_at=now + CODE_LASTS)

    async def let_in(self, interview: InterviewSession, typed: str | None) -> tuple[str, datetime]:
        """A token for the browser, and until when. Raises InConflict, WrongCode, CodeUsedUp, NotReleased."""
        session_id, now = interview.session_id, self._clock.utc_now()
        _check_to_see(interview)
        if typed is None and interview.own_released_at is None:
            raise NotReleased("Have a code sent to your e-mail address first.")
        if typed is not None:
            await self._check_code(session_id, codes.digits_of(typed), now)
        token, actor = random_token(), Actor(ActorKind.CANDIDATE, session_id)
        how = {"by": "release" if typed is None else "code"}
        async with self._database.writing() as db_session:
            until = await own_visits.begin(db_session, session_id, token_hash(token), now, by_code=typed is not None)
            await audit.record(db_session, AuditEvent.OWN_OPENED, now, actor=actor, session_id=session_id, details=how)
        return token, until

    async def until(self, request: aioweb.Request) -> datetime | None:
        """How long this browser may still see the recording; None: it may not."""
        visit = await self._visit(request)
        return None if visit is None else visit.expires_at

    async def visitor(self, request: aioweb.Request) -> str:
        """The interview whose recording this browser may see: the one that the path names. Raises Unauthorised."""
        if await self._visit(request) is None:
            raise Unauthorised("This browser may not see the recording, or no longer. Open it on your own page.")
        return request.match_info["session_id"]

    async def _visit(self, request: aioweb.Request) -> OwnVisit | None:
        session_id, token = request.match_info["session_id"], request.cookies.get(OWN_COOKIE)
        if not token:
            return None
        async with self._database.reading() as db_session:
            return await own_visits.find(db_session, token_hash(token), session_id, self._clock.utc_now())

    async def note_export(self, session_id: str) -> None:
        """A copy has left for the candidate."""
        await self._note(AuditEvent.OWN_EXPORTED, session_id)

    async def release(self, session_id: str, actor: Actor, *, released: bool) -> datetime | None:
        """HR lets the candidate see their recording without a code, or no longer. Raises NotFound."""
        now = self._clock.utc_now()
        event = AuditEvent.OWN_RELEASED if released else AuditEvent.OWN_RELEASE_ENDED
        async with self._database.writing() as db_session:
            await own_visits.release(db_session, session_id, now if released else None)
            await audit.record(db_session, event, now, actor=actor, session_id=session_id)
            interview = await interviews.get_interview(db_session, session_id)
        return interview.own_released_at

    async def _check_code(self, session_id: str, typed: str, now: datetime) -> None:
        async with self._database.writing() as db_session:
            tried = await own_visits.try_code(
                db_session, session_id, lambda stored: codes.fits(self._key, session_id, typed, stored), now
            )
        if tried.fits:
            return
        if not tried.tries_left:
            raise CodeUsedUp("Have another one sent.")
        times = "once more" if tried.tries_left == 1 else f"{tried.tries_left} more times"
        raise WrongCode(f"It can be tried {times}.")

    async def _note(self, event: AuditEvent, session_id: str) -> None:
        actor = Actor(ActorKind.CANDIDATE, session_id)
        async with self._database.writing() as db_session:
            await audit.record(db_session, event, self._clock.utc_now(), actor=actor, session_id=session_id)


def set_visit_cookie(
    response: aioweb.StreamResponse, token: str, session_id: str, base: str, lasts_s: int, *, secure: bool
) -> None:
    """For this interview's own recording and nothing else; SameSite=Strict keeps it out of what other sites send."""
    path = f"{api_url(base, session_id)}/own"
    response.set_cookie(OWN_COOKIE, token, max_age=lasts_s, httponly=True, samesite="Strict", secure=secure, path=path)


def _check_to_see(interview: InterviewSession) -> None:
    if interview.state not in TO_SEE:
        raise InConflict("There is no recording of this interview to see.")
