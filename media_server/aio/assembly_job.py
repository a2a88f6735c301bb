"""What the server asks of the process that joins parts, and what it hears back: JSON on standard input and output."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Job:
    """What to join."""

    parts: tuple[tuple[int, int], ...]
    "Number and file descriptor of each part, in order."
    output: int
    "File descriptor of a new file."
    started_at_ns: int
    "When the recording began, nanoseconds since 1970, UTC."
    marks: tuple[tuple[int, int, int, int | None], ...] = ()
    "Part number, offset in milliseconds, question index, take: what chapters are made from."
    questions: tuple[tuple[int, str], ...] = ()
    "Index and text."

    def encode(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read it from JSON. Raises ValueError."""
        fields: dict[str, Any] = json.loads(octets)
        lists = {name: tuple(map(tuple, fields[name])) for name in ("parts", "marks", "questions")}
        return cls(**fields | lists)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    size_bytes: int = 0
    "Length of the recording."
    sha256: str = ""
    "Of all its octets, hexadecimal."
    lengths: tuple[tuple[int, int], ...] = ()
    "Number of each part, and its length in the recording, milliseconds."
    refusal: str | None = None
    "A word of :class:`~media_server.recording.assembly.Refusal`; None when it did not come to that."
    part_number: int = 0
    "The part that is refused."
    why: str = ""
    "What stands in the way, for the log."
    errno: int = 0
    "What the disk said; 0 when it did not complain."

    def encode(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read it from JSON. Raises ValueError, also when the process ended before it had said anything."""
        fields: dict[str, Any] = json.loads(octets)
        return cls(**fields | {"lengths": tuple((number, length) for number, length in fields["lengths"])})
