"""How late the event loop is: what everything else here waits for, and the first thing to grow under too much load."""

import asyncio
from collections import deque
from collections.abc import Callable
from statistics import median

from db.clock import Clock

EVERY_S = 0.25
"How often the loop is asked."

REMEMBERED = 20
"Answers that a judgement goes by: five seconds when the loop keeps up, and longer the more it does not."


class LoopLag:
    """Sleeps a little, over and over, and looks how much longer that took."""

    def __init__(self, clock: Clock, tell: Callable[[float], None] = lambda _: None) -> None:
        """`tell` hears every answer, in seconds."""
        self._clock = clock
        self._tell = tell
        self._lately: deque[float] = deque(maxlen=REMEMBERED)

    def note(self, seconds: float) -> None:
        """The loop was late by this much."""
        self._lately.append(seconds)
        self._tell(seconds)

    @property
    def usual_s(self) -> float:
        """The median of late: one long stall is a hiccup, and no reason to send anybody away."""
        return median(self._lately) if len(self._lately) == REMEMBERED else 0.0

    @property
    def greatest_s(self) -> float:
        """The worst of late."""
        return max(self._lately, default=0.0)

    async def watch_for_ever(self) -> None:
        """Ask until cancelled."""
        while True:
            began = self._clock.monotonic()
            await asyncio.sleep(EVERY_S)
            self.note(max(0.0, self._clock.monotonic() - began - EVERY_S))
