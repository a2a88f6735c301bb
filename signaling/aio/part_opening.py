"""A part's row is written before its first octet; media waits in memory until the database has taken it."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from db import recordings
from db.clock import Clock
from db.engine import Database
from db.errors import NotNow
from db.models import PartSource
from media_server.aio.capture import PartPlace

logger = logging.getLogger(__name__)

OPEN_WITHIN_S = 600.0
"""How long a part waits for the database. What is recorded meanwhile waits in memory, within the bounds of a capture:
giving up earlier would lose it."""

OPEN_AGAIN_S = 0.5


async def allot_part(
    database: Database, clock: Clock, session_id: str, part_path: Callable[[int], str], *, user_agent: str
) -> PartPlace:
    """Allot the next part, also while the database is locked, away or without room for a while.

    Raises IllegalTransition when the interview is over meanwhile, and NotNow in the end.
    """
    give_up_at = clock.monotonic() + OPEN_WITHIN_S
    while True:
        try:
            async with database.writing() as db_session:
                part = await recordings.open_part(
                    db_session, session_id, PartSource.LIVE, part_path, clock.utc_now(), user_agent=user_agent
                )
        except NotNow as error:
            if clock.monotonic() >= give_up_at:
                raise
            logger.warning("interview %s: its part cannot be written down yet (%s)", session_id, error)
        else:
            return PartPlace(part.number, Path(part.path))
        await asyncio.sleep(OPEN_AGAIN_S)
