"""How far a part has come: received, written, saved."""

from collections import deque


class Progress:
    """Turns lengths of a file that were synced into milliseconds of the part."""

    def __init__(self) -> None:
        self._written: deque[tuple[int, int]] = deque()
        self._written_ms = 0
        self._held_since: float | None = None
        self.saved_ms = 0
        "Milliseconds of the part that are on the disk."

    def written(self, length: int, end_ms: int) -> None:
        """Note that the file is `length` bytes long when everything up to `end_ms` is in it."""
        self._written_ms = max(self._written_ms, end_ms)
        self._written.append((length, self._written_ms))

    def synced(self, length: int) -> None:
        """Note that the first `length` bytes are safe."""
        while self._written and self._written[0][0] <= length:
            self.saved_ms = self._written.popleft()[1]

    def hold(self, now: float) -> None:
        """What is received from now on is not written."""
        if self._held_since is None:
            self._held_since = now

    def release(self) -> None:
        """Writing goes on; what was missed meanwhile will be in the timeline as a gap."""
        self._held_since = None

    def received_ms(self, now: float) -> int:
        """Milliseconds that have arrived; grows by the clock while nothing is written."""
        held = 0.0 if self._held_since is None else now - self._held_since
        return self._written_ms + int(held * 1000)
