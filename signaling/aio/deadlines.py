"""Interviews whose deadline is over are ended: completed where something was recorded, expired where nothing was."""

import logging

from db import interviews
from db.clock import Clock
from db.engine import Database
from signaling.aio.live_interviews import LiveInterviews

logger = logging.getLogger(__name__)

EVERY_S = 60.0
"How often somebody looks; a link is good for days."


async def end_overdue(database: Database, live: LiveInterviews, clock: Clock) -> list[str]:
    """End all of them; returns their session ids. What cannot be ended now is tried again; one failure stops no other."""
    async with database.reading() as db_session:
        overdue = await interviews.overdue(db_session, clock.utc_now())
    return [session_id for session_id in overdue if await _tried(database, live, clock, session_id)]


async def _tried(database: Database, live: LiveInterviews, clock: Clock, session_id: str) -> bool:
    try:
        async with database.reading() as db_session:
            # Ending the others took its time; somebody may have extended this one meanwhile.
            if not await interviews.is_overdue(db_session, session_id, clock.utc_now()):
                return False
        state = await live.reach_deadline(session_id)
    except Exception:
        logger.exception("interview %s: its deadline is over and it could not be ended; tried again soon", session_id)
        return False
    logger.info("interview %s: its deadline is over, it is %s", session_id, state.value)
    return True
