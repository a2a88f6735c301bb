"""Whether a sweep may believe the clock: one that jumped a year ahead would find everything due.

What cannot be recorded again is not deleted on the word of a clock that nobody has seen go: after more than
:data:`MOST_SILENCE` without a sweep, somebody has to say that it is right. A clock that is behind deletes too little,
which the next sweep makes good.

Every function takes the session first; those that write need one of `Database.writing()`.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from db.columns import UtcDateTime
from db.errors import DatabaseError
from db.models import InterviewSession, Part, SweepClock, User

MOST_SILENCE: Final = timedelta(days=7)
"A server that sweeps every day notices a jump of more; one that was off for longer asks somebody."

_ROW: Final = 1


class ClockDoubtful(DatabaseError):  # noqa: N818  it says what to know
    """The clock is far ahead of what was seen last. Nothing was deleted; the message says what to do."""


async def believe(db_session: AsyncSession, now: datetime, *, trusted: bool = False) -> None:
    """Note that it is this late. `trusted`: somebody says so. Raises ClockDoubtful when that cannot be believed."""
    row = await db_session.get(SweepClock, _ROW)
    last = await _latest_row(db_session) if row is None else row.seen_at
    if not trusted and last is not None and now - last > MOST_SILENCE:
        raise ClockDoubtful(
            f"The clock says {now:%Y-%m-%d}, and the last that was known here is {last:%Y-%m-%d}: nothing is deleted. "
            "If the clock is right, run: holdfast sweep --trust-clock"
        )
    if row is None:
        db_session.add(SweepClock(id=_ROW, seen_at=now))
    else:
        # It never goes back by itself: a machine that starts in 1970 until it hears of the time is no jump ahead later.
        row.seen_at = now if trusted else max(row.seen_at, now)
    await db_session.flush()


async def _latest_row(db_session: AsyncSession) -> datetime | None:
    """Before the first sweep: the latest thing that is known to have happened."""
    columns = (
        User.created_at,
        InterviewSession.created_at,
        InterviewSession.started_at,
        InterviewSession.ended_at,
        Part.started_at,
        Part.ended_at,
    )
    latest = [await db_session.scalar(select(type_coerce(func.max(column), UtcDateTime))) for column in columns]
    return max((moment for moment in latest if moment is not None), default=None)
