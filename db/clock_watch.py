"""Whether the wall clock can be believed: a wrong one must not end interviews, or delete what is to be kept.

The wall clock and the monotonic clock go equally fast. Where one gets ahead of the other, somebody set the clock, or
a broken one was read; nothing that cannot be undone is done for a while then.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from db.clock import Clock

logger = logging.getLogger(__name__)

MOST_DRIFT: Final = timedelta(minutes=2)
"What clocks are corrected by in passing."

DOUBTED_FOR_S: Final = 3_600.0
"So long a clock that jumped is not believed; a wrong one is noticed and set right by then, or was right."

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class ClockWatch:
    """Compares the two clocks whenever it is asked."""

    def __init__(self, clock: Clock, doubted_for_s: float = DOUBTED_FOR_S) -> None:
        """The wall clock is believed as it stands now."""
        self._clock = clock
        self._doubted_for_s = doubted_for_s
        self._believed = self._offset()
        self._doubted: timedelta | None = None
        self._doubted_since = 0.0

    def is_believed(self) -> bool:
        """Whether what is due by the wall clock may be done. Ask at least every few minutes."""
        offset, now = self._offset(), self._clock.monotonic()
        if _is_near(offset, self._believed):
            if self._doubted is not None:
                logger.warning("the clock is back; what is due is done again")
            self._believed, self._doubted = offset, None
            return True
        if self._doubted is None or not _is_near(offset, self._doubted):
            self._doubted, self._doubted_since = offset, now
            logger.error(
                "the clock jumped by %s; nothing is ended or deleted by it for %d minutes. If it is right now, there "
                "is nothing to do; otherwise set it",
                _told(offset - self._believed),
                self._doubted_for_s // 60,
            )
        if now - self._doubted_since < self._doubted_for_s:
            return False
        logger.warning("the clock has stood by its jump and is believed from now on")
        self._believed, self._doubted = offset, None
        return True

    def _offset(self) -> timedelta:
        return self._clock.utc_now() - _LONG_AGO - timedelta(seconds=self._clock.monotonic())


def _is_near(one: timedelta, other: timedelta) -> bool:
    return abs(one - other) <= MOST_DRIFT


def _told(jump: timedelta) -> str:
    sign = "-" if jump < timedelta() else "+"
    return f"{sign}{timedelta(seconds=round(abs(jump.total_seconds())))}"
