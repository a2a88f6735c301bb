"""Writes a finished recording: everything is known before the first octet is written, so that cues come first.

    EBML · Segment · SeekHead · Info with Duration · Tracks · Chapters · Cues · clusters of known size

Nothing in it is ever patched, and nothing is sealed: it is written beside the parts, compared with them, and only
then takes their place. The live writer, :mod:`media_server.webm.writer`, has other worries.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from media_server.webm import ebml
from media_server.webm.chapters import Chapter, encode_chapters
from media_server.webm.packets import Packets, ReadSource
from media_server.webm.part_head import EBML_HEADER, EPOCH_2001_NS, TIMESTAMP_SCALE_NS, WRITING_APP
from media_server.webm.record import KEYFRAME_FLAG
from media_server.webm.track_entry import TrackEntry, TrackType

CLUSTER_MS = 5_000
"A cluster lasts no longer (RFC 9559 section 25.1 recommends five seconds and five megabytes)."
CLUSTER_OCTETS = 5_000_000

PICTURE_CUE_EVERY_MS = 1_000
"Keyframes closer than this share a cue."
SOUND_CUE_EVERY_MS = 12_000
"Where no keyframe came for this long, sound gets the cue. More than the 10 s between keyframes."

MUXING_APP = "Holdfast"
"Not the name that parts bear: nothing in here is there to be mended."

_CLUSTER_SIZE_WIDTH = 4
_CLUSTER_HEADER = 8
"Octets of a cluster's id and size."
_TIMESTAMP_LENGTH = 6
"Octets of its Timestamp element."

_SMALL = 0x3FFF
"A block shorter than this gets a size of two octets, a longer one four."
_SMALL_HEADER = struct.Struct(">BHBhB")
_LARGE_HEADER = struct.Struct(">BIBhB")
_AFTER_SIZE = 4
_SMALL_MARKER, _LARGE_MARKER, _TRACK_MARKER = 0x4000, 0x1000_0000, 0x80

_SEEK_POSITION_WIDTH = 4
_CUE_POSITION_WIDTH = 8


class Cluster(NamedTuple):
    """Neighbouring packets that will lie in one cluster."""

    first: int
    "Index of its first packet."
    end: int
    "Index after its last packet."
    timestamp_ms: int
    "Of its first packet."
    body: int
    "Octets of its content."

    @property
    def size(self) -> int:
        """Octets in all."""
        return _CLUSTER_HEADER + self.body


@dataclass(frozen=True)
class JoinedFile:
    """A whole recording, known down to the last octet before it is written."""

    tracks: tuple[TrackEntry, ...]
    "At most one picture and one sound."
    packets: Packets
    "In the order in which they will lie there."
    duration_ms: int
    "When the last sound or picture ends."
    started_at_ns: int
    "When the recording began, nanoseconds since 1970, UTC."
    chapters: Sequence[Chapter] = ()
    "In order of time."

    @cached_property
    def clusters(self) -> list[Cluster]:
        """Where clusters begin: at a picture's keyframe, when one gets too long, and should time ever go back."""
        pictures = {track.number for track in self.tracks if track.type is TrackType.VIDEO}
        return list(_clusters(self.packets, pictures))

    @cached_property
    def head(self) -> bytes:
        """Everything before the first cluster."""
        middle = (self._info(), self._tracks(), encode_chapters(self.chapters))
        cued = list(self._cued())
        # Neither SeekHead nor Cues change their length with what they point to.
        seek_head = self._seek_head(middle)
        cues = self._cues(cued, first_cluster=0)
        after_size = len(seek_head) + sum(map(len, middle)) + len(cues)
        body = after_size + sum(cluster.size for cluster in self.clusters)
        start = EBML_HEADER + ebml.encode_id(ebml.SEGMENT) + ebml.encode_size(body, ebml.MAX_SIZE_LENGTH)
        return b"".join((start, seek_head, *middle, self._cues(cued, first_cluster=after_size)))

    @property
    def size(self) -> int:
        """Length of the file, octets."""
        return len(self.head) + sum(cluster.size for cluster in self.clusters)

    def encode(self, read: ReadSource) -> Iterator[bytes]:
        """Hand out the file piece by piece; payloads are fetched when their turn comes."""
        yield self.head
        payloads = self.packets.payloads(read)
        for cluster in self.clusters:
            yield self._encode_cluster(cluster, payloads)

    def _encode_cluster(self, cluster: Cluster, payloads: Iterator[bytes]) -> bytes:
        pieces = [
            ebml.encode_id(ebml.CLUSTER) + ebml.encode_size(cluster.body, _CLUSTER_SIZE_WIDTH),
            ebml.uint(ebml.TIMESTAMP, cluster.timestamp_ms, 4),
        ]
        packets, rows = self.packets, slice(cluster.first, cluster.end)
        columns = zip(packets.tracks[rows], packets.times[rows], packets.keyframes[rows], strict=True)
        for (track, time_ms, keyframe), payload in zip(
            columns, islice(payloads, cluster.end - cluster.first), strict=True
        ):
            size = len(payload) + _AFTER_SIZE
            marked, header = (
                (size | _SMALL_MARKER, _SMALL_HEADER) if size < _SMALL else (size | _LARGE_MARKER, _LARGE_HEADER)
            )
            relative, flags = time_ms - cluster.timestamp_ms, KEYFRAME_FLAG if keyframe else 0
            pieces.append(header.pack(ebml.SIMPLE_BLOCK, marked, track | _TRACK_MARKER, relative, flags))
            pieces.append(payload)
        return b"".join(pieces)

    # The head ---------------------------------------------------------------------------

    def _info(self) -> bytes:
        return ebml.element(
            ebml.INFO,
            ebml.uint(ebml.TIMESTAMP_SCALE, TIMESTAMP_SCALE_NS),
            ebml.float64(ebml.DURATION, max(1, self.duration_ms)),
            ebml.element(ebml.DATE_UTC, (self.started_at_ns - EPOCH_2001_NS).to_bytes(8, "big", signed=True)),
            ebml.text(ebml.MUXING_APP, MUXING_APP),
            ebml.text(ebml.WRITING_APP, WRITING_APP),
        )

    def _tracks(self) -> bytes:
        return ebml.element(ebml.TRACKS, *(track.encode() for track in self.tracks))

    def _seek_head(self, middle: tuple[bytes, ...]) -> bytes:
        ids = (ebml.INFO, ebml.TRACKS, ebml.CHAPTERS, ebml.CUES)
        lengths = (*map(len, middle), 1)
        present = [element_id for element_id, length in zip(ids, lengths, strict=True) if length]
        at = len(_seek_head(dict.fromkeys(present, 0)))
        positions = {}
        for element_id, length in zip(ids, lengths, strict=True):
            if length:
                positions[element_id] = at
            at += length
        return _seek_head(positions)

    def _cued(self) -> Iterator[tuple[Cluster, int]]:
        """The clusters that get a cue, each with its position behind the first cluster's."""
        types = {track.number: track.type for track in self.tracks}
        position, picture_due, sound_due = 0, 0, 0
        for cluster in self.clusters:
            is_picture = types[self.packets.tracks[cluster.first]] is TrackType.VIDEO
            is_due = cluster.timestamp_ms >= (picture_due if is_picture else sound_due)
            if is_due and self.packets.keyframes[cluster.first]:
                yield cluster, position
                sound_due = cluster.timestamp_ms + SOUND_CUE_EVERY_MS
                if is_picture:
                    picture_due = cluster.timestamp_ms + PICTURE_CUE_EVERY_MS
            position += cluster.size

    def _cues(self, cued: Sequence[tuple[Cluster, int]], *, first_cluster: int) -> bytes:
        points = (
            ebml.element(
                ebml.CUE_POINT,
                ebml.uint(ebml.CUE_TIME, cluster.timestamp_ms, 4),
                ebml.element(
                    ebml.CUE_TRACK_POSITIONS,
                    ebml.uint(ebml.CUE_TRACK, self.packets.tracks[cluster.first]),
                    ebml.uint(ebml.CUE_CLUSTER_POSITION, first_cluster + position, _CUE_POSITION_WIDTH),
                ),
            )
            for cluster, position in cued
        )
        return ebml.element(ebml.CUES, *points)


