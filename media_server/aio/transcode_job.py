"""What the server asks of the process that transcodes a part, and what it hears back: JSON in and out."""

from dataclasses import dataclass

from media_server.aio.worker_message import WorkerMessage, WorkerOutcome


@dataclass(frozen=True, slots=True)
class Job(WorkerMessage):
    """A part whose picture is to have another codec; its sound stays as it is."""

    source: int
    "File descriptor of the part."
    output: int
    "File descriptor of a new file."
    codec: str
    "`VP8` or `VP9`."
    video_bps: int
    "How much the picture may take, bits per second."


@dataclass(frozen=True, slots=True)
class Outcome(WorkerOutcome):
    """What came of it."""

    size_bytes: int = 0
    "Length of the new file; of the old one when that is good already."
    width: int = 0
    "Pixels of the first picture."
    height: int = 0
    "Pixels of the first picture."
    video_kbps: float = 0.0
    "Picture, averaged over the part."
    is_good_already: bool = False
    "The part has that codec: an attempt before this one got so far. Nothing was written."
    refusal: str = ""
    "Why it can never work; empty when it did not come to that."
