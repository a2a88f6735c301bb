"""What the server asks of the process that joins parts, and what it hears back: JSON on standard input and output."""

from dataclasses import dataclass

from media_server.aio.worker_message import WorkerMessage, WorkerOutcome


@dataclass(frozen=True, slots=True)
class Job(WorkerMessage):
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


@dataclass(frozen=True, slots=True)
class Outcome(WorkerOutcome):
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
