"""Which interviews still have media, for how long, and how it is forgotten.

Deleting takes two transactions with the files between them, so that a crash leaves a row that says what to finish.
Every function takes the session first; those that write need one of `Database.writing()`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from db import interviews
from db.columns import UtcDateTime
from db.errors import Conflict
from db.models import Export, InterviewSession, Job, Part, Work
from db.states import InterviewEvent, InterviewState, PartState

_HAS_MEDIA = or_(InterviewSession.parts.any(), InterviewSession.video_file_path.is_not(None))


@dataclass(frozen=True, slots=True)
class Retained:
    """An interview that still has media, and the two things that decide for how long."""

    session_id: str
    "The interview."
    ended_at: datetime
    "When it ended; of one that was never finished, when its last part did."
    retention_days: int
    "Its job's rule."
    keep_until: datetime | None = None
    "Not before this, whatever the rule says."


async def retained(db_session: AsyncSession) -> list[Retained]:
    """Every interview that still has media and is not running, for the retention rule to judge."""
    last_media = func.coalesce(
        InterviewSession.ended_at, func.max(Part.ended_at), func.max(Part.started_at), InterviewSession.created_at
    )
    query = (
        select(
            InterviewSession.session_id,
            type_coerce(last_media, UtcDateTime),
            Job.retention_days,
            InterviewSession.keep_until,
        )
        .join(InterviewSession.job)
        .outerjoin(InterviewSession.parts)
        .where(_HAS_MEDIA, InterviewSession.state.not_in([InterviewState.IN_PROGRESS, InterviewState.DELETED]))
        .group_by(InterviewSession.session_id)
    )
    return [Retained(*row) for row in await db_session.execute(query)]


async def begin_deletion(
    db_session: AsyncSession, session_id: str, now: datetime, *, unless_running: bool = False
) -> InterviewSession:
    """Nobody can reach it from now on, its files may go. Repeating it is harmless. Raises NotFound.

    `unless_running`: Conflict while it is being recorded.
    """
    interview = await interviews.get_interview(db_session, session_id)
    if unless_running and interview.state is InterviewState.IN_PROGRESS:
        raise Conflict(f"interview {session_id} is being recorded")
    if interview.state is not InterviewState.DELETED:
        await interviews.apply_event(db_session, session_id, InterviewEvent.DELETE, now)
        interview.deleted_at = now
    return interview


async def complete_deletion(db_session: AsyncSession, session_id: str) -> None:
    """Its files are gone: so are its parts, gaps and marks, what was tried with them, and `video_file_path`. Raises NotFound."""
    interview = await interviews.get_interview(db_session, session_id)
    await db_session.execute(delete(Part).where(Part.session_id == session_id))
    await db_session.execute(delete(Export).where(Export.session_id == session_id))
    await db_session.execute(delete(Work).where(Work.session_id == session_id))
    interview.video_file_path = interview.video_size_mb = interview.video_uploaded_at = interview.video_sha256 = None
    interview.preview_of = None
    interview.recorded_ms = interview.recorded_bytes = 0
    await db_session.flush()


async def unfinished_deletions(db_session: AsyncSession) -> list[str]:
    """Deleted interviews whose files a crash may have left."""
    query = select(InterviewSession.session_id).where(_HAS_MEDIA, InterviewSession.state == InterviewState.DELETED)
    return list(await db_session.scalars(query))


async def others_with_media(db_session: AsyncSession, session_id: str) -> list[str]:
    """The same candidate's other interviews that still have media. Raises NotFound."""
    interview = await interviews.get_interview(db_session, session_id)
    query = select(InterviewSession.session_id).where(
        _HAS_MEDIA,
        InterviewSession.candidate_id == interview.candidate_id,
        InterviewSession.session_id != session_id,
        InterviewSession.state != InterviewState.DELETED,
    )
    return list(await db_session.scalars(query))


async def known_paths(db_session: AsyncSession) -> dict[str, str]:
    """Every media file that a row names, below the data folder, and the interview that it belongs to.

    A stored part is the recording, or lies in it: it has no file of its own.
    """
    recordings = select(InterviewSession.video_file_path, InterviewSession.session_id)
    parts = select(Part.path, Part.session_id).where(Part.state != PartState.STORED)
    rows = [*await db_session.execute(recordings), *await db_session.execute(parts)]
    return {path: session_id for path, session_id in rows if path is not None}
