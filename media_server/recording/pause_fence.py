"""What was sent in a pause, told from what came after it: by its RTP timestamp, whenever it arrives.

The first packet after a pause decides what a new part asks for again. Were it an old one (late, or sent again:
libwebrtc probes the network with what it has sent before), the part would ask for what followed it in the pause.
"""

from media_server.rtp.opus import SAMPLE_RATE
from media_server.rtp.packet import MediaKind, RtpPacket
from media_server.rtp.picture_clock import PICTURE_RATE
from media_server.rtp.sequence import timestamp_distance

TOLERANCE_S = 0.2
"By so much less than our own clock the sender's is expected to have gone on since its newest packet."

LONGEST_SILENCE_S = 1.0
"A sender that was silent for longer may not have counted on; more than this of what it sends then is never lost."

NEVER_SO_LATE_S = 10.0
"A timestamp that lies further back than this is not late: its sender counts from elsewhere now."

MAX_STREAMS = 8
"SSRCs that are remembered; a hostile sender could invent them without end."

_RATES = {MediaKind.SOUND: SAMPLE_RATE, MediaKind.PICTURE: PICTURE_RATE}


class PauseFence:
    """Give it every packet; :meth:`end_pause` when a pause ends."""

    def __init__(self) -> None:
        self._newest: dict[int, tuple[MediaKind, int, float]] = {}  # by SSRC: timestamp, arrival of its first packet
        self._first: dict[int, int] = {}  # by SSRC: the timestamp from which on packets belong to the part

    def end_pause(self, now: float) -> None:
        """Hold back from now on what the sender has stamped until now, as far as that is known."""
        for ssrc, (kind, timestamp, arrival) in self._newest.items():
            silence = min(now - arrival, LONGEST_SILENCE_S)
            self._first[ssrc] = timestamp + 1 + int(max(0.0, silence - TOLERANCE_S) * _RATES[kind])

    def holds_back(self, kind: MediaKind, packet: RtpPacket, now: float) -> bool:
        """Whether a packet was sent in the latest pause or before it."""
        newest = self._newest.get(packet.ssrc)
        ahead = 1 if newest is None else timestamp_distance(packet.timestamp, newest[1])
        begins_anew = ahead < -NEVER_SO_LATE_S * _RATES[kind]
        if ahead > 0 or begins_anew:
            self._remember(kind, packet, now)
        first = self._first.get(packet.ssrc)
        if first is None:
            return False
        beyond = timestamp_distance(packet.timestamp, first)
        if begins_anew or beyond > NEVER_SO_LATE_S * _RATES[kind]:
            del self._first[packet.ssrc]
            return False
        return beyond < 0

    def _remember(self, kind: MediaKind, packet: RtpPacket, now: float) -> None:
        if packet.ssrc not in self._newest and len(self._newest) >= MAX_STREAMS:
            oldest = next(iter(self._newest))
            del self._newest[oldest]
            self._first.pop(oldest, None)
        self._newest[packet.ssrc] = (kind, packet.timestamp, now)
