"""One timeline for a part's sound and picture (`media_time`): milliseconds since its first frame.

Sound's sample count is the clock. Pictures are placed by arrival until both tracks have a sender report (RFC 3550
section 6.4.1), and then follow the chain picture timestamp → sender's wall clock → sound timestamp → sample count.
A sender whose wall clock makes no sense keeps being placed by arrival, freed of the network's jitter.
"""

from bisect import bisect
from enum import StrEnum

from media_server.rtp.clocks import LeastDelay, ReportedClock, Verdict, WallClock
from media_server.rtp.opus import SAMPLE_RATE
from media_server.rtp.packet import MediaKind, SoundFrame, VideoFrame
from media_server.rtp.picture_clock import PICTURE_RATE, PictureClock
from media_server.rtp.sound_clock import SoundClock, SoundPlace

__all__ = ["SOUND_LAG_MS", "STAMPED_EARLY_MS", "MediaTime", "SenderClock", "SoundPlace"]

_RATES = {MediaKind.SOUND: SAMPLE_RATE, MediaKind.PICTURE: PICTURE_RATE}
_MAX_AHEAD_MS = 2000.0  # a picture cannot be this far ahead of its own arrival; its timestamps jumped
SOUND_LAG_MS = 10.5
"""How much later sound is heard than its timestamp says, in what browsers send, milliseconds.

Opus looks 6.5 ms ahead (libopus at 48 kHz), which a decoder without a pre-skip gives back as delay; the rest is how
libwebrtc stamps a chunk of 10 ms. Measured by ``python -m bench.sync``.
"""

STAMPED_EARLY_MS = 6.0
"""What browsers stamp pictures too early by as a rule, milliseconds: where a sender does not tell (:mod:`.video_timing`)."""

_WAIT_BUCKETS = 2  # four seconds: some twenty pictures tell how long they waited for their encoding
_LEAST_WAIT = 0.001  # seconds that a picture waits for its encoding in any case

_MAX_CLOCKS = 8  # SSRCs whose reports are kept
_MAX_ANCHORS = 4096  # at one sound report every 4 s: four and a half hours


class SenderClock(StrEnum):
    """What is known of the sender's wall clock."""

    UNKNOWN = "unknown"
    "Not both tracks have had a sender report yet."
    MAPPED = "mapped"
    "Pictures and marks are placed by it."
    DISTRUSTED = "distrusted"
    "It jumps, or is none; everything is placed by arrival."


