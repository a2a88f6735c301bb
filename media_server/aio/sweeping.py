"""The server's own sweep: what is due goes within minutes, what something cut is finished, what came back goes again.

What is due is read from the database each time: a server that was off catches up at its start.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from db.clock_watch import ClockWatch
from db.errors import DatabaseError
from db.sweep_clock import ClockDoubtful
from media_server.aio.exports import Exports
from media_server.aio.recordings import Recordings

logger = logging.getLogger(__name__)

EVERY_S: Final = 300.0
"How often it is looked; a disk that was away is tried again by then."
LOOKS_A_DAY: Final = 288
"Once in so many looks all candidates' folders are searched for what came back; the start does it too."


async def sweep_for_ever(
    recordings: Recordings, exports: Exports, clock_watch: ClockWatch, daily: Callable[[], Awaitable[object]]
) -> None:
    """Until it is cancelled; `daily` is what others want swept with it. Whatever fails is tried again at the next look."""
    for look in itertools.count():
        try:
            if clock_watch.is_believed():
                await sweep_once(recordings, exports, search=look % LOOKS_A_DAY == LOOKS_A_DAY - 1)
        except Exception:
            logger.exception("the sweep failed; it is tried again soon")
        await asyncio.sleep(EVERY_S)
        if look % LOOKS_A_DAY == 0:
            with contextlib.suppress(DatabaseError):  # it is tried again tomorrow
                await daily()


async def sweep_once(recordings: Recordings, exports: Exports, *, search: bool) -> None:
    """What is due, copies that were kept long enough, deletions that were cut; `search`: also what came back."""
    try:
        await recordings.sweep()
    except ClockDoubtful as doubtful:
        logger.error("nothing is swept: %s", doubtful)  # noqa: TRY400  the sentence is the whole story
    await exports.sweep()
    await recordings.eraser.resume()
    if search:
        await recordings.eraser.remove_returned()
