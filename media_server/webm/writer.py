"""The live writer: blocks in, file actions out; the file plays at every moment.

Appended block by block, without a buffer and without waiting for a silent track. Closing patches in place and costs
the same after a minute and after three hours; what is kept in memory meanwhile is the list of cues.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from media_server.webm.actions import FileAction, Sync, Write
from media_server.webm.contents import Contents
from media_server.webm.open_index import OpenIndex
from media_server.webm.part_head import FIRST_CLUSTER, PartHead
from media_server.webm.record import MAX_PAYLOAD, MAX_TIMESTAMP_MS, MAX_TRACK_NUMBER, encode_record
from media_server.webm.track_entry import TrackEntry, TrackType

__all__ = ["CLUSTER_MS", "TrackEntry", "WebmWriter"]

CLUSTER_MS = 1_000
"A cluster lasts less than this."

MAX_PIXELS = 65_535
"Along one side; what two octets hold."


class _State(Enum):
    NEW = "not opened yet"
    LIVE = "being recorded"
    CLOSED = "closed"


class WebmWriter:
    """Writes one part. Carry its actions out in order; it never asks for what it has written."""

    def __init__(self, tracks: Sequence[TrackEntry], *, started_at_ns: int) -> None:
        """Take the tracks, at most one picture and one sound, and when the part began (ns since 1970, UTC).

        Raises ValueError when track numbers are repeated or out of range, or the tracks do not fit into a head.
        """
        numbers = [track.number for track in tracks]
        if not numbers or len(set(numbers)) < len(numbers) or not all(1 <= n <= MAX_TRACK_NUMBER for n in numbers):
            raise ValueError(f"tracks cannot be numbered {numbers}")
        self._head = PartHead(tuple(tracks), started_at_ns)
        self._head.encode()
        self._pictures = {track.number for track in tracks if track.type is TrackType.VIDEO}
        self._contents = Contents(self._head.tracks)
        self._state = _State.NEW
        self._size = 0
        self._cluster_ms: int | None = None
        self._last_ms = 0
        self.index = OpenIndex()
        "Where its clusters begin, for those who watch meanwhile."

    @property
    def size(self) -> int:
        """Length of the file when everything handed out so far is written, octets."""
        return self._size

    @property
    def duration_ms(self) -> int:
        """When the last sound or picture ends, milliseconds."""
        return self._contents.duration_ms

    @property
    def tracks_used(self) -> frozenset[int]:
        """Numbers of the tracks that have blocks."""
        return frozenset(self._contents.tracks_used)

    def open(self) -> list[FileAction]:
        """Begin the file: the head, and room for what closing writes, so that a full disk cannot stop it."""
        self._expect(_State.NEW)
        self._state = _State.LIVE
        self._size = FIRST_CLUSTER
        return [Write(0, self._head.encode().ljust(FIRST_CLUSTER, b"\0"))]

    def set_picture_size(self, width: int, height: int) -> list[FileAction]:
        """Write the picture's size, pixels, into the head. Raises ValueError when it is out of range."""
        self._expect(_State.LIVE)
        if not (0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS):
            raise ValueError(f"a picture cannot be {width} by {height} pixels")
        sized = tuple(
            replace(track, width=width, height=height) if track.type is TrackType.VIDEO else track
            for track in self._head.tracks
        )
        if sized == self._head.tracks:
            return []
        self._head = replace(self._head, tracks=sized)
        return [Write(0, self._head.encode())]

    def add_block(self, track: int, timestamp_ms: int, data: bytes, *, keyframe: bool) -> list[FileAction]:
        """Append one picture or one sound packet, milliseconds from the part's first frame.

        Within a track timestamps should rise; across tracks they need not: a late block opens a cluster of its own.
        Raises ValueError when the track is not declared, the time is out of range, or the data is too long.
        """
        self._expect(_State.LIVE)
        if not 0 <= timestamp_ms <= MAX_TIMESTAMP_MS or len(data) > MAX_PAYLOAD:
            raise ValueError(f"no block holds {len(data)} octets at {timestamp_ms} ms")
        if all(track != entry.number for entry in self._head.tracks):
            raise ValueError(f"there is no track {track}")
        opens = self._opens_cluster(track, timestamp_ms, keyframe=keyframe)
        cluster_ms = timestamp_ms if opens or self._cluster_ms is None else self._cluster_ms
        record = encode_record(track, timestamp_ms, data, keyframe=keyframe, cluster_ms=cluster_ms, opens_cluster=opens)
        self._contents.add(track, timestamp_ms, data, keyframe=keyframe, cluster=self._size if opens else None)
        if opens:
            self.index.add(self._size, timestamp_ms, keyframe=keyframe and track in self._pictures)
        self._cluster_ms, self._last_ms = cluster_ms, timestamp_ms
        position, self._size = self._size, self._size + len(record)
        return [Write(position, record)]

    def close(self) -> list[FileAction]:
        """Close the file in place; closing again does nothing."""
        if self._state is _State.CLOSED:
            return []
        self._expect(_State.LIVE)
        self._state = _State.CLOSED
        return self._contents.closing(self._head, self._size)

    def reopen(self) -> list[FileAction]:
        """Take back what :meth:`close` claimed, so that blocks can follow. Does nothing while the file is open.

        Synced before anything is appended: on the disk a head never claims to be closed while blocks lie behind.
        """
        if self._state is _State.LIVE:
            return []
        self._expect(_State.CLOSED)
        self._state = _State.LIVE
        self._cluster_ms = None
        return [Write(0, self._head.encode()), Sync()]

    def _opens_cluster(self, track: int, timestamp_ms: int, *, keyframe: bool) -> bool:
        """MediaSource refuses a block older than the one before it in a cluster; players seek to clusters."""
        return (
            self._cluster_ms is None
            or (keyframe and track in self._pictures)
            or timestamp_ms < self._last_ms
            or timestamp_ms - self._cluster_ms >= CLUSTER_MS
        )

    def _expect(self, state: _State) -> None:
        if self._state is not state:
            raise ValueError(f"the file is {self._state.value}")
