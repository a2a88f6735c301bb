"""How far an interview is saved: arithmetic for the page's "saved up to 0:42"."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Progress:
    """How far the interview is saved."""

    closed_ms: dict[int, int] = field(default_factory=dict)
    "What lies in the parts that are closed, by number."
    part: int | None = None
    "The part that is being written."
    part_saved_ms: int = 0
    "What of it has been synced."
    part_received_ms: int = 0
    "What of it has arrived."
    told_at: float = 0.0
    "When that was so, monotonic seconds."

    @property
    def saved_ms(self) -> int:
        """What lies on the disk of the whole interview."""
        return sum(self.closed_ms.values()) + self.part_saved_ms

    def lag_ms(self, now: float) -> int:
        """How far saving is behind. News that stays away, because the disk or the sender is stuck, counts as well."""
        if self.part is None:
            return 0
        return max(0, self.part_received_ms - self.part_saved_ms, round((now - self.told_at) * 1_000))

    def begin(self, number: int, now: float) -> None:
        """The part is written from now on, or again; what was saved of it counts on, and of the one before as well."""
        if self.part is not None and self.part != number:
            self.closed_ms[self.part] = self.part_saved_ms
        self.part = number
        self.told_at = now
        self.part_saved_ms = self.part_received_ms = self.closed_ms.pop(number, 0)

    def close(self, number: int, duration_ms: int) -> None:
        """The part is closed and holds this much."""
        self.closed_ms[number] = duration_ms
        if self.part == number:
            self.part, self.part_saved_ms, self.part_received_ms = None, 0, 0