class MediaTime:
    """Places one part's frames. Give it every frame that is written, in the order they are written."""

    def __init__(self, *, sound_lag_ms: float = 0.0, stamped_early_ms: float = 0.0) -> None:
        """Take how much later than its timestamps the sender's sound is heard (:data:`SOUND_LAG_MS`).

        `stamped_early_ms` is what its pictures are stamped early by while it does not tell (:data:`STAMPED_EARLY_MS`).
        """
        self._sound_lag_ms = sound_lag_ms
        self._stamped_early_ms = stamped_early_ms
        self._zero: float | None = None  # the monotonic time at which the part begins
        self._sound = SoundClock()
        self._picture = PictureClock()
        self._wall_clock = WallClock()
        self._wait = LeastDelay(_WAIT_BUCKETS)  # between a picture's stamp and its encoding
        self._clocks: dict[tuple[MediaKind, int], ReportedClock] = {}
        self._anchors: list[tuple[float, float]] = []  # sender's wall time and milliseconds of the part, ascending

    @property
    def sender_clock(self) -> SenderClock:
        """Whether the sender's wall clock is used."""
        if self._wall_clock.distrusted:
            return SenderClock.DISTRUSTED
        if self._sound_clock() is None or self._picture_clock() is None:
            return SenderClock.UNKNOWN
        return SenderClock.MAPPED

    def knows_clock(self, kind: MediaKind) -> bool:
        """Whether a sender report has told the wall clock of this kind's newest SSRC."""
        return (self._sound_clock() if kind is MediaKind.SOUND else self._picture_clock()) is not None

    def receive_sender_report(
        self, kind: MediaKind, ssrc: int, ntp_seconds: float, rtp_timestamp: int, now: float
    ) -> None:
        """Take what a sender report says of its clocks.

        `ntp_seconds` counts from any epoch, always the same and the one that :meth:`map_ntp` is asked in; 0 or less
        means that the sender has no wall clock. `rtp_timestamp` may be wrapped.
        """
        match self._wall_clock.check(ntp_seconds, now):
            case Verdict.REFUSED:
                return
            case Verdict.STEPPED:
                self._clocks.clear()
                self._anchors.clear()
            case Verdict.ACCEPTED:
                pass
        self._clock_of(kind, ssrc).add(ntp_seconds, rtp_timestamp)
        if kind is MediaKind.SOUND:
            self._drop_anchor()

    def receive_encode_start(self, waited_s: float, now: float) -> None:
        """Take how long a picture, by its stamp, had waited when its encoding began (:mod:`.video_timing`)."""
        self._wait.add(now, now - waited_s)

    def place_sound(self, frame: SoundFrame) -> SoundPlace:
        """Where a sound frame belongs, and what is to be filled before it."""
        if self._zero is None:
            self._zero = frame.arrival - frame.samples / SAMPLE_RATE
        return self._sound.place(frame, self._zero)

    def place_picture(self, frame: VideoFrame) -> int:
        """Where a picture belongs: milliseconds of the part, later than every picture before it."""
        if self._zero is None:
            self._zero = frame.arrival
        self._picture.receive(frame)
        target = self._target(frame)
        return self._picture.place(frame, max(0.0, target))

    def locate(self, kind: MediaKind, ssrc: int, rtp_timestamp: int) -> float | None:
        """Milliseconds of the part for an unwrapped timestamp near the newest frame's: where a hole begins or ends.

        None for another SSRC than the newest frame's.
        """
        clock = self._sound if kind is MediaKind.SOUND else self._picture
        return max(0.0, clock.locate(rtp_timestamp)) if clock.ssrc == ssrc else None

    def map_ntp(self, ntp_seconds: float) -> float | None:
        """Milliseconds of the part for a moment of the sender's wall clock, also one before the first sender report.

        May lie before the part (below 0) or after what has arrived. None while the sender's clock is not known or not
        believed; :meth:`map_arrival` is what remains then.
        """
        if self._wall_clock.distrusted:
            return None
        if self._anchors and ntp_seconds < self._anchors[-1][0]:
            return self._between_anchors(ntp_seconds)
        return self._beside_newest(ntp_seconds)

    def map_arrival(self, arrival: float) -> float | None:
        """Milliseconds of the part for a moment of our monotonic clock; None before the first frame."""
        return None if self._zero is None else (arrival - self._part_delay()) * 1000

    def _target(self, frame: VideoFrame) -> float:
        by_arrival = (self._picture.due(frame) - self._part_delay()) * 1000
        sound, picture = self._sound_clock(), self._clock(MediaKind.PICTURE, frame.ssrc)
        if self._wall_clock.distrusted or sound is None or picture is None:
            return by_arrival
        mapped = self._on_sound(picture.ntp_of(frame.rtp_timestamp) + self._stamped_early(), sound)
        return mapped if mapped < by_arrival + _MAX_AHEAD_MS else by_arrival

    def _stamped_early(self) -> float:
        """Seconds. What even the quickest picture of late has waited is no waiting: its stamp is too early."""
        waited = self._wait.seconds
        return self._stamped_early_ms / 1000 if waited is None else max(0.0, waited - _LEAST_WAIT)

    def _part_delay(self) -> float:
        """The monotonic time at which the part would begin if its clock had run like ours."""
        delay = self._sound.delay
        return delay if delay is not None else self._zero or 0.0

    def _on_sound(self, ntp_seconds: float, clock: ReportedClock) -> float:
        """Where in the part that moment is heard, milliseconds, counted from the newest sound frame."""
        sound = self._sound
        elapsed = (ntp_seconds - clock.ntp_of(sound.timestamp)) * clock.pace
        return sound.locate(sound.timestamp) + elapsed * 1000 + self._sound_lag_ms

    def _beside_newest(self, ntp_seconds: float) -> float | None:
        sound, picture = self._sound_clock(), self._picture_clock()
        if sound is not None:
            return self._on_sound(ntp_seconds, sound)
        if picture is not None:
            newest = picture.ntp_of(self._picture.timestamp)
            return self._picture.position_ms + (ntp_seconds - newest) * 1000
        return None

    def _between_anchors(self, ntp_seconds: float) -> float:
        """Between two anchors in proportion; before the first one at the wall clock's own pace."""
        after = bisect(self._anchors, (ntp_seconds, float("inf")))
        if after == 0:
            ntp, position = self._anchors[0]
            return position + (ntp_seconds - ntp) * 1000
        (ntp, position), (next_ntp, next_position) = self._anchors[after - 1 : after + 1]
        return position + (ntp_seconds - ntp) / (next_ntp - ntp) * (next_position - position)

    def _drop_anchor(self) -> None:
        """Remember where the part is now, so that moments long ago can still be mapped when the clocks have drifted."""
        clock = self._sound_clock()
        if clock is None:
            return
        ntp = clock.ntp_of(self._sound.timestamp)
        if not self._anchors or ntp > self._anchors[-1][0]:
            self._anchors.append((ntp, self._sound.locate(self._sound.timestamp) + self._sound_lag_ms))
        if len(self._anchors) > _MAX_ANCHORS:
            del self._anchors[1:-1:2]

    def _sound_clock(self) -> ReportedClock | None:
        return self._clock(MediaKind.SOUND, self._sound.ssrc)

    def _picture_clock(self) -> ReportedClock | None:
        return self._clock(MediaKind.PICTURE, self._picture.ssrc)

    def _clock(self, kind: MediaKind, ssrc: int | None) -> ReportedClock | None:
        return None if ssrc is None else self._clocks.get((kind, ssrc))

    def _clock_of(self, kind: MediaKind, ssrc: int) -> ReportedClock:
        clock = self._clocks.get((kind, ssrc))
        if clock is None:
            if len(self._clocks) >= _MAX_CLOCKS:
                del self._clocks[next(iter(self._clocks))]
            clock = self._clocks[kind, ssrc] = ReportedClock(_RATES[kind])
        return clock
