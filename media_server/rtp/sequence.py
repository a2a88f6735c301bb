"""Unwrap RTP's 16-bit sequence numbers and 32-bit timestamps (RFC 3550 section 5.1) to integers that never wrap."""

FAR_BEHIND = 2048
"""Sequence numbers this far behind the highest are no late packets: at any rate we record that is more than a second."""

_SEQUENCE_MASK = 0xFFFF
_SEQUENCE_HALF = 0x8000
_TIMESTAMP_MASK = 0xFFFFFFFF
_TIMESTAMP_HALF = 0x80000000


def timestamp_distance(later: int, earlier: int) -> int:
    """Ticks from `earlier` to `later`, both known modulo 2^32; between -2^31 and 2^31 - 1."""
    return ((later - earlier + _TIMESTAMP_HALF) & _TIMESTAMP_MASK) - _TIMESTAMP_HALF


class SequenceUnwrapper:
    """One SSRC's sequence numbers, unwrapped."""

    __slots__ = ("_restart", "highest")

    def __init__(self) -> None:
        self.highest: int | None = None
        self._restart: int | None = None

    def unwrap(self, number: int) -> int | None:
        """The number nearest to the highest seen so far, or None when it lies absurdly far behind.

        Two such numbers in a row mean that the sender began anew (RFC 3550 appendix A.1); the second one is
        then placed ahead of everything seen, and whoever looks sees a large jump forward.
        """
        highest = self.highest
        if highest is None:
            self.highest = number
            return number
        ahead = ((number - highest + _SEQUENCE_HALF) & _SEQUENCE_MASK) - _SEQUENCE_HALF
        if ahead > 0:
            self._restart = None
            self.highest = highest + ahead
            return self.highest
        if ahead >= -FAR_BEHIND:
            return highest + ahead
        return self._far_behind(number, highest)

    def is_behind(self, number: int) -> bool:
        """True when the number is not beyond the highest seen so far; it is not remembered."""
        highest = self.highest
        return highest is not None and (number - highest - 1) & _SEQUENCE_MASK >= _SEQUENCE_HALF

    def _far_behind(self, number: int, highest: int) -> int | None:
        if number != self._restart:
            self._restart = (number + 1) & _SEQUENCE_MASK
            return None
        self._restart = None
        self.highest = highest + ((number - highest) & _SEQUENCE_MASK)
        return self.highest


class TimestampUnwrapper:
    """One SSRC's timestamps, unwrapped: each the one nearest to the highest seen so far."""

    __slots__ = ("_highest",)

    def __init__(self) -> None:
        self._highest: int | None = None

    def unwrap(self, timestamp: int) -> int:
        """The timestamp without its wrap."""
        highest = self._highest
        if highest is None:
            self._highest = timestamp
            return timestamp
        unwrapped = highest + ((timestamp - highest + _TIMESTAMP_HALF) & _TIMESTAMP_MASK) - _TIMESTAMP_HALF
        if unwrapped > highest:
            self._highest = unwrapped
        return unwrapped
