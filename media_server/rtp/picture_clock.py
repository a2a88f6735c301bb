"""Where pictures belong in a part: their own timestamps, led gently to where they belong beside the sound."""

from media_server.rtp.clocks import LeastDelay
from media_server.rtp.packet import VideoFrame

PICTURE_RATE = 90_000
MAX_CORRECTION_MS = 4.0
"""No frame moves by more than 5 ms against the one before it, which no viewer sees; rounding may add the fifth."""

_GAIN = 0.1  # of what is left to correct, per frame
_DISCONTINUITY_MS = 1000.0  # a picture this far off is no drift: its clock stood still or jumped


class PictureClock:
    """Places a part's pictures, each at least a millisecond after the one before."""

    def __init__(self) -> None:
        self.ssrc: int | None = None
        "The newest frame's."
        self.timestamp = 0
        "The newest frame's RTP timestamp."
        self.position_ms = 0.0
        "Where the newest frame was placed, before rounding."
        self._placed = -1
        self._delay = LeastDelay()
        self._new = True

    def receive(self, frame: VideoFrame) -> None:
        """Note when the next frame arrived; :meth:`place` follows."""
        backwards = frame.rtp_timestamp <= self.timestamp
        self._new = frame.ssrc != self.ssrc or backwards
        if self._new:
            self._delay.restart()
        self._delay.add(frame.arrival, frame.rtp_timestamp / PICTURE_RATE)

    def due(self, frame: VideoFrame) -> float:
        """The monotonic time at which the frame would have arrived without queueing."""
        return frame.rtp_timestamp / PICTURE_RATE + (self._delay.seconds or 0.0)

    def place(self, frame: VideoFrame, target_ms: float) -> int:
        """Milliseconds of the part: where the frame's timestamp puts it, moved a little towards `target_ms`."""
        if self._new:
            self.position_ms = target_ms
        else:
            self._follow(frame.rtp_timestamp, target_ms)
        self.ssrc, self.timestamp = frame.ssrc, frame.rtp_timestamp
        self._placed = max(round(self.position_ms), self._placed + 1)
        return self._placed

    def locate(self, rtp_timestamp: int) -> float:
        """Milliseconds of the part for a timestamp near the newest frame's."""
        return self.position_ms + (rtp_timestamp - self.timestamp) * 1000 / PICTURE_RATE

    def _follow(self, rtp_timestamp: int, target_ms: float) -> None:
        expected = self.locate(rtp_timestamp)
        error = target_ms - expected
        if abs(error) > _DISCONTINUITY_MS:
            self.position_ms = target_ms
        else:
            self.position_ms = expected + max(-MAX_CORRECTION_MS, min(MAX_CORRECTION_MS, _GAIN * error))
