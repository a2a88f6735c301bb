"""What stands in front of a file's first cluster, whoever wrote it."""

from dataclasses import dataclass

from media_server.webm import ebml
from media_server.webm.ebml import ByteSource, Element
from media_server.webm.errors import WebmError
from media_server.webm.part_head import EPOCH_2001_NS, TIMESTAMP_SCALE_NS
from media_server.webm.track_entry import TrackEntry, read_track_entry

MAX_TRACKS = 16
"More than any recording has; a file that claims more is made to hurt."

SEGMENT_CHILDREN = frozenset(
    {
        *(ebml.SEEK_HEAD, ebml.INFO, ebml.TRACKS, ebml.CUES, ebml.CHAPTERS, ebml.TAGS, ebml.ATTACHMENTS),
        *(ebml.VOID, ebml.CRC_32),
    }
)
"What may stand in a Segment beside clusters."


@dataclass(frozen=True, slots=True)
class FileHead:
    """What stands in front of the first cluster."""

    tracks: tuple[TrackEntry, ...]
    "The tracks that hold picture or sound."
    timestamp_scale_ns: int
    "Nanoseconds in a tick."
    duration_ms: float | None
    "Milliseconds; None while recording, and in browsers' own files."
    started_at_ns: int | None
    "DateUTC, nanoseconds since 1970."
    muxing_app: str
    "What wrote the file."
    segment_end: int | None
    "Where the Segment claims to end; None when its size is not known."
    first_cluster: int
    "Where the first cluster begins, or would begin."


def read_head(buffer: ByteSource) -> FileHead:
    """Read what stands in front of the first cluster.

    Raises :class:`WebmError`: no EBML, neither WebM nor Matroska, no tracks, too many, or something in it is broken.
    """
    limit = len(buffer)
    segment = _read_segment_header(buffer, limit)
    info: dict[int, Element] = {}
    tracks: tuple[TrackEntry, ...] = ()
    position = segment.body
    while (found := _head_element(buffer, position, limit)) is not None:
        if found.id == ebml.INFO:
            info = {child.id: child for child in ebml.children(buffer, found.body, min(found.end, limit))}
        elif found.id == ebml.TRACKS:
            tracks = _read_tracks(buffer, found.body, min(found.end, limit))
        position = found.end
    if not tracks:
        raise WebmError("the head declares no track")
    return _file_head(buffer, info, tracks, segment.end if segment.sized else None, position)


def is_webm(buffer: ByteSource) -> bool:
    """Whether it is WebM, and not Matroska with whatever else that may hold. Raises :class:`WebmError`."""
    return _doc_type(buffer, ebml.read_element(buffer, 0, len(buffer))) == "webm"


def _head_element(buffer: ByteSource, position: int, limit: int) -> Element | None:
    """The element of the head at `position`; None where a cluster begins, or something that makes no sense."""
    try:
        found = ebml.read_header(buffer, position, limit)
    except WebmError:
        return None
    return found if found.sized and found.id in SEGMENT_CHILDREN else None


def _read_segment_header(buffer: ByteSource, limit: int) -> Element:
    header = ebml.read_element(buffer, 0, limit)
    if _doc_type(buffer, header) not in {"webm", "matroska"}:
        raise WebmError("the file is neither WebM nor Matroska")
    segment = ebml.read_header(buffer, header.end, limit)
    if segment.id != ebml.SEGMENT:
        raise WebmError("no Segment follows the EBML header")
    return segment


def _doc_type(buffer: ByteSource, header: Element) -> str | None:
    if header.id != ebml.EBML or not header.sized:
        raise WebmError("the file does not begin with an EBML header")
    doc_types = [c for c in ebml.children(buffer, header.body, header.end) if c.id == ebml.DOC_TYPE]
    return ebml.read_text(buffer, doc_types[0]) if doc_types else None


def _read_tracks(buffer: ByteSource, start: int, end: int) -> tuple[TrackEntry, ...]:
    entries = []
    for count, child in enumerate(ebml.children(buffer, start, end)):
        if count >= MAX_TRACKS:
            raise WebmError(f"the head declares more than {MAX_TRACKS} tracks")
        entry = read_track_entry(buffer, child) if child.id == ebml.TRACK_ENTRY else None
        if entry is not None:
            entries.append(entry)
    return tuple(entries)


def _file_head(
    buffer: ByteSource,
    info: dict[int, Element],
    tracks: tuple[TrackEntry, ...],
    segment_end: int | None,
    first_cluster: int,
) -> FileHead:
    scale, duration, date = (info.get(name) for name in (ebml.TIMESTAMP_SCALE, ebml.DURATION, ebml.DATE_UTC))
    scale_ns = TIMESTAMP_SCALE_NS if scale is None else ebml.read_uint(buffer, scale)
    if not scale_ns:
        raise WebmError("the timestamp scale is 0")
    return FileHead(
        tracks=tracks,
        timestamp_scale_ns=scale_ns,
        duration_ms=None if duration is None else ebml.read_float(buffer, duration) * scale_ns / TIMESTAMP_SCALE_NS,
        started_at_ns=None if date is None else ebml.read_int(buffer, date) + EPOCH_2001_NS,
        muxing_app=ebml.read_text(buffer, info[ebml.MUXING_APP]) if ebml.MUXING_APP in info else "",
        segment_end=segment_end,
        first_cluster=first_cluster,
    )
