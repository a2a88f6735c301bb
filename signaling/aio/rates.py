"""How often one interview's token, one address or one user may ask for something costly."""

import hashlib
import math
from typing import Final
from zlib import crc32

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from db.clock import Clock
from signaling.aio.errors import TooOften

MOST_NAMES: Final = 1_024
"Names that are counted by themselves at a time. Some of them are a stranger's to choose, as the path of a URL is."
CROWD: Final = 64
"Beyond that, so many counts are shared by all further names: whoever floods us is refused, and memory stays as it is."


class Rate:
    """One limit, counted for each name by itself."""

    def __init__(self, limit: str, clock: Clock) -> None:
        """`limit` as in `12/minute`."""
        self._limit: RateLimitItem = parse(limit)
        self._clock = clock
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    async def check(self, name: str) -> None:
        """Count one. Raises TooOften beyond the limit, with the seconds until there is room again."""
        counted = self._counted(name)
        if not await self._limiter.hit(self._limit, counted):
            room_at, _ = await self._limiter.get_window_stats(self._limit, counted)
            raise TooOften(max(1, math.ceil(room_at - self._clock.utc_now().timestamp())))

    def _counted(self, name: str) -> str:
        # The digest is short whatever was sent, and keeps e-mail addresses out of memory.
        octets = name.encode(errors="surrogateescape")
        digest = hashlib.blake2b(octets, digest_size=16).hexdigest()
        if len(self._storage.events) < MOST_NAMES or self._limit.key_for(digest) in self._storage.events:
            return digest
        return f"crowd {crc32(octets) % CROWD}"
