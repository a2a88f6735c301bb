"""What sound and picture tracks share: which SSRC is theirs, order, requests and timers."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator

from media_server.rtp.loss import LossSettings, RoundTrip
from media_server.rtp.packet import Nack, RtpPacket, TrackAction
from media_server.rtp.packet_order import Counts, PacketOrder, TrackStatistics

_CONVINCING = 2  # packets in a row that make another SSRC the track's; one may be a stray
_MAX_CHALLENGER_PACKETS = 64  # kept from it meanwhile, so that its first keyframe is not lost
_MAX_RETIRED = 4  # SSRCs whose stragglers are still recognised


class Track(ABC):
    """RTP packets in, actions out. Feed it, drain :meth:`actions`, wait until :meth:`next_timeout`.

    A new SSRC takes the track over with its second packet in a row; what the old one still has whole is handed out
    first. Packets that the old one sent before, arriving late, change nothing.
    """

    def __init__(self, settings: LossSettings) -> None:
        self._settings = settings
        self._round_trip = RoundTrip()
        self._counts = Counts()
        self._actions: deque[TrackAction] = deque()
        self._ssrc: int | None = None
        self._order = self._new_order()
        self._challenger: deque[tuple[RtpPacket, float]] = deque(maxlen=_MAX_CHALLENGER_PACKETS)
        self._challenges = 0
        self._retired: dict[int, PacketOrder] = {}

    def receive_packet(self, packet: RtpPacket, now: float) -> None:
        """Take one packet as it came, retransmissions already unwrapped. Never raises for what a peer sends."""
        if packet.ssrc == self._ssrc:
            self._challenges = 0
            self._order.receive(packet, now)
        else:
            self._receive_other_ssrc(packet, now)

    def set_round_trip(self, seconds: float) -> None:
        """Tell the round-trip time, when something better than the answers to our requests knows it."""
        self._round_trip.seconds = seconds

    def handle_timeout(self, now: float) -> None:
        """Ask again, and give up what was waited for long enough. Harmless when nothing is due."""
        self._order.give_up(now)
        numbers = self._order.ask(now)
        if numbers and self._ssrc is not None:
            self._actions.append(Nack(self._ssrc, numbers))

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do; None while nothing is missing."""
        return self._order.next_timeout()

    def actions(self) -> Iterator[TrackAction]:
        """Hand out what is to be done, oldest first, and forget it."""
        while self._actions:
            yield self._actions.popleft()

    def flush(self, now: float) -> None:  # noqa: ARG002 - every mutation takes the time; keyframe wishes need it
        """At the end: give up what is missing and hand out the rest. More packets may follow all the same."""
        self._order.flush()
        self._end_stretch()

    def statistics(self) -> TrackStatistics:
        """What was received and lost so far."""
        return self._counts.snapshot()

    @abstractmethod
    def _begin_stream(self, ssrc: int) -> None:
        """Another SSRC begins."""

    @abstractmethod
    def _take(self, packet: RtpPacket, arrival: float, lost: int) -> None:
        """Take the next packet in order, after `lost` that were given up."""

    @abstractmethod
    def _end_stretch(self) -> None:
        """Nothing follows what was taken, or at least not at once."""

    def _new_order(self) -> PacketOrder:
        return PacketOrder(self._settings, self._round_trip, self._counts, self._take)

    def _receive_other_ssrc(self, packet: RtpPacket, now: float) -> None:
        retired = self._retired.get(packet.ssrc)
        if retired is not None and retired.is_behind(packet.sequence_number):
            self._counts.duplicate += 1
            return
        if self._challenger and self._challenger[0][0].ssrc != packet.ssrc:
            self._challenger.clear()
            self._challenges = 0
        self._challenger.append((packet, now))
        self._challenges += 1
        if self._ssrc is None or self._challenges >= _CONVINCING:
            self._take_over(packet.ssrc, now)

    def _take_over(self, ssrc: int, now: float) -> None:
        if self._ssrc is not None:
            self.flush(now)
            self._retired[self._ssrc] = self._order
        self._retired.pop(ssrc, None)
        if len(self._retired) > _MAX_RETIRED:
            del self._retired[next(iter(self._retired))]
        self._ssrc = ssrc
        self._order = self._new_order()
        self._begin_stream(ssrc)
        packets = list(self._challenger)
        self._challenger.clear()
        self._challenges = 0
        for packet, arrival in packets:
            self._order.receive(packet, arrival)
