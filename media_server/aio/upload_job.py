"""What the server asks of the process that looks at uploads, and what it hears back: JSON in and out."""

from dataclasses import dataclass

from media_server.aio.worker_message import WorkerMessage, WorkerOutcome


@dataclass(frozen=True, slots=True)
class Job(WorkerMessage):
    """A file that somebody sent, and what may become of it."""

    source: int
    "File descriptor of what was sent."
    output: int
    "File descriptor of a new file: the part."
    started_at_ns: int
    "What the part says of its beginning, nanoseconds since 1970, UTC."
    longest_ms: int
    "Longer than this is refused."


@dataclass(frozen=True, slots=True)
class Outcome(WorkerOutcome):
    """What came of it."""

    duration_ms: int = 0
    "Length of the part."
    size_bytes: int = 0
    "Size of the part."
    video_codec: str | None = None
    "`VP8`, `VP9` or `AV1`; None without a picture."
    audio_codec: str | None = None
    "`opus`; None without sound."
    width: int | None = None
    "Pixels of the first picture, as it was decoded."
    height: int | None = None
    "Pixels of the first picture, as it was decoded."
    video_kbps: float | None = None
    "Picture, averaged over the part."
    audio_kbps: float | None = None
    "Sound, averaged over the part."
    windows: tuple[tuple[int, int, int], ...] = ()
    "Start in milliseconds, picture and sound in bits per second, of each window."
    refusal: str | None = None
    "A word of :class:`~media_server.recording.uploads.UploadRefusal`; None when it did not come to that."
    why: str = ""
    "What stands in the way, for the log."
