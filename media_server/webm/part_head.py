"""The head of a part: everything that is ever patched, in one sector.

The first 512 octets hold all that changes after a file was begun (Segment size, SeekHead, Duration, picture size,
the tracks that stayed empty, whether the room behind is Cues). They are always written as one: no disk tears a
sector, so that a power cut leaves the old head or the new one. Positions that other elements point to never move.

    0      EBML · Segment · SeekHead or Void · Info with Duration or Void · Tracks · Void
    500    header of Cues or Void
    512    room for cues, until
    69632  the first cluster, on a page of its own
"""

from collections.abc import Collection
from dataclasses import dataclass

from media_server.webm import ebml
from media_server.webm.track_entry import TrackEntry

HEAD_SIZE = 512
"Octets; the smallest sector that disks have."
CUES_BODY = HEAD_SIZE
"Where the room for cues begins."
FIRST_CLUSTER = 17 * 4096
"Where the first cluster begins: 64 KiB and some for cues, then a new page."
CUES_ROOM = FIRST_CLUSTER - CUES_BODY

TIMESTAMP_SCALE_NS = 1_000_000
"One tick is a millisecond."

MUXING_APP = "Holdfast part 1"
"Names the format of the records, so that mending knows what it may touch."
WRITING_APP = "Holdfast"

EPOCH_2001_NS = 978_307_200_000_000_000
"DateUTC counts from 2001-01-01T00:00:00 UTC; this is that moment in nanoseconds since 1970."

_CUES_HEADER = 12
_CUES_AT = HEAD_SIZE - _CUES_HEADER
INIT_SIZE = _CUES_AT
"The head without the room for cues: what a player needs before it is given clusters from anywhere."
_DURATION_LENGTH = 11

EBML_HEADER = ebml.element(
    ebml.EBML,
    ebml.uint(ebml.EBML_VERSION, 1),
    ebml.uint(ebml.EBML_READ_VERSION, 1),
    ebml.uint(ebml.EBML_MAX_ID_LENGTH, ebml.MAX_ID_LENGTH),
    ebml.uint(ebml.EBML_MAX_SIZE_LENGTH, ebml.MAX_SIZE_LENGTH),
    ebml.text(ebml.DOC_TYPE, "webm"),
    ebml.uint(ebml.DOC_TYPE_VERSION, 4),
    ebml.uint(ebml.DOC_TYPE_READ_VERSION, 2),
)
"What every file of ours begins with, parts and recordings alike."

SEGMENT_BODY = len(EBML_HEADER) + 4 + ebml.MAX_SIZE_LENGTH
"Where the Segment's content begins; positions in Cues and SeekHead count from here."


@dataclass(frozen=True, slots=True)
class Ending:
    """What closing makes known."""

    size: int
    "Length of the file, octets."
    duration_ms: int
    "When the last sound or picture ends."
    tracks_used: Collection[int]
    "Numbers of the tracks that have blocks."
    has_cues: bool
    "Whether there is a cue at all."


@dataclass(frozen=True, slots=True)
class PartHead:
    """What a part's first sector is made from."""

    tracks: tuple[TrackEntry, ...]
    "All that were declared."
    started_at_ns: int
    "When the part began, nanoseconds since 1970, UTC."

    def encode(self, ending: Ending | None = None) -> bytes:
        """Return the first :data:`HEAD_SIZE` octets; while recording there is no `ending`.

        Raises ValueError when the tracks take more room than there is.
        """
        info = _info(self.started_at_ns, ending)
        tracks = ebml.element(ebml.TRACKS, *(track.encode() for track in self._present(ending)))
        start = EBML_HEADER + ebml.encode_id(ebml.SEGMENT) + _segment_size(ending)
        info_at = len(start) + len(_seek_head(0, 0, has_cues=True))
        seek_head = _seek_head(info_at, info_at + len(info), has_cues=ending is not None and ending.has_cues)
        if ending is None:
            seek_head = ebml.void(len(seek_head))
        head = start + seek_head + info + tracks
        if len(head) + ebml.MIN_VOID > _CUES_AT:
            raise ValueError(f"the tracks do not fit into a head of {HEAD_SIZE} octets")
        return head + ebml.void(_CUES_AT - len(head)) + _cues_header(is_cues=ending is not None and ending.has_cues)

    def _present(self, ending: Ending | None) -> tuple[TrackEntry, ...]:
        """Leave out tracks that stayed empty: Chromium plays no file that declares a picture and has none."""
        if ending is None or not ending.tracks_used:
            return self.tracks
        return tuple(track for track in self.tracks if track.number in ending.tracks_used)


def _segment_size(ending: Ending | None) -> bytes:
    if ending is None:
        return ebml.UNKNOWN_SIZE
    return ebml.encode_size(ending.size - SEGMENT_BODY, ebml.MAX_SIZE_LENGTH)


def _info(started_at_ns: int, ending: Ending | None) -> bytes:
    # A duration of 0 is not allowed (RFC 9559 section 5.1.2.10).
    duration = None if ending is None else ebml.float64(ebml.DURATION, max(1, ending.duration_ms))
    return ebml.element(
        ebml.INFO,
        ebml.uint(ebml.TIMESTAMP_SCALE, TIMESTAMP_SCALE_NS),
        ebml.element(ebml.DATE_UTC, (started_at_ns - EPOCH_2001_NS).to_bytes(8, "big", signed=True)),
        ebml.text(ebml.MUXING_APP, MUXING_APP),
        ebml.text(ebml.WRITING_APP, WRITING_APP),
        ebml.void(_DURATION_LENGTH) if duration is None else duration,
    )


def _seek_head(info_at: int, tracks_at: int, *, has_cues: bool) -> bytes:
    """The SeekHead; always of one length."""
    cues = _seek(ebml.CUES, _CUES_AT)
    return ebml.element(
        ebml.SEEK_HEAD,
        _seek(ebml.INFO, info_at),
        _seek(ebml.TRACKS, tracks_at),
        cues if has_cues else ebml.void(len(cues)),
    )


def _seek(element_id: int, position: int) -> bytes:
    return ebml.element(
        ebml.SEEK,
        ebml.element(ebml.SEEK_ID, ebml.encode_id(element_id)),
        ebml.uint(ebml.SEEK_POSITION, max(0, position - SEGMENT_BODY), 4),
    )


def _cues_header(*, is_cues: bool) -> bytes:
    """Twelve octets in front of the room for cues that make it Cues, or Void."""
    if is_cues:
        return ebml.encode_id(ebml.CUES) + ebml.encode_size(CUES_ROOM, ebml.MAX_SIZE_LENGTH)
    void_header = ebml.encode_id(ebml.VOID)
    body = CUES_ROOM + _CUES_HEADER - len(void_header) - ebml.MAX_SIZE_LENGTH
    return (void_header + ebml.encode_size(body, ebml.MAX_SIZE_LENGTH)).ljust(_CUES_HEADER, b"\0")
