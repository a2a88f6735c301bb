"""What of the audit somebody asks for: filtered, a page at a time, or all of it; and which copies have left.

Every function takes the session first.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.audit import ActorKind, AuditEvent, rows
from db.models import AuditRow, JobMember, JobRole

LOOKED_AT: Final = (
    AuditEvent.PLAYED,
    AuditEvent.WATCHED_LIVE,
    AuditEvent.DOWNLOADED,
    AuditEvent.EXPORTED,
    AuditEvent.OWN_OPENED,
    AuditEvent.OWN_EXPORTED,
)
"Who has watched, and who has copies."

COPIES: Final = frozenset({AuditEvent.DOWNLOADED.value, AuditEvent.OWN_EXPORTED.value})
"Of these a copy has left: deleting does not reach it."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows."""

    session_id: str | None = None
    "Of this interview."
    person: str | None = None
    "Of this actor: an e-mail, a session id, a name on the machine."
    event: str | None = None
    "Of this kind."
    since: datetime | None = None
    "From this moment on."
    until: datetime | None = None
    "Before this moment."
    owner_id: int | None = None
    "What this user may see: the rows of jobs that they own, and those of their own account; None: all."
    owner_email: str = ""
    "The same user."


@dataclass(frozen=True, slots=True)
class Look:
    """What one person did with one interview, of one kind."""

    event: str
    "`played`, `downloaded`, …"
    actor_kind: str
    "What they are."
    actor_name: str
    "Who."
    details: str
    "Of what, as JSON."
    first_at: datetime
    "When it was first."
    last_at: datetime
    "When it was last."
    times: int
    "In how many hours."


async def page(db_session: AsyncSession, wanted: Wanted, limit: int, before: int | None = None) -> list[AuditRow]:
    """Rows, newest first, from below the number `before`."""
    query = select(AuditRow).where(*_fits(wanted))
    if before is not None:
        query = query.where(AuditRow.number < before)
    return list(await db_session.scalars(query.order_by(AuditRow.number.desc()).limit(limit)))


def in_order(db_session: AsyncSession, wanted: Wanted) -> AsyncIterator[AuditRow]:
    """All of them, oldest first, without holding more than a few."""
    return rows(db_session, *_fits(wanted))


async def looks(db_session: AsyncSession, session_id: str) -> list[Look]:
    """Who has watched an interview and who took which copies, latest first."""
    last = func.max(AuditRow.number)
    query = (
        select(
            AuditRow.event,
            AuditRow.actor_kind,
            AuditRow.actor_name,
            AuditRow.details,
            func.min(AuditRow.at, type_=AuditRow.at.type),
            func.max(AuditRow.at, type_=AuditRow.at.type),
            func.count(),
        )
        .where(AuditRow.session_id == session_id, AuditRow.event.in_([event.value for event in LOOKED_AT]))
        .group_by(AuditRow.event, AuditRow.actor_kind, AuditRow.actor_name, AuditRow.details)
        .order_by(last.desc())
    )
    return [Look(*row) for row in await db_session.execute(query)]


async def owns_jobs(db_session: AsyncSession, user_id: int) -> bool:
    """Whether there is a job whose audit is theirs to see."""
    query = select(JobMember.job_id).where(JobMember.user_id == user_id, JobMember.role == JobRole.OWNER)
    return await db_session.scalar(query.limit(1)) is not None


def _fits(wanted: Wanted) -> list[ColumnElement[bool]]:
    fits: list[ColumnElement[bool]] = []
    for column, value in (
        (AuditRow.session_id, wanted.session_id),
        (AuditRow.actor_name, wanted.person),
        (AuditRow.event, wanted.event),
    ):
        if value is not None:
            fits.append(column == value)
    if wanted.since is not None:
        fits.append(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        fits.append(AuditRow.at < wanted.until)
    if wanted.owner_id is not None:
        owned = select(JobMember.job_id).where(JobMember.user_id == wanted.owner_id, JobMember.role == JobRole.OWNER)
        account = and_(
            AuditRow.job_id.is_(None),
            AuditRow.actor_kind == ActorKind.USER.value,
            AuditRow.actor_name == wanted.owner_email,
        )
        fits.append(or_(AuditRow.job_id.in_(owned), account))
    return fits
