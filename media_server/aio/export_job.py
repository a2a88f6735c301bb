"""What the server asks of the process that makes an MP4, and what it hears back: JSON in and out."""

from dataclasses import dataclass

from media_server.aio.worker_message import WorkerMessage, WorkerOutcome


@dataclass(frozen=True, slots=True)
class Job(WorkerMessage):
    """A recording that is to become an MP4 which opens everywhere."""

    source: int
    "File descriptor of the recording."
    output: int
    "File descriptor of a new file."
    duration_ms: int
    "How long the recording is, for progress; 0 when nobody knows."
    chapters: tuple[tuple[int, int, str], ...] = ()
    "Where each begins and ends, milliseconds of the recording, and what it is called."


@dataclass(frozen=True, slots=True)
class Outcome(WorkerOutcome):
    """What came of it."""

    size_bytes: int = 0
    "Length of the new file."
    refusal: str = ""
    "Why it can never work; empty when it did not come to that."
