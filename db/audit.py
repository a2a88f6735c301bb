"""The audit: what happened, who did it, when. Rows are only ever added, and each one's hash covers the one before.

Whoever changes, removes or swaps rows breaks the chain; whoever cuts its end off is found out by the heads that the
server writes to its log (`db.audit_chain` looks). A row is written in the transaction that does what it tells of. It
outlives the recording, so there are no candidates' names or e-mail addresses in it, and no network addresses.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import AuditRow, InterviewSession

Details = Mapping[str, str | int | float | bool | None]

BEGINNING: Final = "0" * 64
"What the first row has for the hash before it."

BATCH: Final = 2_000
"Rows read at once: an audit of years does not have to fit into memory."

ENCODING: Final = 1
"The first thing that is hashed: how the rest is spelled."


class ActorKind(StrEnum):
    """Who does something."""

    USER = "user"
    CANDIDATE = "candidate"
    OPERATOR = "operator"
    SYSTEM = "system"


class AuditEvent(StrEnum):
    """What is written down."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a word
    SIGN_IN_LINK_MADE = "sign_in_link_made"
    USER_ADDED = "user_added"
    TOKEN_MADE = "token_made"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105

    JOB_ADDED = "job_added"
    JOB_CHANGED = "job_changed"
    JOB_ARCHIVED = "job_archived"
    JOB_UNARCHIVED = "job_unarchived"
    JOB_DELETED = "job_deleted"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"

    INVITED = "invited"
    LINK_SHOWN = "link_shown"
    LINK_ISSUED = "link_issued"
    LINK_REVOKED = "link_revoked"
    LINK_OPENED = "link_opened"
    DEADLINE_CHANGED = "deadline_changed"
    ACCOMMODATED = "accommodated"

    NOTICE_ACKNOWLEDGED = "notice_acknowledged"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"

    RECORDING_STORED = "recording_stored"
    UPLOADED = "uploaded"
    ADOPTED = "adopted"
    PLAYED = "played"
    DOWNLOADED = "downloaded"
    WATCHED_LIVE = "watched_live"
    EXPORTED = "exported"
    OWN_CODE_SENT = "own_code_sent"
    OWN_OPENED = "own_opened"
    OWN_EXPORTED = "own_exported"
    OWN_RELEASED = "own_released"
    OWN_RELEASE_ENDED = "own_release_ended"
    DELETION_REQUESTED = "deletion_requested"
    DELETION_GRANTED = "deletion_granted"
    DELETED = "deleted"
    HELD = "held"
    HOLD_RELEASED = "hold_released"

    RESTORED = "restored"
    SERVER_STARTED = "server_started"
    SERVER_STOPPED = "server_stopped"
    SETTINGS_CHANGED = "settings_changed"
    REPAIRED = "repaired"
    AUDIT_EXPORTED = "audit_exported"
    AUDIT_LOST = "audit_lost"
    AUDIT_PRUNED = "audit_pruned"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it."""

    kind: ActorKind
    "What they are."
    name: str = ""
    "A user's e-mail, a candidate's session id, the operator's name on the machine; empty: nobody in particular."


SYSTEM: Final = Actor(ActorKind.SYSTEM)
"The server by itself."


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends."""

    number: int
    "The last row's; 0: there is none yet."
    hash: str
    "The last row's."


@dataclass(frozen=True, slots=True)
class Entry:
    """What is hashed of a row: all of it but the hash."""

    number: int
    "Its place, from 1."
    at: datetime
    "When."
    event: str
    "What happened."
    actor_kind: str
    "What they are who did it."
    actor_name: str
    "Who."
    session_id: str | None
    "The interview."
    job_id: int | None
    "The job."
    details: str
    "What else is to be known, as JSON text."
    previous: str
    "The hash of the row before."


async def record(
    db_session: AsyncSession,
    event: AuditEvent,
    now: datetime,
    *,
    actor: Actor,
    session_id: str | None = None,
    job_id: int | None = None,
    details: Details | None = None,
) -> None:
    """Write it down, as a part of this transaction of `Database.writing()`. The job of an interview is found by itself."""
    if job_id is None and session_id is not None:
        query = select(InterviewSession.job_id).where(InterviewSession.session_id == session_id)
        job_id = await db_session.scalar(query)
    last = await head(db_session)
    entry = Entry(
        number=last.number + 1,
        at=now,
        event=event.value,
        actor_kind=actor.kind.value,
        actor_name=actor.name,
        session_id=session_id,
        job_id=job_id,
        details=spelled(dict(details or {})),
        previous=last.hash,
    )
    await db_session.execute(insert(AuditRow).values(**asdict(entry), hash=entry_hash(entry)))


async def prune(db_session: AsyncSession, through: int, now: datetime) -> None:
    """Remove the rows up to this number. A new row says so, with the hash that the rest goes on from."""
    last_gone = await db_session.scalar(select(AuditRow.hash).where(AuditRow.number == through))
    if last_gone is None:
        return
    details: Details = {"through": through, "hash": last_gone}
    await record(db_session, AuditEvent.AUDIT_PRUNED, now, actor=SYSTEM, details=details)
    await db_session.execute(delete(AuditRow).where(AuditRow.number <= through))


async def head(db_session: AsyncSession) -> Head:
    """Where the chain ends now."""
    query = select(AuditRow.number, AuditRow.hash).order_by(AuditRow.number.desc()).limit(1)
    row = (await db_session.execute(query)).first()
    return Head(0, BEGINNING) if row is None else Head(row.number, row.hash)


async def rows(db_session: AsyncSession, *conditions: ColumnElement[bool]) -> AsyncIterator[AuditRow]:
    """Those that fit, oldest first, without holding more than :data:`BATCH` of them."""
    after = -1
    while True:
        query = select(AuditRow).where(*conditions, AuditRow.number > after).order_by(AuditRow.number).limit(BATCH)
        batch = list(await db_session.scalars(query))
        for row in batch:
            yield row
        if len(batch) < BATCH:
            return
        after = batch[-1].number
        db_session.expunge_all()


def entry_hash(entry: Entry) -> str:
    """SHA-256 of a row: of a JSON array in one spelling, so that a few lines of any language can check it."""
    hashed = [
        ENCODING,
        entry.number,
        moment(entry.at),
        entry.event,
        entry.actor_kind,
        entry.actor_name,
        entry.session_id,
        entry.job_id,
        entry.details,
        entry.previous,
    ]
    return hashlib.sha256(spelled(hashed).encode("ascii")).hexdigest()


def spelled(value: object) -> str:
    """JSON in the one spelling that is hashed: keys sorted, no spaces, everything beyond ASCII escaped."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def moment(at: datetime) -> str:
    """A moment in the one spelling that is hashed: UTC, with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
