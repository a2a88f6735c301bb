"""Legal holds: an interview that has one is not deleted, by nobody, until it is released.

Every function takes the session first; those that write need one of `Database.writing()`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.audit import Actor, AuditEvent
from db.errors import Conflict, NotFound
from db.models import InterviewSession, LegalHold
from db.states import InterviewState

MOST_REASON: Final = 500
"Characters of a reason."


class OnHold(Conflict):
    """The interview is held: it stays as it is until whoever holds it releases it."""

    def __init__(self, session_id: str, reason: str) -> None:
        super().__init__(f"interview {session_id} is on legal hold and stays until it is released: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an interview is not deleted."""

    reason: str
    "In the words of whoever holds it."
    held_at: datetime
    "Since when."
    held_by: str
    "A user's e-mail, or the operator's name on the machine."


async def hold_of(db_session: AsyncSession, session_id: str) -> Hold | None:
    """What holds an interview; None: nothing does."""
    return (await holds_of(db_session, [session_id])).get(session_id)


async def holds_of(db_session: AsyncSession, session_ids: Collection[str]) -> dict[str, Hold]:
    """The same of several, those alone that are held."""
    rows = await db_session.scalars(select(LegalHold).where(LegalHold.session_id.in_(session_ids)))
    return {row.session_id: Hold(row.reason, row.held_at, row.held_by) for row in rows}


async def refuse_held(db_session: AsyncSession, session_id: str) -> None:
    """Raise OnHold for an interview that is held."""
    held = await hold_of(db_session, session_id)
    if held is not None:
        raise OnHold(session_id, held.reason)


async def hold(db_session: AsyncSession, session_id: str, reason: str, now: datetime, *, actor: Actor) -> None:
    """Keep it whatever happens; one that is held already gets the new reason. Raises NotFound, also once it is deleted."""
    interview = await db_session.get(InterviewSession, session_id)
    if interview is None or interview.state is InterviewState.DELETED:
        raise NotFound(f"there is no interview {session_id}")
    row = await db_session.get(LegalHold, session_id)
    if row is None:
        db_session.add(LegalHold(session_id=session_id, held_at=now, held_by=actor.name, reason=reason))
    else:
        row.held_by, row.reason = actor.name, reason
    await db_session.flush()
    # The reason may name somebody, and the audit outlives the interview: it says only that there was one.
    await audit.record(db_session, AuditEvent.HELD, now, actor=actor, session_id=session_id)


async def release(db_session: AsyncSession, session_id: str, now: datetime, *, actor: Actor) -> None:
    """It may be deleted again. Repeating it is harmless."""
    row = await db_session.get(LegalHold, session_id)
    if row is not None:
        await db_session.delete(row)
        await db_session.flush()
        await audit.record(db_session, AuditEvent.HOLD_RELEASED, now, actor=actor, session_id=session_id)
