"""Where a part that is being written can be entered: its clusters, as far as they are on the disk.

For those who watch while it records. Kept by the writer as it writes, at the cost of one entry a second: reading it
back from the file would walk 40 MB after three hours, for the first who asks.
"""

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

EVERY_MS = 1_000
"A cluster that begins with a keyframe always counts; of the others one in this long."

MOST_ENTRIES = 16_384
"Four and a half hours at one a second, 213 kB. Beyond it every second one without a keyframe goes."


class ClusterEntry(NamedTuple):
    """A place where reading can begin."""

    position: int
    "Where the cluster begins in the file."
    timestamp_ms: int
    "Of its first block, milliseconds of the part."
    keyframe: bool
    "Whether that block is a picture that can be shown without any before it."


class OpenIndex:
    """The clusters of one part, by position, and how much of the file is safe."""

    def __init__(self) -> None:
        self._positions = array("Q")
        self._times = array("I")
        self._keyframes = bytearray()
        self._every_ms = EVERY_MS
        self._last_ms: int | None = None
        self.end = 0
        "Octets of the file that are on the disk; always a whole number of blocks once there are any."

    def add(self, position: int, timestamp_ms: int, *, keyframe: bool) -> None:
        """Take a cluster that is being appended; `keyframe`: of a picture."""
        if not keyframe and self._last_ms is not None and timestamp_ms < self._last_ms + self._every_ms:
            return
        if len(self._positions) >= MOST_ENTRIES:
            self._thin()
        self._last_ms = timestamp_ms
        self._positions.append(position)
        self._times.append(timestamp_ms)
        self._keyframes.append(keyframe)

    def synced(self, length: int) -> None:
        """Hear that the file is safe up to `length` octets."""
        self.end = max(self.end, length)

    def entries(self, after: int = -1) -> list[ClusterEntry]:
        """What is safe of it, by position; `after`: only what begins behind that position."""
        first, last = bisect_right(self._positions, after), bisect_left(self._positions, self.end)
        return [
            ClusterEntry(self._positions[at], self._times[at], bool(self._keyframes[at])) for at in range(first, last)
        ]

    def _thin(self) -> None:
        """Forget every second entry, those without a keyframe first."""
        plain = [at for at, keyframe in enumerate(self._keyframes) if not keyframe]
        self._every_ms *= 2
        gone = set((plain if len(plain) > MOST_ENTRIES // 4 else list(range(len(self._positions))))[1::2])
        kept = [at for at in range(len(self._positions)) if at not in gone]
        self._positions = array("Q", (self._positions[at] for at in kept))
        self._times = array("I", (self._times[at] for at in kept))
        self._keyframes = bytearray(self._keyframes[at] for at in kept)
