"""Who the audit says did it, and how handlers tell it what was done."""

from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web as aioweb
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.audit import SYSTEM, Actor, ActorKind, AuditEvent, Details
from web.audit_log import Once
from web.auth import Asker, CandidateAsker, HrAsker
from web.gate import ADMITTED
from web.services import SERVICES


def actor_of(request: aioweb.Request) -> Actor:
    """Whoever the gate let in; where it asks nobody, nobody in particular."""
    admitted = request.get(ADMITTED)
    return SYSTEM if admitted is None else actor_for(admitted.asker)


def actor_for(asker: Asker) -> Actor:
    """Somebody of HR by their e-mail, a candidate by their interview: the audit does not know their name."""
    match asker:
        case HrAsker(email=email):
            return Actor(ActorKind.USER, email)
        case CandidateAsker(session_id):
            return Actor(ActorKind.CANDIDATE, session_id)


async def record(
    request: aioweb.Request,
    db_session: AsyncSession,
    event: AuditEvent,
    *,
    session_id: str | None = None,
    job_id: int | None = None,
    details: Details | None = None,
) -> None:
    """Write down what whoever is asking does, in the transaction that does it."""
    now, actor = request.app[SERVICES].clock.utc_now(), actor_of(request)
    told = {**(details or {}), **token_of(request)}
    await audit.record(db_session, event, now, actor=actor, session_id=session_id, job_id=job_id, details=told)


def note(
    request: aioweb.Request,
    event: AuditEvent,
    session_id: str,
    details: Details | None = None,
    once: Once = Once.AN_HOUR,
) -> None:
    """Have what whoever is asking looked at written down soon; nobody waits for it."""
    told = {**(details or {}), **token_of(request)}
    request.app[SERVICES].audit.note(event, actor_of(request), session_id=session_id, details=told, once=once)


def token_of(request: aioweb.Request) -> Details:
    """Which API token did it in its user's name."""
    admitted = request.get(ADMITTED)
    if admitted is None or not isinstance(admitted.asker, HrAsker) or not admitted.asker.by_token:
        return {}
    return {"token": admitted.asker.token_id or "host"}


class What(StrEnum):
    """What of an interview somebody has a copy of."""

    RECORDING = "recording"
    PART = "part"
    MP4 = "mp4"
    ARCHIVE = "archive"
    ANSWER = "answer"
    CAPTIONS = "captions"


@dataclass(frozen=True, slots=True)
class Handed:
    """A file of an interview that is about to be sent to somebody."""

    session_id: str
    "The interview."
    what: What
    "What it is."
    number: int | None = None
    "Which part or question."


def note_handed(request: aioweb.Request, handed: Handed) -> None:
    """Somebody plays it or takes a copy. A player shows only in what it asks for: a browser says so, or asks in pieces."""
    if request.method == "HEAD":
        return
    purpose = request.headers.get("Sec-Fetch-Dest")
    if purpose == "track":  # the player's captions; that it plays is noted with the picture
        return
    in_pieces = purpose is None and "Range" in request.headers and "Authorization" not in request.headers
    if in_pieces or purpose in {"video", "audio"}:
        note(request, AuditEvent.PLAYED, handed.session_id)
        return
    details: Details = {"what": handed.what.value}
    if handed.number is not None:
        details = {**details, "number": handed.number}
    note(request, AuditEvent.DOWNLOADED, handed.session_id, details)
