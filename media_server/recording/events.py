"""What the capture path tells those above it, and why a stretch of media ended."""

from dataclasses import dataclass, field
from enum import StrEnum

from media_server.rtp.packet import MediaKind
from media_server.webm.open_index import OpenIndex


class EndReason(StrEnum):
    """Why a part or a whole connection ended; stored with the part."""

    FINISHED = "finished"
    CLOSED_BY_PAGE = "closed_by_page"
    SUPERSEDED = "superseded"
    NO_MEDIA = "no_media"
    CONNECTION_LOST = "connection_lost"
    NEVER_CONNECTED = "never_connected"
    OVER_CAP = "over_cap"
    SERVER_STOPPED = "server_stopped"
    PAUSED = "paused"
    DEADLINE = "deadline"
    DELETED = "deleted"
    WITHDRAWN = "withdrawn"
    LINK_REVOKED = "link_revoked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PartGap:
    """A stretch of a part in which something is missing."""

    kind: MediaKind
    "Sound or picture."
    start_ms: int
    "Where it begins, milliseconds of the part."
    end_ms: int
    "Where it ends, milliseconds of the part."
    reason: str
    "`lost` on the network, `disk_full`, `disk_stuck`, `stalled`."


@dataclass(frozen=True, slots=True)
class Arrived:
    """What of a part's packets arrived, so far; running numbers."""

    received: int = 0
    "Packets that were of use, recovered ones included."
    lost: int = 0
    "Packets given up."
    recovered: int = 0
    "Packets that were missing and came after all."
    concealed_ms: int = 0
    "Sound that was lost and filled."


@dataclass(frozen=True, slots=True)
class BitrateWindow:
    """What a stretch of ten seconds really had."""

    start_ms: int
    "Where it begins, milliseconds of the part."
    video_bps: int
    "Bits per second of picture, WebM payload alone."
    audio_bps: int
    "Bits per second of sound, WebM payload alone."


@dataclass(frozen=True, slots=True)
class PartReport:
    """What is known of a part when it closes."""

    reason: EndReason
    "Why it ended."
    duration_ms: int
    "Length of what lies in the file."
    size_bytes: int
    "Size of the file."
    video_codec: str | None
    "`VP8` or `VP9`; None when no picture was written."
    audio_codec: str | None
    "`opus`; None when no sound was written."
    width: int | None
    "Pixels of the first keyframe."
    height: int | None
    "Pixels of the first keyframe."
    windows: tuple[BitrateWindow, ...] = field(default=())
    "The measured bitrates, window by window."


@dataclass(frozen=True, slots=True)
class PartOpened:
    """A part has begun and its file exists."""

    number: int
    "Its number within the interview."
    index: OpenIndex = field(default_factory=OpenIndex, compare=False)
    "Where it can be entered; goes on growing while the part does."


@dataclass(frozen=True, slots=True)
class PartReopened:
    """Packets returned on the same connection; the part goes on."""

    number: int
    "Its number within the interview."


@dataclass(frozen=True, slots=True)
class PartClosed:
    """The part's file is closed, synced and playable. May be told again after a :class:`PartReopened`."""

    number: int
    "Its number within the interview."
    report: PartReport
    "What lies there."


@dataclass(frozen=True, slots=True)
class Saved:
    """Everything of the part up to here is on the disk."""

    number: int
    "The part."
    saved_ms: int
    "Milliseconds of the part that have been synced."
    received_ms: int
    "Milliseconds of the part that have arrived; the difference is the lag."


@dataclass(frozen=True, slots=True)
class GapFound:
    """Something will stay missing."""

    number: int
    "The part."
    gap: PartGap
    "What and where."


class Trouble(StrEnum):
    """What keeps media from being saved; the word is also the reason of the gap that it may leave."""

    FULL = "disk_full"
    STUCK = "disk_stuck"


@dataclass(frozen=True, slots=True)
class DiskTrouble:
    """The disk takes nothing more, or takes it again."""

    what: Trouble | None
    "Why it takes nothing: full, or gone, failing or silent. None when it takes everything again."


@dataclass(frozen=True, slots=True)
class SoundArrives:
    """A microphone was agreed on, and its sound does not arrive, or does again."""

    arrives: bool
    "False when none came for a few seconds, True when it came again."


@dataclass(frozen=True, slots=True)
class OverCap:
    """The sender stays above its cap and was told to slow down; if it does not, the connection ends."""

    bps: int
    "What was measured, bits per second, both tracks."


@dataclass(frozen=True, slots=True)
class PublisherEnded:
    """The connection is gone for good. Only news of a part that the disk still refuses may follow."""

    reason: EndReason
    "Why."


PublisherEvent = (
    PartOpened | PartReopened | PartClosed | Saved | GapFound | DiskTrouble | SoundArrives | OverCap | PublisherEnded
)
