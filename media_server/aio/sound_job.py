"""What the server asks of the process that makes sound files, and what it hears back: JSON in and out."""

from dataclasses import dataclass
from enum import StrEnum

from media_server.aio.worker_message import WorkerMessage, WorkerOutcome


class SoundRefusal(StrEnum):
    """Why no sound file was made."""

    NO_WAV = "no_wav"
    TOO_LONG = "too_long"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Job(WorkerMessage):
    """A stretch of a recording, or a WAV to be looked at: either becomes a plain WAV, mono, 16 bits."""

    source: int
    "File descriptor of what to read."
    output: int
    "File descriptor of a new file."
    format: str
    "What `source` is: `matroska` or `wav`; nothing else is tried."
    start_ms: int = 0
    "Where to begin, milliseconds of the file."
    end_ms: int | None = None
    "Where to end; None for the end of the file."
    rate: int | None = None
    "Samples per second of the new file; None for those of the source, within reason."
    longest_ms: int | None = None
    "Longer than this is refused."


@dataclass(frozen=True, slots=True)
class Outcome(WorkerOutcome):
    """What came of it."""

    samples: int = 0
    "How long the new file is."
    rate: int = 0
    "Samples per second."
    refusal: str | None = None
    "A word of :class:`SoundRefusal`; None when it did not come to that."
    why: str = ""
    "What stands in the way, for the log."
