"""Which interviews are kept until when: what the sweep, its preview and the pages are told.

Every function takes the session first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from db.columns import UtcDateTime
from db.models import Candidate, Erasure, InterviewSession, Job, LegalHold, Part
from db.people import job_ids_of
from db.states import InterviewState

HAS_MEDIA = or_(InterviewSession.parts.any(), InterviewSession.video_file_path.is_not(None))
"Something of it lies on disk, as far as the rows know."

_ERASED = select(Erasure.session_id).where(Erasure.erased_at.is_not(None))


@dataclass(frozen=True, slots=True)
class Kept:
    """An interview that is over, and what decides for how long it is kept."""

    session_id: str
    "The interview."
    job_id: int
    "Its job."
    job: str
    "The job's title."
    candidate: str
    "Whose it is."
    is_withdrawn: bool
    "The candidate took their consent back, and not everything is gone yet: there is nothing to wait for."
    ended_at: datetime
    "When it ended; of one that was never finished, when its last part did."
    retention_days: int
    "Its job's rule."
    keep_until: datetime | None
    "Not before this, whatever the rule says."
    held_because: str | None
    "Why it is not deleted at all."

    @property
    def due_at(self) -> datetime:
        """When it is deleted, unless it is held."""
        return self.ended_at if self.is_withdrawn else due_at(self.ended_at, self.retention_days, self.keep_until)


def due_at(ended_at: datetime, retention_days: int, keep_until: datetime | None = None) -> datetime:
    """When an interview that ended then is deleted by its job's rule: the whole rule."""
    due = ended_at + timedelta(days=retention_days)
    return due if keep_until is None else max(due, keep_until)


async def kept(db_session: AsyncSession, *, user_id: int | None = None) -> list[Kept]:
    """Every interview that is over and not deleted, the first to go first; of a user's jobs alone, when one is given."""
    query = _kept()
    if user_id is not None:
        query = query.where(InterviewSession.job_id.in_(job_ids_of(user_id)))
    return sorted((_told(row) for row in await db_session.execute(query)), key=lambda one: one.due_at)


async def kept_one(db_session: AsyncSession, session_id: str) -> Kept | None:
    """The same of one interview; None: it is not over, or deleted."""
    row = (await db_session.execute(_kept().where(InterviewSession.session_id == session_id))).one_or_none()
    return None if row is None else _told(row)


def _told(row: Row[*tuple[Any, ...]]) -> Kept:
    return Kept(*row)


def _kept() -> Select[*tuple[Any, ...]]:
    ended = func.coalesce(
        InterviewSession.ended_at, func.max(Part.ended_at), func.max(Part.started_at), InterviewSession.created_at
    )
    withdrawn = and_(InterviewSession.state == InterviewState.WITHDRAWN, InterviewSession.session_id.not_in(_ERASED))
    return (
        select(
            InterviewSession.session_id,
            InterviewSession.job_id,
            Job.title,
            Candidate.name,
            withdrawn,
            type_coerce(ended, UtcDateTime),
            Job.retention_days,
            InterviewSession.keep_until,
            LegalHold.reason,
        )
        .join(InterviewSession.job)
        .join(InterviewSession.candidate)
        .outerjoin(InterviewSession.parts)
        .outerjoin(LegalHold, LegalHold.session_id == InterviewSession.session_id)
        .where(*_is_over())
        .group_by(InterviewSession.session_id)
    )


def _is_over() -> tuple[ColumnElement[bool], ...]:
    # An invitation that nobody took up holds a name and an address as well.
    goes_on = [InterviewState.IN_PROGRESS, InterviewState.DELETED]
    return InterviewSession.state.not_in(goes_on), or_(HAS_MEDIA, InterviewSession.ended_at.is_not(None))
