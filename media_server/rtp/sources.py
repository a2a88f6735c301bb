"""Where one connection's datagrams may come from, and how many of the doubtful ones are looked at. Pure.

A sender's addresses are learnt from what only the sender can make: connectivity checks signed with this connection's ICE
password (RFC 8445 section 7.3), and media that its SRTP key opens. Everybody else is turned away before that costs
anything.
"""

from typing import Final

Address = tuple[str, int]
"Host and port."

MOST_ADDRESSES: Final = 64
"A phone that changes networks all the time has a few; beyond it the oldest are forgotten."


class Allowance:
    """So many a second, and no more at once than one second's worth."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._left = per_second
        self._looked_at: float | None = None

    def take(self, now: float) -> bool:
        """Take one; False when there is none left."""
        if self._looked_at is not None:
            gained = max(0.0, now - self._looked_at) * self._per_second
            self._left = min(self._per_second, self._left + gained)
        self._looked_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Sources:
    """The addresses that one connection's sender was met at."""

    def __init__(self) -> None:
        self._known: dict[Address, None] = {}

    def __len__(self) -> int:
        return len(self._known)

    def knows(self, address: Address) -> bool:
        """Whether the sender was met there."""
        return address in self._known

    def learn(self, address: Address) -> None:
        """The sender has shown itself there."""
        self._known.pop(address, None)
        self._known[address] = None
        while len(self._known) > MOST_ADDRESSES:
            del self._known[next(iter(self._known))]
