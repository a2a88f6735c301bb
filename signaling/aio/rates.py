"""How often one interview's token may ask for something costly."""

import math

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from db.clock import Clock
from signaling.aio.errors import TooOften


class Rate:
    """One limit, counted for each name by itself."""

    def __init__(self, limit: str, clock: Clock) -> None:
        """`limit` as in `12/minute`."""
        self._limit: RateLimitItem = parse(limit)
        self._clock = clock
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def check(self, name: str) -> None:
        """Count one. Raises TooOften beyond the limit, with the seconds until there is room again."""
        if not await self._limiter.hit(self._limit, name):
            room_at, _ = await self._limiter.get_window_stats(self._limit, name)
            raise TooOften(max(1, math.ceil(room_at - self._clock.utc_now().timestamp())))
