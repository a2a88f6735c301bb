"""When each packet arrived, told to the sender (draft-holmer-rmcat-transport-wide-cc-extensions-01).

Browsers estimate a narrow uplink from it before its queue overflows. They still never send more than we allow.
"""

from media_server.rtp.sequence import SequenceUnwrapper

EXTENSION_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
"The header extension that numbers packets across all streams of a connection."

KEPT_S = 0.5
"How long an arrival is remembered, so that a packet overtaken on the way still finds its place."

MAX_STATUSES = 2048
"Packets that one message tells of; a larger jump of the numbers is a new beginning."

_TICKS_PER_SECOND = 4000  # a delta counts 250 µs
_TICKS_PER_REFERENCE = 256  # the reference time counts 64 ms
_SYMBOLS_PER_CHUNK = 7
_VECTOR_OF_TWO_BITS = 0xC000
_SMALL_DELTA, _LARGE_DELTA = 1, 2
_MAX_SMALL = 0xFF
_MAX_LARGE = 0x7FFF


class TransportFeedback:
    """Collects arrivals of one connection and writes the messages that report them."""

    def __init__(self) -> None:
        self._numbers = SequenceUnwrapper()
        self._arrivals: dict[int, float] = {}
        self._next: int | None = None
        self._messages = 0

    def receive(self, number: int, now: float) -> None:
        """Note that the packet with this transport-wide number came now (seconds, monotonic)."""
        unwrapped = self._numbers.unwrap(number)
        if unwrapped is None or unwrapped in self._arrivals:
            return
        if self._next is None or unwrapped - self._next >= MAX_STATUSES:
            self._arrivals.clear()
            self._next = unwrapped
        self._arrivals[unwrapped] = now
        self._next = min(self._next, unwrapped)

    def take(self, now: float) -> bytes | None:
        """The feedback control information for what came since the last call; None when nothing did."""
        first = self._next
        news = [] if first is None else sorted(number for number in self._arrivals if number >= first)
        if not news:
            return None
        self._next = news[-1] + 1
        message = _encode(news, self._arrivals, self._messages)
        self._messages = (self._messages + 1) & 0xFF
        for number in [number for number, arrival in self._arrivals.items() if arrival < now - KEPT_S]:
            del self._arrivals[number]
        return message


def _encode(numbers: list[int], arrivals: dict[int, float], count: int) -> bytes:
    """Section 3.1 of the draft: base number, count, reference time, symbols, deltas."""
    first, last = numbers[0], numbers[-1]
    reference = int(arrivals[first] * _TICKS_PER_SECOND) // _TICKS_PER_REFERENCE
    before = reference * _TICKS_PER_REFERENCE
    symbols, deltas = [0] * (last - first + 1), bytearray()
    for number in numbers:
        ticks = int(arrivals[number] * _TICKS_PER_SECOND)
        delta = max(-_MAX_LARGE, min(_MAX_LARGE, ticks - before))
        before += delta
        small = 0 <= delta <= _MAX_SMALL
        symbols[number - first] = _SMALL_DELTA if small else _LARGE_DELTA
        deltas += delta.to_bytes(1, "big") if small else delta.to_bytes(2, "big", signed=True)
    header = (first & 0xFFFF).to_bytes(2, "big") + len(symbols).to_bytes(2, "big")
    header += (reference & 0xFFFFFF).to_bytes(3, "big") + bytes([count])
    return header + _chunks(symbols) + bytes(deltas)


def _chunks(symbols: list[int]) -> bytes:
    """Status vectors of seven symbols with two bits each; short reports need nothing better."""
    chunks = bytearray()
    for start in range(0, len(symbols), _SYMBOLS_PER_CHUNK):
        chunk = _VECTOR_OF_TWO_BITS
        for place, symbol in enumerate(symbols[start : start + _SYMBOLS_PER_CHUNK]):
            chunk |= symbol << (2 * (_SYMBOLS_PER_CHUNK - 1 - place))
        chunks += chunk.to_bytes(2, "big")
    return bytes(chunks)
