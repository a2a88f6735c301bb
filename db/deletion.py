"""How an interview is forgotten: marked, its files removed by others, its rows emptied, and what remains looked for.

Deleting takes several transactions with the files between them, so that a crash leaves a row that says what to finish.
What becomes of which table, `db.belongings` says. Every function takes the session first; those that write need one of
`Database.writing()`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, holds, interviews
from db.audit import SYSTEM, Actor, AuditEvent
from db.belongings import EMPTIED, TABLES, Fate
from db.errors import Conflict
from db.models import Base, Candidate, Erasure, InterviewSession, LegalHold, Part, WebhookDelivery
from db.states import InterviewEvent, InterviewState, PartState

NOBODY: Final = "Deleted candidate"
"What stands in place of a name."


class DeletionReason(StrEnum):
    """Why an interview is deleted."""

    DELETED = "deleted"
    RETENTION = "retention"
    WITHDRAWN = "withdrawn"
    REQUESTED = "requested"
    JOB_DELETED = "job_deleted"
    CAME_BACK = "came_back"


@dataclass(frozen=True, slots=True)
class Stored:
    """The recording, as it lies there before it goes: it is known by that when it comes back."""

    sha256: str
    "Of all its octets."
    size_bytes: int
    "How many."


async def begin_deletion(
    db_session: AsyncSession,
    session_id: str,
    now: datetime,
    *,
    unless_running: bool = False,
    reason: DeletionReason | None = None,
    actor: Actor = SYSTEM,
    stored: Stored | None = None,
) -> InterviewSession:
    """Nobody can reach it from now on, its files may go. Repeating it is harmless. Raises NotFound and OnHold.

    `unless_running`: Conflict while it is being recorded. Without a `reason`, one that was withdrawn is erased for that,
    and stays `withdrawn`: whoever looks sees what happened.
    """
    interview = await interviews.get_interview(db_session, session_id)
    await holds.refuse_held(db_session, session_id)
    if unless_running and interview.state is InterviewState.IN_PROGRESS:
        raise Conflict(f"interview {session_id} is being recorded")
    withdrawn = interview.state is InterviewState.WITHDRAWN and reason in {None, DeletionReason.WITHDRAWN}
    reason = reason or (DeletionReason.WITHDRAWN if withdrawn else DeletionReason.DELETED)
    erasure = await erasure_of(db_session, session_id)
    if erasure is not None and interview.deleted_at is None and interview.state is not InterviewState.DELETED:
        await db_session.delete(erasure)  # of an interview that had the same id, and went with its job
        await db_session.flush()
        erasure = None
    if erasure is None:
        await _begin(db_session, interview, now, reason, actor, stored)
    if interview.state is not InterviewState.DELETED and not withdrawn:
        await interviews.apply_event(db_session, session_id, InterviewEvent.DELETE, now)
    interview.deleted_at = interview.deleted_at or now
    await db_session.flush()
    return interview


async def _begin(
    db_session: AsyncSession,
    interview: InterviewSession,
    now: datetime,
    reason: DeletionReason,
    actor: Actor,
    stored: Stored | None,
) -> None:
    db_session.add(
        Erasure(
            session_id=interview.session_id,
            job_id=interview.job_id,
            created_at=interview.created_at,
            begun_at=now,
            reason=reason.value,
            sha256=stored.sha256 if stored else interview.video_sha256,
            size_bytes=stored.size_bytes if stored else None,
        )
    )
    details = {"reason": reason.value, "sha256": stored.sha256 if stored else interview.video_sha256}
    await audit.record(
        db_session, AuditEvent.DELETED, now, actor=actor, session_id=interview.session_id, details=details
    )


async def begin_again(db_session: AsyncSession, session_id: str) -> None:
    """Something of it came back, or came late: it is not erased before that has gone too."""
    await db_session.execute(update(Erasure).where(Erasure.session_id == session_id).values(erased_at=None))


async def complete_deletion(db_session: AsyncSession, session_id: str) -> None:
    """Its files are gone: so is what its rows say, and whose it was, unless they have another. Raises NotFound."""
    interview = await interviews.get_interview(db_session, session_id)
    await _redact_messages(db_session, session_id)
    for table in _tables(Fate.GOES):
        await db_session.execute(delete(table).where(_is_of(table, session_id)))
    await db_session.execute(
        update(InterviewSession).where(InterviewSession.session_id == session_id).values(_emptied())
    )
    if not await _others(db_session, interview):
        nowhere = f".deleted-{interview.candidate_id}"  # a candidate's folder never begins with a dot
        nobody = {
            "name": NOBODY,
            "email": None,
            "external_id": None,
            "folder": nowhere,
            "folder_key": nowhere,
            "search_key": "",
        }
        await db_session.execute(update(Candidate).where(Candidate.id == interview.candidate_id).values(nobody))


async def remaining_rows(db_session: AsyncSession, session_id: str) -> list[str]:
    """The tables that still hold something of an interview that is deleted. Raises NotFound."""
    interview = await interviews.get_interview(db_session, session_id)
    counts = {
        table.name: await db_session.scalar(select(func.count()).select_from(table).where(_is_of(table, session_id)))
        for table in _tables(Fate.GOES)
    }
    found = [name for name, count in counts.items() if count]
    if any(getattr(interview, name) != value for name, value in _emptied().items()):
        found.append(InterviewSession.__tablename__)
    if interview.candidate.name != NOBODY and not await _others(db_session, interview):
        found.append(Candidate.__tablename__)
    return found


async def note_erased(db_session: AsyncSession, session_id: str, now: datetime) -> None:
    """Nothing of it was found any more."""
    await db_session.execute(update(Erasure).where(Erasure.session_id == session_id).values(erased_at=now))


async def erasure_of(db_session: AsyncSession, session_id: str) -> Erasure | None:
    """When and why it was deleted; None: it was not."""
    return await db_session.get(Erasure, session_id)


async def unfinished_deletions(db_session: AsyncSession) -> list[str]:
    """Interviews that were deleted or withdrawn, and of which a crash, or whoever did it, may have left something."""
    over = InterviewSession.state.in_([InterviewState.DELETED, InterviewState.WITHDRAWN])
    query = (
        select(InterviewSession.session_id)
        .outerjoin(Erasure, Erasure.session_id == InterviewSession.session_id)
        .outerjoin(LegalHold, LegalHold.session_id == InterviewSession.session_id)
        .where(over, Erasure.erased_at.is_(None), LegalHold.session_id.is_(None))
        .order_by(InterviewSession.session_id)
    )
    return list(await db_session.scalars(query))


async def others(db_session: AsyncSession, session_id: str) -> list[str]:
    """The same candidate's other interviews of which not everything is erased. Raises NotFound."""
    return await _others(db_session, await interviews.get_interview(db_session, session_id))


