"""Lists of many interviews: searched, filtered, sorted, and read a page at a time.

A page begins after the last row of the page before it (keyset paging), so a deep page costs what the first one does and
nothing is shown twice when interviews are added meanwhile.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, asc, case, desc, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Candidate, DeletionRequest, InterviewSession, Job
from db.people import job_ids_of
from db.search import search_key
from db.states import InterviewState

LIFE = (
    InterviewState.IN_PROGRESS,
    InterviewState.INTERRUPTED,
    InterviewState.CONSENTED,
    InterviewState.INVITED,
    InterviewState.COMPLETED,
    InterviewState.READY,
    InterviewState.EXPIRED,
    InterviewState.WITHDRAWN,
)
"""The order that states sort in: what needs somebody's eye comes first."""


class Sort(StrEnum):
    """What a list is sorted by."""

    NAME = "name"
    JOB = "job"
    STATE = "state"
    LENGTH = "length"
    SIZE = "size"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which interviews, and in which order."""

    search: str = ""
    "Words that all occur in the candidate's name or e-mail, the job's title or the session id."
    states: frozenset[InterviewState] = field(default_factory=frozenset)
    "One of these; empty: any but `deleted`."
    job_id: int | None = None
    "Of this job alone."
    since: datetime | None = None
    "Begun, or else set up, at this moment or later."
    until: datetime | None = None
    "Before this moment."
    sort: Sort = Sort.DATE
    "By what."
    descending: bool = True
    "The most, the latest, or Z first."


Position = tuple[str | int, str]
"The sorted value and the session id of a row: where a page begins after."


@dataclass(frozen=True, slots=True)
class InterviewSummary:
    """One line of a list."""

    session_id: str
    "The interview."
    state: InterviewState
    "Where it stands."
    candidate: str
    "The candidate's name."
    email: str | None
    "Their e-mail."
    job_id: int
    "The job."
    job: str
    "Its title."
    created_at: datetime
    "When it was set up."
    started_at: datetime | None
    "When recording began."
    ended_at: datetime | None
    "When it ended."
    deadline_at: datetime | None
    "When its link ends."
    duration_ms: int
    "Length of what lies there, all parts together; a running part counts once it is closed."
    size_bytes: int
    "Size of the same."
    deletion_due_at: datetime | None
    "Its candidate asked for deletion, which happens by itself then."


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where the next page begins."""

    rows: list[InterviewSummary]
    "In the order that was asked for."
    next: Position | None
    "Hand it in as `after`; None: there is nothing more."


async def page(
    db_session: AsyncSession, user_id: int, wanted: Wanted, *, limit: int, after: Position | None = None
) -> Page:
    """The next `limit` interviews of a user's jobs."""
    value = _value(wanted.sort)
    way: Callable[[ColumnElement[Any]], ColumnElement[Any]] = desc if wanted.descending else asc
    query = (
        _summaries()
        .add_columns(value)
        .where(InterviewSession.job_id.in_(job_ids_of(user_id)), *_conditions(wanted))
        .order_by(way(value), way(InterviewSession.session_id.expression))
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(_beyond(value, after, descending=wanted.descending))
    found = (await db_session.execute(query)).all()
    rows = [InterviewSummary(*row[:-1]) for row in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return Page(rows, None if last is None else (last[-1], last.session_id))


async def counts(db_session: AsyncSession, user_id: int, wanted: Wanted) -> dict[InterviewState, int]:
    """How many there are in each state, whatever states are wanted."""
    query = (
        select(InterviewSession.state, func.count().label("how_many"))
        .join(InterviewSession.candidate)
        .join(InterviewSession.job)
        .where(InterviewSession.job_id.in_(job_ids_of(user_id)), *_conditions(wanted, states=False))
        .group_by(InterviewSession.state)
    )
    return {row.state: row.how_many for row in await db_session.execute(query)}


async def all_interviews(db_session: AsyncSession) -> list[InterviewSummary]:
    """Every interview but deleted ones, newest first, for the command line."""
    query = _summaries().where(*_conditions(Wanted()))
    newest = query.order_by(InterviewSession.created_at.desc(), InterviewSession.session_id)
    return [InterviewSummary(*row) for row in await db_session.execute(newest)]


def _summaries() -> Select[*tuple[Any, ...]]:
    asked = select(DeletionRequest.due_at).where(DeletionRequest.session_id == InterviewSession.session_id)
    return (
        select(
            InterviewSession.session_id,
            InterviewSession.state,
            Candidate.name,
            Candidate.email,
            Job.id,
            Job.title,
            InterviewSession.created_at,
            InterviewSession.started_at,
            InterviewSession.ended_at,
            InterviewSession.deadline_at,
            InterviewSession.recorded_ms,
            InterviewSession.recorded_bytes,
            asked.scalar_subquery(),
        )
        .join(InterviewSession.candidate)
        .join(InterviewSession.job)
    )


def _date() -> ColumnElement[datetime]:
    return func.coalesce(InterviewSession.started_at, InterviewSession.created_at)


def _value(sort: Sort) -> ColumnElement[Any]:
    """What rows are compared by. It is never NULL, and travels as text or a whole number."""
    match sort:
        case Sort.NAME:
            return Candidate.search_key.expression
        case Sort.JOB:
            return Job.title_key.expression
        case Sort.STATE:
            return case({state: rank for rank, state in enumerate(LIFE)}, value=InterviewSession.state, else_=len(LIFE))
        case Sort.LENGTH:
            return InterviewSession.recorded_ms.expression
        case Sort.SIZE:
            return InterviewSession.recorded_bytes.expression
        case Sort.DATE:
            # As SQLite stores it: a text that sorts as the moments do, and that a cursor can hold.
            return type_coerce(_date(), String)


def _beyond(value: ColumnElement[Any], after: Position, *, descending: bool) -> ColumnElement[bool]:
    last, session_id = after
    if descending:
        return or_(value < last, and_(value == last, InterviewSession.session_id < session_id))
    return or_(value > last, and_(value == last, InterviewSession.session_id > session_id))


def _conditions(wanted: Wanted, *, states: bool = True) -> Collection[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [InterviewSession.state != InterviewState.DELETED]
    if states and wanted.states:
        conditions.append(InterviewSession.state.in_(wanted.states))
    if wanted.job_id is not None:
        conditions.append(InterviewSession.job_id == wanted.job_id)
    if wanted.since is not None:
        conditions.append(_date() >= wanted.since)
    if wanted.until is not None:
        conditions.append(_date() < wanted.until)
    conditions += [_has(word) for word in search_key(wanted.search).split()]
    return conditions


def _has(word: str) -> ColumnElement[bool]:
    return or_(
        Candidate.search_key.contains(word, autoescape=True),
        Job.title_key.contains(word, autoescape=True),
        InterviewSession.session_id.contains(word, autoescape=True),
    )
