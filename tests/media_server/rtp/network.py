"""A network between a sender and a track, in its own time: loses, delays, repeats, and answers requests."""

import heapq
from collections.abc import Callable, Iterable
from typing import TypeVar

from media_server.rtp.packet import KeyframeWish, Nack, TrackAction
from media_server.rtp.track import Track
from tests.fakes.rtp_sender import FakePacket

_Action = TypeVar("_Action", bound=TrackAction)


def _always(_nack: Nack, _number: int) -> bool:
    return True


class Network:
    """Carries packets to a track and its requests back, event by event, faster than real time."""

    def __init__(self, track: Track, *, round_trip: float = 0.1) -> None:
        self.track = track
        self.round_trip = round_trip
        self.now = 0.0
        self.actions: list[tuple[float, TrackAction]] = []
        self.answer: Callable[[Nack, int], bool] = _always  # does this retransmission arrive?
        self._sent: dict[tuple[int, int], FakePacket] = {}
        self._events: list[tuple[float, int, FakePacket]] = []
        self._count = 0

    def send(self, packet: FakePacket, at: float, *, lost: bool = False) -> None:
        """A packet that arrives at that time, or is lost (and can be asked for all the same)."""
        self._sent[packet.ssrc, packet.sequence_number] = packet
        if not lost:
            self._schedule(packet, at)

    def run(self, until: float | None = None) -> None:
        """Carry everything out up to that time, or until nothing is left to happen."""
        while True:
            timeout = self.track.next_timeout()
            arrival = self._events[0][0] if self._events else None
            times = [time for time in (timeout, arrival) if time is not None]
            wishes_alone = arrival is None and (timeout is None or self._only_wishing())
            if not times or (until is not None and min(times) > until) or (until is None and wishes_alone):
                return
            self.now = max(self.now, min(times))
            if arrival is not None and arrival <= self.now:
                self.track.receive_packet(heapq.heappop(self._events)[2], self.now)
            else:
                self.track.handle_timeout(self.now)
            self._collect()

    def flush(self) -> None:
        """End the track."""
        self.track.flush(self.now)
        self._collect()

    def of(self, kind: type[_Action]) -> list[_Action]:
        """The actions of one kind, in order."""
        return [action for _, action in self.actions if isinstance(action, kind)]

    def _collect(self) -> None:
        for action in self.track.actions():
            self.actions.append((self.now, action))
            if isinstance(action, Nack):
                for number in action.sequence_numbers:
                    if (action.ssrc, number) in self._sent and self.answer(action, number):
                        self._schedule(self._sent[action.ssrc, number], self.now + self.round_trip)

    def _only_wishing(self) -> bool:
        return bool(self.actions) and isinstance(self.actions[-1][1], KeyframeWish)

    def _schedule(self, packet: FakePacket, at: float) -> None:
        self._count += 1
        heapq.heappush(self._events, (at, self._count, packet))


def send_all(network: Network, packets: Iterable[FakePacket], *, interval: float, lost: Iterable[int] = ()) -> None:
    """Send packets evenly, losing those whose index is in `lost`."""
    missing = set(lost)
    for index, packet in enumerate(packets):
        network.send(packet, network.now + index * interval, lost=index in missing)
