"""Which interviews stand beside one in HR's list."""

from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import InterviewSession
from db.states import InterviewState


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The session ids of the interviews before and after one; None at either end."""

    previous: str | None
    "Above it in the list: the next newer one."
    following: str | None
    "Below it."


async def neighbours(db_session: AsyncSession, session_id: str) -> Neighbours:
    """Those of the same job, as the list has them, newest first; deleted ones are left out."""
    place = tuple_(InterviewSession.created_at, InterviewSession.session_id)
    one = await db_session.get_one(InterviewSession, session_id)
    here = tuple_(one.created_at, one.session_id)
    others = select(InterviewSession.session_id).where(
        InterviewSession.job_id == one.job_id, InterviewSession.state != InterviewState.DELETED
    )
    newer = others.where(place > here).order_by(InterviewSession.created_at, InterviewSession.session_id)
    older = others.where(place < here).order_by(InterviewSession.created_at.desc(), InterviewSession.session_id.desc())
    return Neighbours(await db_session.scalar(newer.limit(1)), await db_session.scalar(older.limit(1)))
