"""Where sound belongs in a part: its own sample count, which is the part's clock."""

from dataclasses import dataclass

from media_server.rtp.clocks import LeastDelay
from media_server.rtp.opus import SAMPLE_RATE
from media_server.rtp.packet import SoundFrame

_MAX_AHEAD = 2 * SAMPLE_RATE  # samples: sound cannot be this far ahead of its own arrival; its timestamps jumped
_MAX_PACE = 1.01  # of our clock; no sound card runs faster. However often timestamps jump, the part grows no faster
_MAX_OVERLAP = SAMPLE_RATE  # samples: timestamps that go back by more begin anew
_FILLABLE = 480  # samples: a stretch placed by arrival is made one that any Opus mode fills exactly (10 ms)


@dataclass(frozen=True, slots=True)
class SoundPlace:
    """Where a sound frame belongs."""

    start_ms: float
    "Milliseconds of the part, precise to the sample."
    lost_samples: int
    "What is missing between the frame before and this one, in samples of 48 kHz; to be filled."


class SoundClock:
    """Counts the samples of a part's sound. It never goes back and no two frames overlap."""

    def __init__(self) -> None:
        self.ssrc: int | None = None
        "The newest frame's."
        self.timestamp = 0
        "The newest frame's RTP timestamp."
        self.position = 0
        "Where the newest frame begins, in samples of the part."
        self._samples = 0
        self._delay = LeastDelay()
        self._owed = 0  # samples that the sender paused for without counting them

    @property
    def delay(self) -> float | None:
        """The monotonic time at which sound of the part's beginning would arrive now; None before any sound."""
        return self._delay.seconds

    def place(self, frame: SoundFrame, zero: float) -> SoundPlace:
        """Place the next frame of a part that begins at the monotonic time `zero`."""
        begin = frame.arrival - frame.samples / SAMPLE_RATE
        if self.ssrc is None:
            lost = 0
            self.position = max(0, round((begin - zero) * SAMPLE_RATE))
        else:
            lost = self._samples_before(frame, begin, zero) + self._owed
            self.position += self._samples + lost
            self._owed = 0
        self.ssrc, self.timestamp, self._samples = frame.ssrc, frame.rtp_timestamp, frame.samples
        self._watch_standstill(begin)
        return SoundPlace(self.position * 1000 / SAMPLE_RATE, lost)

    def locate(self, rtp_timestamp: int) -> float:
        """Milliseconds of the part for a timestamp near the newest frame's."""
        return (self.position + rtp_timestamp - self.timestamp) * 1000 / SAMPLE_RATE

    def _samples_before(self, frame: SoundFrame, begin: float, zero: float) -> int:
        """The samples between the newest frame's end and this frame: as timestamps say, where they make sense."""
        end = self.position + self._samples
        by_arrival = (begin - (self.delay or 0.0)) * SAMPLE_RATE - end
        by_pace = (begin - zero) * _MAX_PACE * SAMPLE_RATE - end
        jump = frame.rtp_timestamp - self.timestamp - self._samples
        if frame.ssrc == self.ssrc and -_MAX_OVERLAP < jump < min(by_arrival, by_pace) + _MAX_AHEAD:
            return max(0, jump)
        return max(0, _fillable(by_arrival))

    def _watch_standstill(self, begin: float) -> None:
        stood = self._delay.add(begin, self.position / SAMPLE_RATE)
        if stood:
            self._owed = _fillable(stood * SAMPLE_RATE)
            self._delay.restart()
            self._delay.add(begin, (self.position + self._owed) / SAMPLE_RATE)


def _fillable(samples: float) -> int:
    return round(samples / _FILLABLE) * _FILLABLE