async def known_paths(db_session: AsyncSession) -> dict[str, str]:
    """Every media file that a row names, below the data folder, and the interview that it belongs to.

    A stored part is the recording, or lies in it: it has no file of its own.
    """
    recordings = select(InterviewSession.video_file_path, InterviewSession.session_id)
    parts = select(Part.path, Part.session_id).where(Part.state != PartState.STORED)
    rows = [*await db_session.execute(recordings), *await db_session.execute(parts)]
    return {path: session_id for path, session_id in rows if path is not None}


async def _others(db_session: AsyncSession, interview: InterviewSession) -> list[str]:
    # One that is being deleted counts until it is erased: its files are found through the candidate's folder.
    erased = select(Erasure.session_id).where(Erasure.erased_at.is_not(None))
    query = select(InterviewSession.session_id).where(
        InterviewSession.candidate_id == interview.candidate_id,
        InterviewSession.session_id != interview.session_id,
        InterviewSession.session_id.not_in(erased),
    )
    return list(await db_session.scalars(query))


async def _redact_messages(db_session: AsyncSession, session_id: str) -> None:
    """What webhooks were told stays, and is still delivered, but for the host platform's id of the candidate."""
    rows = await db_session.scalars(select(WebhookDelivery).where(WebhookDelivery.session_id == session_id))
    for row in rows:
        told = json.loads(row.payload)
        if told["data"].get("candidate_external_id") is not None:
            told["data"]["candidate_external_id"] = None
            row.payload = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    await db_session.flush()


def _tables(fate: Fate) -> list[Table]:
    """Those that there are, children first."""
    return [table for table in reversed(Base.metadata.sorted_tables) if TABLES[table.name].fate is fate]


def _is_of(table: Table, session_id: str) -> Any:
    if "session_id" in table.columns:
        return table.c.session_id == session_id
    return table.c.part_id.in_(select(Part.id).where(Part.session_id == session_id))


def _emptied() -> Mapping[str, Any]:
    return {name: value for name, value in EMPTIED.items() if name in InterviewSession.__table__.columns}
