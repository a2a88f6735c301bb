"""What the server asks of the process that draws previews, and what it hears back: JSON in and out."""

from dataclasses import dataclass

from media_server.aio.worker_message import WorkerMessage, WorkerOutcome


@dataclass(frozen=True, slots=True)
class Job(WorkerMessage):
    """A recording whose poster, thumbnails and waveform are wanted."""

    source: int
    "File descriptor of the recording."
    poster: int
    "File descriptor of a new file, for a JPEG; stays empty where there is no picture."
    thumbnails: int
    "The same for the sheet of thumbnails."
    duration_ms: int
    "How long the recording is."


@dataclass(frozen=True, slots=True)
class Sheet(WorkerMessage):
    """How thumbnails lie in their sheet, row by row."""

    interval_ms: int
    "The first shows this recording at 0, the next one so much later."
    count: int
    "How many there are."
    columns: int
    "How many lie side by side."
    width: int
    "Pixels of each."
    height: int
    "Pixels of each."


@dataclass(frozen=True, slots=True)
class Outcome(WorkerOutcome):
    """What came of it."""

    sheet: Sheet | None = None
    "None: there is no picture."
    peaks: tuple[int, ...] = ()
    "The waveform, 0 to 255; empty: there is no sound."
    refusal: str = ""
    "Why it can never work; empty when it did not come to that."
