"""One SSRC's packets, put in order: the late are waited for, asked for, and in the end given up."""

from collections.abc import Callable
from dataclasses import dataclass

from media_server.rtp.loss import LossSettings, MissingPackets, RoundTrip
from media_server.rtp.packet import RtpPacket
from media_server.rtp.sequence import SequenceUnwrapper

MAX_HOLE = 512
"""A jump of more packets than this is a new beginning: no sender keeps so many to send them again in time."""
MAX_WAITING = 1024
"""Packets held back behind a hole at most; beyond, the hole is given up early. At our rates 500 ms hold 60."""

_SEQUENCE_MASK = 0xFFFF
_RESTART = 0x8000  # a jump this long is a sender that began anew: how many packets are missing cannot be known

Deliver = Callable[[RtpPacket, float, int], None]
"""Takes a packet in order, when it arrived, and how many were given up right before it."""


@dataclass(frozen=True, slots=True)
class TrackStatistics:
    """What a track has seen since it began, over all its SSRCs."""

    received: int
    "Packets that were of use, recovered ones included."
    lost: int
    "Packets given up."
    recovered: int
    "Packets that were missing and came after all, late or sent again."
    duplicate: int
    "Packets that had been there already, or came after they were given up."
    malformed: int
    "Packets whose payload could not be read."


class Counts:
    """The running numbers behind :class:`TrackStatistics`."""

    __slots__ = ("duplicate", "lost", "malformed", "received", "recovered")

    def __init__(self) -> None:
        self.received = self.lost = self.recovered = self.duplicate = self.malformed = 0

    def snapshot(self) -> TrackStatistics:
        """The numbers as they are now."""
        return TrackStatistics(self.received, self.lost, self.recovered, self.duplicate, self.malformed)


class PacketOrder:
    """Hands one SSRC's packets on in the order of their sequence numbers.

    A packet is delivered the moment everything before it has been delivered or given up.
    """

    def __init__(self, settings: LossSettings, round_trip: RoundTrip, counts: Counts, deliver: Deliver) -> None:
        self._unwrapper = SequenceUnwrapper()
        self._missing = MissingPackets(settings, round_trip)
        self._counts = counts
        self._deliver = deliver
        self._waiting: dict[int, tuple[RtpPacket, float]] = {}
        self._next: int | None = None  # the number to deliver next
        self._end = 0  # one beyond the highest number seen
        self._skipped = 0  # given up since the last delivery

    def receive(self, packet: RtpPacket, now: float) -> None:
        """Take a packet as it comes from the network."""
        number = self._unwrapper.unwrap(packet.sequence_number)
        if number is not None and (number == self._next or self._next is None) and not self._waiting:
            self._next = self._end = number + 1
            self._counts.received += 1
            skipped, self._skipped = self._skipped, 0
            self._deliver(packet, now, skipped)
        else:
            self._receive_out_of_order(packet, number, now)

    def is_behind(self, sequence_number: int) -> bool:
        """True when a 16-bit sequence number is not beyond the highest seen."""
        return self._unwrapper.is_behind(sequence_number)

    def ask(self, now: float) -> tuple[int, ...]:
        """The 16-bit sequence numbers to ask for now."""
        return tuple(number & _SEQUENCE_MASK for number in self._missing.ask(now))

    def give_up(self, now: float) -> None:
        """Stop waiting for what was waited for long enough, and deliver what it held back."""
        if self._missing.give_up(now):
            self._advance()

    def flush(self) -> None:
        """Stop waiting for anything and deliver what is held back."""
        self._missing.clear()
        self._advance()

    def next_timeout(self) -> float | None:
        """When :meth:`ask` or :meth:`give_up` has something to do."""
        return self._missing.next_timeout()

    def _receive_out_of_order(self, packet: RtpPacket, number: int | None, now: float) -> None:
        if number is None or self._next is None or number < self._next or number in self._waiting:
            self._counts.duplicate += 1
            return
        self._counts.received += 1
        if self._missing.arrived(number, now):
            self._counts.recovered += 1
        elif number >= self._end:
            self._notice_hole(self._end, number, now)
            self._end = number + 1
        self._waiting[number] = (packet, now)
        while len(self._waiting) > MAX_WAITING and self._missing:
            self._missing.give_up_lowest()
            self._advance()
        self._advance()

    def _notice_hole(self, start: int, end: int, now: float) -> None:
        missing = end - start
        if missing <= MAX_HOLE:
            self._missing.add(range(start, end), now)
            return
        self.flush()
        self._next = end
        self._skipped += missing
        if missing < _RESTART:
            self._counts.lost += missing

    def _advance(self) -> None:
        """Deliver up to the next number that is still waited for."""
        number = self._next
        while number is not None and number < self._end and number not in self._missing:
            entry = self._waiting.pop(number, None)
            number = self._next = number + 1
            if entry is None:
                self._skipped += 1
                self._counts.lost += 1
                continue
            skipped, self._skipped = self._skipped, 0
            self._deliver(*entry, skipped)
