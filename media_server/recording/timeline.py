"""Where a part's moments lie in the recording: the one way from (part, offset) to a time that people see.

Parts follow each other without a pause; what lay between them is in the record (when each began and ended), not in
the recording. Chapters, links to a moment and cuts use nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class PlacedPart:
    """A part and its place in the recording."""

    number: int
    "Its number within the interview."
    start_ms: int
    "Where it begins in the recording, milliseconds."
    length_ms: int
    "How long it is."


@dataclass(frozen=True, slots=True)
class Timeline:
    """An interview's parts, laid end to end."""

    parts: tuple[PlacedPart, ...]
    "In the order in which they play."

    @classmethod
    def of(cls, lengths: Iterable[tuple[int, int]]) -> Self:
        """Lay parts end to end; each comes as its number and its length in milliseconds (`parts.duration_ms`)."""
        placed, start_ms = [], 0
        for number, length_ms in lengths:
            placed.append(PlacedPart(number, start_ms, length_ms))
            start_ms += length_ms
        return cls(tuple(placed))

    @property
    def duration_ms(self) -> int:
        """How long all of it is, milliseconds."""
        return self.parts[-1].start_ms + self.parts[-1].length_ms if self.parts else 0

    def recording_time(self, part_number: int, offset_ms: int) -> int:
        """Where a moment of a part lies in the recording, milliseconds.

        A moment outside its part is moved to the part's nearer end. Raises LookupError for a part that is not there.
        """
        for part in self.parts:
            if part.number == part_number:
                return part.start_ms + min(max(offset_ms, 0), part.length_ms)
        raise LookupError(f"there is no part {part_number}")
