"""What a stretch of media really weighs, and when a sender is over its cap."""

from collections import deque
from dataclasses import dataclass
from enum import Enum

from media_server.recording.events import BitrateWindow
from media_server.rtp.packet import MediaKind

WINDOW_MS = 10_000
"Length of the windows that are measured and stored."

_RATE_SECONDS = 5
"Over how many seconds a rate is taken when it is held against the cap; a keyframe alone must not count."


class BitrateWindows:
    """Adds up a part's blocks, window by window of its own time."""

    def __init__(self) -> None:
        self._bytes: dict[int, dict[MediaKind, int]] = {}

    def add(self, kind: MediaKind, timestamp_ms: int, size: int) -> None:
        """Count `size` bytes at `timestamp_ms` of the part."""
        window = self._bytes.setdefault(timestamp_ms // WINDOW_MS, {MediaKind.SOUND: 0, MediaKind.PICTURE: 0})
        window[kind] += size

    def measured(self, duration_ms: int) -> tuple[BitrateWindow, ...]:
        """Return the windows in order; the last one is taken over what there is of it."""
        return tuple(
            BitrateWindow(
                start_ms=index * WINDOW_MS,
                video_bps=_rate(sizes[MediaKind.PICTURE], index, duration_ms),
                audio_bps=_rate(sizes[MediaKind.SOUND], index, duration_ms),
            )
            for index, sizes in sorted(self._bytes.items())
        )


def _rate(size: int, index: int, duration_ms: int) -> int:
    length = min(WINDOW_MS, max(1, duration_ms - index * WINDOW_MS))
    return size * 8 * 1000 // length


class CapVerdict(Enum):
    """What the watch over a cap says."""

    WITHIN = "within"
    SLOW_DOWN = "slow_down"
    END = "end"


@dataclass(frozen=True, slots=True)
class CapSettings:
    """One track's cap and the patience with it."""

    bps: int
    "The cap, bits per second."
    ratio: float = 1.2
    "What is borne, as a multiple of the cap."
    patience_s: float = 20.0
    "How long more than that is borne, before the warning and again after it."


class CapWatch:
    """Watches one track's arriving bytes; fed every packet, asked once a second."""

    def __init__(self, settings: CapSettings) -> None:
        self._limit = settings.bps * settings.ratio
        self._patience_s = settings.patience_s
        self._seconds: deque[int] = deque(maxlen=_RATE_SECONDS)
        self._current = 0
        self._over_since: float | None = None
        self.bps = 0
        "The rate over the last seconds."

    def receive(self, size: int) -> None:
        """Count bytes that arrived."""
        self._current += size

    def tick(self, now: float) -> CapVerdict:
        """Close a second and judge. Call once a second."""
        self._seconds.append(self._current)
        self._current = 0
        self.bps = sum(self._seconds) * 8 // len(self._seconds)
        if self.bps <= self._limit:
            self._over_since = None
            return CapVerdict.WITHIN
        if self._over_since is None:
            self._over_since = now
        over = now - self._over_since
        if over >= 2 * self._patience_s:
            return CapVerdict.END
        return CapVerdict.SLOW_DOWN if over >= self._patience_s else CapVerdict.WITHIN
