"""Candidates' requests for deletion: asked once, told to HR, granted by themselves when they are due.

Every function takes the session first; those that write need one of `Database.writing()`.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import webhooks
from db.errors import Conflict, NotFound
from db.models import DeletionRequest, InterviewSession, JobMember, JobRole, LegalHold, User
from db.states import InterviewState

GRANTED_AFTER: Final = timedelta(days=30)
"What the law gives a controller to answer (GDPR Art. 12(3): a month)."

OVER: Final = frozenset(
    {InterviewState.COMPLETED, InterviewState.READY, InterviewState.EXPIRED, InterviewState.WITHDRAWN}
)
"States in which deletion is asked for; before that one withdraws."


async def ask(db_session: AsyncSession, session_id: str, now: datetime) -> DeletionRequest:
    """Note it, and owe it to the webhooks of whoever decides. Asking again changes nothing.

    Raises Conflict while the interview is not over or is deleted already, NotFound.
    """
    interview = await db_session.get(InterviewSession, session_id)
    if interview is None:
        raise NotFound(f"there is no interview {session_id}")
    request = await of(db_session, session_id)
    if request is not None:
        return request
    if interview.state not in OVER:
        raise Conflict(f"interview {session_id} is {interview.state.value}")
    request = DeletionRequest(session_id=session_id, requested_at=now, due_at=now + GRANTED_AFTER)
    db_session.add(request)
    await db_session.flush()
    await webhooks.note_request(db_session, interview, request.due_at, now)
    return request


async def of(db_session: AsyncSession, session_id: str) -> DeletionRequest | None:
    """The interview's, if its candidate has asked."""
    return await db_session.get(DeletionRequest, session_id)


async def open_ones(db_session: AsyncSession, session_ids: Collection[str]) -> dict[str, datetime]:
    """Of these interviews those whose deletion is asked for and has not happened, with the moment when it is due."""
    query = (
        select(DeletionRequest.session_id, DeletionRequest.due_at)
        .join(InterviewSession, InterviewSession.session_id == DeletionRequest.session_id)
        .where(DeletionRequest.session_id.in_(session_ids), InterviewSession.state.in_(OVER))
    )
    return {row.session_id: row.due_at for row in await db_session.execute(query)}


async def due(db_session: AsyncSession, now: datetime) -> list[str]:
    """Interviews whose request is granted by itself by now, the oldest first; none that is held."""
    query = (
        select(DeletionRequest.session_id)
        .join(InterviewSession, InterviewSession.session_id == DeletionRequest.session_id)
        .outerjoin(LegalHold, LegalHold.session_id == DeletionRequest.session_id)
        .where(DeletionRequest.due_at <= now, InterviewSession.state.in_(OVER), LegalHold.session_id.is_(None))
        .order_by(DeletionRequest.due_at)
    )
    return list(await db_session.scalars(query))


async def unmailed(db_session: AsyncSession) -> list[str]:
    """Interviews whose request HR has not been written to about, the oldest first."""
    query = (
        select(DeletionRequest.session_id)
        .join(InterviewSession, InterviewSession.session_id == DeletionRequest.session_id)
        .where(DeletionRequest.mailed_at.is_(None), InterviewSession.state.in_(OVER))
        .order_by(DeletionRequest.requested_at)
    )
    return list(await db_session.scalars(query))


async def note_mailed(db_session: AsyncSession, session_id: str, now: datetime) -> None:
    """HR was written to. Nothing when the request has gone."""
    request = await of(db_session, session_id)
    if request is not None:
        request.mailed_at = now


async def deciders(db_session: AsyncSession, job_id: int) -> list[str]:
    """The e-mails of those who decide about a job's recordings: its owners."""
    query = (
        select(User.email)
        .join(JobMember, JobMember.user_id == User.id)
        .where(JobMember.job_id == job_id, JobMember.role == JobRole.OWNER)
        .order_by(User.id)
    )
    return list(await db_session.scalars(query))
