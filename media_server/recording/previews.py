"""What previews of a recording show, and when: pure figures that the process which draws them keeps to."""

from array import array
from collections.abc import Sequence
from typing import Final

MOST_THUMBNAILS: Final = 100
"More would be narrower on the timeline than somebody can point at."
LEAST_INTERVAL_MS: Final = 2_000
COLUMNS: Final = 10
"Thumbnails side by side in the sheet."
THUMBNAIL_WIDTH: Final = 160
POSTER_WIDTH: Final = 960
POSTER_EARLIEST_MS: Final = 1_000
"Cameras need a moment to find their brightness."
WAVE_POINTS: Final = 1_000
"How many peaks a waveform has, however long the recording is."
LOUDEST: Final = 255


def interval_ms(duration_ms: int) -> int:
    """How far apart thumbnails are, in milliseconds."""
    return max(LEAST_INTERVAL_MS, -(-duration_ms // MOST_THUMBNAILS))


def thumbnail_count(duration_ms: int) -> int:
    """How many thumbnails there are; one at the least."""
    return max(1, -(-duration_ms // interval_ms(duration_ms)))


def keyframes_suffice(keyframes_ms: Sequence[int], duration_ms: int) -> bool:
    """Whether a thumbnail from a keyframe alone shows nearly its own moment; decoding the rest would take minutes."""
    if not keyframes_ms:
        return False
    ends = [*keyframes_ms[1:], duration_ms]
    widest = max(end - start for start, end in zip(keyframes_ms, ends, strict=True))
    return widest <= max(interval_ms(duration_ms), 15_000)


def fitted(width: int, height: int, within: tuple[int, int]) -> tuple[int, int]:
    """The largest even size of the same shape that fits."""
    share = min(within[0] / max(1, width), within[1] / max(1, height))
    return max(2, int(width * share) // 2 * 2), max(2, int(height * share) // 2 * 2)


class Waveform:
    """The loudest sample of each stretch of a recording."""

    def __init__(self, duration_ms: int) -> None:
        self._duration_ms = max(1, duration_ms)
        self._peaks = [0] * min(WAVE_POINTS, max(1, duration_ms // 20))

    def put(self, start_ms: float, samples: "array[int]", rate: int) -> None:
        """Take samples of 16 bits that begin there; whatever lies outside of the recording does not count."""
        points, position = len(self._peaks), 0
        while position < len(samples):
            at_ms = start_ms + position * 1000 / rate
            point = int(at_ms * points / self._duration_ms)
            point_ends_ms = (point + 1) * self._duration_ms / points
            count = max(1, int((point_ends_ms - at_ms) * rate / 1000))
            piece = samples[position : position + count]
            if 0 <= point < points:
                loudest = max(piece)
                self._peaks[point] = max(self._peaks[point], loudest, -min(piece))
            position += count

    def peaks(self) -> list[int]:
        """From 0 to 255, in order of time."""
        return [min(LOUDEST, peak * LOUDEST // 32_767) for peak in self._peaks]