def _clusters(packets: Packets, pictures: set[int]) -> Iterator[Cluster]:
    first = start_ms = last_ms = 0
    body = _TIMESTAMP_LENGTH
    columns = zip(packets.tracks, packets.times, packets.keyframes, packets.starts, packets.ends, strict=True)
    for index, (track, time_ms, keyframe, start, end) in enumerate(columns):
        opens = (
            index == 0
            or (keyframe and track in pictures)
            or time_ms < last_ms
            or time_ms - start_ms >= CLUSTER_MS
            or body >= CLUSTER_OCTETS
        )
        if opens:
            if index:
                yield Cluster(first, index, start_ms, body)
            first, start_ms, body = index, time_ms, _TIMESTAMP_LENGTH
        length = end - start + _AFTER_SIZE
        body += length + (3 if length < _SMALL else 5)
        last_ms = time_ms
    if len(packets):
        yield Cluster(first, len(packets), start_ms, body)


def _seek_head(positions: dict[int, int]) -> bytes:
    return ebml.element(
        ebml.SEEK_HEAD,
        *(
            ebml.element(
                ebml.SEEK,
                ebml.element(ebml.SEEK_ID, ebml.encode_id(element_id)),
                ebml.uint(ebml.SEEK_POSITION, position, _SEEK_POSITION_WIDTH),
            )
            for element_id, position in positions.items()
        ),
    )
