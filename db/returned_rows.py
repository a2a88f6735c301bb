"""Rows that come back: late ones of interviews that are deleted, and interviews of an older database that was put back.

Every function takes the session first.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.belongings import TABLES, Fate
from db.models import Base, Erasure, InterviewSession

# An id may be given again once the row has gone with its job: that interview is another.
_THERE = select(InterviewSession.session_id).where(InterviewSession.deleted_at.is_(None))
_GONE = (Erasure.erased_at.is_not(None), Erasure.session_id.not_in(_THERE))


async def gone(db_session: AsyncSession) -> list[Erasure]:
    """Every interview that is erased."""
    return list(await db_session.scalars(select(Erasure).where(*_GONE).order_by(Erasure.begun_at)))


async def sessions_with_rows(db_session: AsyncSession) -> list[str]:
    """Erased interviews of which some table holds something again."""
    found: set[str] = set()
    for table in Base.metadata.sorted_tables:
        if TABLES[table.name].fate is Fate.GOES and "session_id" in table.columns:
            query = (
                select(table.c.session_id)
                .where(table.c.session_id.in_(select(Erasure.session_id).where(*_GONE)))
                .distinct()
            )
            found.update(await db_session.scalars(query))
    return sorted(found)


async def not_deleted(db_session: AsyncSession) -> list[str]:
    """Every interview that was never deleted."""
    return list(await db_session.scalars(_THERE))


async def forgotten(db_session: AsyncSession, noted: Mapping[str, datetime]) -> list[str]:
    """Those of these that the database has and does not know to be deleted; `noted` says when each deletion began.

    An interview that was set up after that has been given the same id, and is another.
    """
    query = select(InterviewSession.session_id, InterviewSession.created_at).where(
        InterviewSession.deleted_at.is_(None)
    )
    rows = await db_session.execute(query)
    return [session_id for session_id, created_at in rows if session_id in noted and created_at < noted[session_id]]
