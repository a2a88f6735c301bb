"""Reads WebM of any muxer: what the head says, which blocks follow, and where the good bytes end.

Looks at structure only, so that it walks what browsers, FFmpeg and we ourselves write, whole or cut. What a power
cut did to a part of ours is judged by its seals, in :mod:`media_server.webm.mend`.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum

from media_server.webm import ebml
from media_server.webm.ebml import ByteSource, Element
from media_server.webm.errors import TruncatedError, UnsupportedError, WebmError
from media_server.webm.file_head import SEGMENT_CHILDREN, FileHead, read_head
from media_server.webm.part_head import TIMESTAMP_SCALE_NS
from media_server.webm.record import KEYFRAME_FLAG

MAX_BLOCK_GROUP_CHILDREN = 16
"RFC 9559 section 5.1.3.5 knows a dozen."

_LACING_FLAGS = 0x06
_BLOCK_HEADER_REST = 3

_CLUSTER_CHILDREN = frozenset(
    {
        *(ebml.TIMESTAMP, ebml.SIMPLE_BLOCK, ebml.BLOCK_GROUP, ebml.ENCRYPTED_BLOCK),
        *(ebml.SILENT_TRACKS, ebml.POSITION, ebml.PREV_SIZE, ebml.VOID, ebml.CRC_32),
    }
)
_ENDS_CLUSTER = (SEGMENT_CHILDREN | {ebml.CLUSTER, ebml.SEGMENT, ebml.EBML}) - _CLUSTER_CHILDREN


@dataclass(frozen=True, slots=True)
class Block:
    """One picture or one sound packet, as it lies in a file."""

    track: int
    "Track number."
    timestamp_ms: int
    "When it is shown or heard, milliseconds."
    keyframe: bool
    "Whether decoding can begin here."
    position: int
    "Where its element begins."
    data_start: int
    "Where the payload begins."
    data_end: int
    "Where the payload ends."


class Tail(Enum):
    """How the good bytes end."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Scan:
    """What a walk over all blocks found."""

    head: FileHead
    "What stands in front of them."
    blocks: int
    "How many there are."
    clusters: int
    "In how many clusters."
    last_ms: int
    "The greatest timestamp; 0 when there is no block."
    end: int
    "Where the good bytes end."
    tail: Tail
    "Whether the file ends there, an element is cut off there, or something stands there that does not belong."


def scan(buffer: ByteSource) -> Scan:
    """Walk a whole file once; memory does not grow with it.

    Raises :class:`WebmError` when the head cannot be read, and when blocks are laced.
    """
    head = read_head(buffer)
    walk = _Walk(buffer, head, len(buffer))
    blocks = last_ms = 0
    for block in walk.blocks():
        blocks += 1
        last_ms = max(last_ms, block.timestamp_ms)
    return Scan(head, blocks, walk.clusters, last_ms, walk.end, walk.tail)


def blocks(buffer: ByteSource, found: Scan) -> Iterator[Block]:
    """Hand out the good blocks of a file that was scanned, in the order in which they lie there."""
    return _Walk(buffer, found.head, found.end).blocks()


# The blocks -------------------------------------------------------------------------


