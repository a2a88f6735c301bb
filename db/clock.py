"""The one place that reads time. Everything else is handed a :class:`Clock`."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a shell may ask about time."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back. For intervals and timeouts."""
        ...

    def utc_now(self) -> datetime:
        """The wall clock, with its zone (UTC). For what is stored and shown."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        return time.monotonic()  # noqa: TID251  this is the place the rule points to

    def utc_now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  this is the place the rule points to
