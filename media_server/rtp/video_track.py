"""The picture track: RTP packets in, decodable frames in decode order out."""

from media_server.rtp import vp8, vp9
from media_server.rtp.errors import PayloadError
from media_server.rtp.frame_assembler import FrameAssembler
from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import KeyframeWish, RtpPacket, VideoCodec
from media_server.rtp.payload import Depacketiser
from media_server.rtp.track import Track

_DEPACKETISERS: dict[VideoCodec, Depacketiser] = {VideoCodec.VP8: vp8, VideoCodec.VP9: vp9}


class VideoTrack(Track):
    """Puts frames together across loss, reordering, duplicates, wraps and changes of SSRC.

    A frame is handed out the moment it is whole and everything before it is whole or given up. Also a keyframe waits
    for the packets missing before it: a retransmission may still bring those pictures back, and nobody watches live.
    """

    def __init__(self, codec: VideoCodec, settings: LossSettings) -> None:
        super().__init__(settings)
        self._codec = _DEPACKETISERS[codec]
        self._assembler = FrameAssembler(0, self._codec, self._actions.append)
        self._next_wish = float("-inf")

    def receive_packet(self, packet: RtpPacket, now: float) -> None:
        """Take one packet as it came, retransmissions already unwrapped. Never raises for what a peer sends."""
        super().receive_packet(packet, now)
        if self._assembler.wants_keyframe:
            self._wish_keyframe(now)

    def handle_timeout(self, now: float) -> None:
        """Ask again, give up what was waited for long enough, and repeat the wish for a keyframe."""
        super().handle_timeout(now)
        if self._assembler.wants_keyframe:
            self._wish_keyframe(now)

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do; None while nothing is missing."""
        timeout = super().next_timeout()
        if not self._assembler.wants_keyframe:
            return timeout
        return self._next_wish if timeout is None else min(timeout, self._next_wish)

    def _wish_keyframe(self, now: float) -> None:
        if now >= self._next_wish and self._ssrc is not None:
            self._next_wish = now + self._settings.keyframe_interval
            self._actions.append(KeyframeWish(self._ssrc))

    def _begin_stream(self, ssrc: int) -> None:
        self._assembler = FrameAssembler(ssrc, self._codec, self._actions.append)

    def _take(self, packet: RtpPacket, arrival: float, lost: int) -> None:
        try:
            self._assembler.receive(packet, arrival, lost)
        except PayloadError:
            self._counts.malformed += 1

    def _end_stretch(self) -> None:
        self._assembler.end()