class _Walk:
    """One walk over the clusters; `end`, `tail` and `clusters` are right once :meth:`blocks` is exhausted."""

    def __init__(self, buffer: ByteSource, head: FileHead, limit: int) -> None:
        self._buffer = buffer
        self._head = head
        self._limit = limit if head.segment_end is None else min(limit, head.segment_end)
        self.end = min(head.first_cluster, limit)
        self.tail = Tail.WHOLE
        self.clusters = 0

    def blocks(self) -> Iterator[Block]:
        """Hand out block after block until the file ends or makes no sense any more."""
        try:
            yield from self._walk_segment()
            claimed = self._head.first_cluster if self._head.segment_end is None else self._head.segment_end
            if claimed > self._limit:
                self.tail = Tail.TRUNCATED
        except TruncatedError:
            self.tail = Tail.TRUNCATED
        except UnsupportedError:
            raise
        except WebmError:
            self.tail = Tail.DAMAGED

    def _walk_segment(self) -> Iterator[Block]:
        position = self._head.first_cluster
        while position < self._limit:
            found = ebml.read_header(self._buffer, position, self._limit)
            if found.id == ebml.CLUSTER:
                self.clusters += 1
                self.end = found.body
                position = yield from self._walk_cluster(found)
            elif found.id in SEGMENT_CHILDREN and found.sized:
                self._expect_there(found.end)
                position = self.end = found.end
            elif found.id in {ebml.SEGMENT, ebml.EBML}:
                return  # another file was put behind this one
            else:
                raise WebmError(f"no element of a Segment at {position}")

    def _walk_cluster(self, cluster: Element) -> Generator[Block, None, int]:
        """Hand out a cluster's blocks; return where it ends."""
        ticks: int | None = None
        position = cluster.body
        limit = min(cluster.end, self._limit)
        while position < limit:
            child = ebml.read_header(self._buffer, position, limit)
            if not cluster.sized and child.id in _ENDS_CLUSTER:
                return position
            if child.id not in _CLUSTER_CHILDREN or not child.sized or (cluster.sized and child.end > cluster.end):
                raise WebmError(f"no element of a Cluster at {position}")
            self._expect_there(child.end)
            if child.id == ebml.TIMESTAMP:
                ticks = ebml.read_uint(self._buffer, child)
            elif child.id in {ebml.SIMPLE_BLOCK, ebml.BLOCK_GROUP}:
                yield self._read_whole_block(child, ticks)
            position = self.end = child.end
        self._expect_there(cluster.end)
        return cluster.end

    def _expect_there(self, end: int) -> None:
        if end > self._limit:
            raise TruncatedError(f"the bytes end at {self._limit}")

    def _read_whole_block(self, found: Element, cluster_ticks: int | None) -> Block:
        try:
            return self._read_block(found, cluster_ticks)
        except TruncatedError as error:  # all of it is there: its inside is wrong
            raise WebmError(f"the block at {found.start} makes no sense") from error

    def _read_block(self, found: Element, cluster_ticks: int | None) -> Block:
        block, keyframe = found, None
        if found.id == ebml.BLOCK_GROUP:
            block, keyframe = self._read_group(found)
        if cluster_ticks is None:
            raise WebmError(f"the block at {found.start} comes before its cluster's time")
        track, position = ebml.read_size(self._buffer, block.body, block.end)
        data_start = position + _BLOCK_HEADER_REST
        if not track or data_start > block.end:
            raise WebmError(f"the block at {found.start} is too short")
        flags = self._buffer[position + 2]
        if flags & _LACING_FLAGS:
            raise UnsupportedError(f"the block at {found.start} is laced")
        ticks = cluster_ticks + int.from_bytes(bytes(self._buffer[position : position + 2]), "big", signed=True)
        return Block(
            track=track,
            timestamp_ms=round(ticks * self._head.timestamp_scale_ns / TIMESTAMP_SCALE_NS),
            keyframe=bool(flags & KEYFRAME_FLAG) if keyframe is None else keyframe,
            position=found.start,
            data_start=data_start,
            data_end=block.end,
        )

    def _read_group(self, group: Element) -> tuple[Element, bool]:
        """Return a BlockGroup's Block, and whether it refers to no other."""
        block: Element | None = None
        keyframe = True
        for count, child in enumerate(ebml.children(self._buffer, group.body, group.end)):
            if count >= MAX_BLOCK_GROUP_CHILDREN:
                raise WebmError(f"the group at {group.start} holds more than a group can")
            if child.id == ebml.BLOCK:
                block = child
            keyframe = keyframe and child.id != ebml.REFERENCE_BLOCK
        if block is None:
            raise WebmError(f"the group at {group.start} holds no block")
        return block, keyframe
