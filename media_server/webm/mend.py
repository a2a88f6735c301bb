"""Brings a part that a crash left into the state that closing leaves; nothing is copied.

After a killed process everything written is there. After a power cut everything synced is there, and of the rest any
pages or none: zeros, or what stood there before. The records' seals tell: what stands before the first record whose
seal does not fit stays, and a record that was synced has a seal that fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.contents import Contents
from media_server.webm.ebml import ByteSource
from media_server.webm.errors import TruncatedError, WebmError
from media_server.webm.file_head import read_head
from media_server.webm.part_head import FIRST_CLUSTER, HEAD_SIZE, MUXING_APP, PartHead
from media_server.webm.reader import Tail
from media_server.webm.record import Record, read_record
from media_server.webm.track_entry import TrackEntry, TrackType

WINDOW_MS = 10_000
"Length of the windows that octets are counted in."

_OPUS_START = 2
"Octets of a packet that tell how long it lasts."


@dataclass(frozen=True, slots=True)
class MendedTrack:
    """What a part holds of one track."""

    entry: TrackEntry
    "As the head declares it; the picture's size is in here."
    blocks: int
    "How many."
    octets: int
    "Of all payloads."
    windows: Mapping[int, int]
    "Octets of payload by window of :data:`WINDOW_MS`; windows without any are left out."


@dataclass(frozen=True, slots=True)
class MendPlan:
    """What to do, and what is there when it is done."""

    actions: tuple[FileAction, ...]
    "In order. They end with a Sync even if nothing is to change: what a killed process wrote may not be on the disk."
    size: int
    "Length of the mended file, octets."
    duration_ms: int
    "When the last sound or picture ends."
    tracks: tuple[MendedTrack, ...]
    "The tracks that have blocks."
    tail: Tail
    "What stood behind the good bytes."
    dropped: int
    "Octets that are cut off: never announced as saved."

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to play: the crash came before the first block was safe. Then nothing is to do."""
        return not self.tracks

    @property
    def picture(self) -> TrackEntry | None:
        """The picture's track, if it has blocks."""
        return next((track.entry for track in self.tracks if track.entry.type is TrackType.VIDEO), None)

    @property
    def sound(self) -> TrackEntry | None:
        """The sound's track, if it has blocks."""
        return next((track.entry for track in self.tracks if track.entry.type is TrackType.AUDIO), None)


def mend(buffer: ByteSource) -> MendPlan:
    """Plan how a part is brought into the state that closing leaves; mending again changes nothing.

    Raises :class:`WebmError` when the file is not one of ours: its octets are nobody's to touch then.
    """
    head = _read_part_head(buffer)
    if head is None:
        return MendPlan((), 0, 0, (), Tail.DAMAGED, len(buffer))
    walk = _Walk(buffer, head)
    walk.run()
    tracks = tuple(tally.mended() for tally in walk.tallies.values() if tally.blocks)
    return MendPlan(
        actions=tuple(_actions(buffer, head, walk)) if tracks else (),
        size=walk.end,
        duration_ms=walk.contents.duration_ms,
        tracks=tracks,
        tail=walk.tail,
        dropped=len(buffer) - walk.end,
    )


def _read_part_head(buffer: ByteSource) -> PartHead | None:
    """Read the head; None when the crash came before it was on the disk."""
    start = bytes(buffer[:HEAD_SIZE])
    if not any(start):
        return None
    found = read_head(start)
    if found.muxing_app != MUXING_APP or found.first_cluster != FIRST_CLUSTER or found.started_at_ns is None:
        raise WebmError(f"the file was written by {found.muxing_app!r}, not by us")
    return PartHead(found.tracks, found.started_at_ns)


def _actions(buffer: ByteSource, head: PartHead, walk: "_Walk") -> list[FileAction]:
    closing = walk.contents.closing(head, walk.end)
    if walk.end < len(buffer):
        return [Truncate(walk.end), *closing]
    if all(_is_there(buffer, action) for action in closing):
        return [Sync()]
    return closing


def _is_there(buffer: ByteSource, action: FileAction) -> bool:
    return not isinstance(action, Write) or buffer[action.position : action.position + len(action.data)] == action.data


@dataclass(slots=True)
class _Tally:
    """Counts one track's blocks."""

    entry: TrackEntry
    blocks: int = 0
    octets: int = 0
    windows: dict[int, int] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        octets = record.data_end - record.data_start
        window = record.timestamp_ms // WINDOW_MS
        self.blocks += 1
        self.octets += octets
        self.windows[window] = self.windows.get(window, 0) + octets

    def mended(self) -> MendedTrack:
        return MendedTrack(self.entry, self.blocks, self.octets, self.windows)


class _Walk:
    """Goes over the records up to the first that cannot be believed."""

    def __init__(self, buffer: ByteSource, head: PartHead) -> None:
        self._buffer = buffer
        self.contents = Contents(head.tracks)
        self.tallies = {entry.number: _Tally(entry) for entry in head.tracks}
        self.end = min(FIRST_CLUSTER, len(buffer))
        self.tail = Tail.WHOLE if self.end == FIRST_CLUSTER else Tail.TRUNCATED

    def run(self) -> None:
        cluster_ms: int | None = None
        try:
            while self.end < len(self._buffer):
                record = read_record(self._buffer, self.end, len(self._buffer), cluster_ms)
                self._take(record)
                cluster_ms, self.end = record.cluster_ms, record.end
        except TruncatedError:
            self.tail = Tail.TRUNCATED
        except WebmError:
            self.tail = Tail.DAMAGED

    def _take(self, record: Record) -> None:
        tally = self.tallies.get(record.track)
        if tally is None:
            raise WebmError(f"the block at {record.start} is of a track that is not declared")
        tally.add(record)
        self.contents.add(
            record.track,
            record.timestamp_ms,
            bytes(self._buffer[record.data_start : min(record.data_start + _OPUS_START, record.data_end)]),
            keyframe=record.keyframe,
            cluster=record.start if record.opens_cluster else None,
        )
