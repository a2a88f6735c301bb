"""What a page's clock says, told by ours: the offset is learnt from the messages that were delayed least.

`at` is `performance.timeOrigin + performance.now()` in milliseconds. It never goes back while a page lives, but may
stand still while a device sleeps; so only the latest few messages are believed.
"""

from collections import deque
from dataclasses import dataclass

NTP_EPOCH_S = 2_208_988_800
"Seconds from 1900, where NTP begins (RFC 5905 section 6), to 1970, where `at` does."

REMEMBERED = 8
"A page tells its clock every five seconds: what is older than 40 s counts no more."

BELIEVED_S = 10.0
"A moment that lies further back than this, or ahead of us, is taken for the moment of its arrival."


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on two clocks."""

    arrival: float
    "By our monotonic clock, seconds."
    ntp_seconds: float | None = None
    "By the page's clock, as its sender reports tell it; None when the page did not say."


class PageClock:
    """One page load's clock."""

    def __init__(self) -> None:
        self._offsets: deque[float] = deque(maxlen=REMEMBERED)

    def hear(self, at_ms: float, now: float) -> None:
        """The page said, in a message that arrived now, what its clock read when it sent it."""
        self._offsets.append(now - at_ms / 1_000)

    def moment(self, at_ms: float, now: float) -> Moment:
        """When something happened, told in a message that arrived now."""
        # This message was delayed as well: it is an upper bound like every other.
        offset = min([*self._offsets, now - at_ms / 1_000])
        arrival = at_ms / 1_000 + offset
        if not now - BELIEVED_S <= arrival <= now:
            arrival = now
        return Moment(arrival, at_ms / 1_000 + NTP_EPOCH_S)
