"""The sound track: RTP packets in, Opus packets in order out."""

from media_server.rtp import opus
from media_server.rtp.errors import PayloadError
from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import Hole, MediaKind, RtpPacket, SoundFrame
from media_server.rtp.sequence import TimestampUnwrapper
from media_server.rtp.track import Track


class SoundTrack(Track):
    """Puts Opus packets in order across loss, reordering, duplicates, wraps and changes of SSRC.

    A :class:`Hole` stands right before the packet that ends it. A jump of the timestamps alone (the sender was silent
    on purpose) is no loss and makes no hole; :class:`~media_server.rtp.media_time.MediaTime` places what follows.
    """

    def __init__(self, settings: LossSettings) -> None:
        super().__init__(settings)
        self._timestamps = TimestampUnwrapper()
        self._expected: int | None = None  # the timestamp after the newest packet's last sample
        self._newest: int | None = None
        self._lost = False

    def _begin_stream(self, ssrc: int) -> None:  # noqa: ARG002 - the hook's signature
        self._timestamps = TimestampUnwrapper()
        self._expected = self._newest = None
        self._lost = False

    def _take(self, packet: RtpPacket, arrival: float, lost: int) -> None:
        if lost:
            self._lost = True
        payload = packet.payload
        if not payload:
            return  # padding
        try:
            samples = opus.packet_samples(payload)
        except PayloadError:
            self._counts.malformed += 1
            self._lost = True
            return
        timestamp = self._timestamps.unwrap(packet.timestamp)
        if timestamp == self._newest:
            self._counts.duplicate += 1  # the same sound under another sequence number
            return
        if self._lost:
            self._tell_hole(packet.ssrc, timestamp)
        self._newest = timestamp
        self._expected = timestamp + samples
        self._actions.append(SoundFrame(packet.ssrc, timestamp, payload, samples, arrival))

    def _tell_hole(self, ssrc: int, timestamp: int) -> None:
        self._lost = False
        if self._expected is not None and self._expected < timestamp:
            self._actions.append(Hole(MediaKind.SOUND, ssrc, self._expected, timestamp))

    def _end_stretch(self) -> None:
        """Nothing is half done between two packets of sound."""
