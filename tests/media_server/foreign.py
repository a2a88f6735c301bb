"""WebM as others write it, for what is handed in: Chromium's own, and small files with anything in their heads."""

from collections.abc import Sequence
from pathlib import Path

from media_server.webm import ebml
from media_server.webm.track_entry import TrackEntry
from tests.media_server.webm.image import Given
from tests.media_server.webm.real_media import interview, tracks

CHROMIUM = Path(__file__).parent.parent / "data" / "chromium_media_recorder.webm"
"4 s of Chromium 156's MediaRecorder with its fake devices: VP9 at 250 kbps, Opus, neither length nor cues."


def recorded() -> bytes:
    """What Chromium's MediaRecorder wrote."""
    return CHROMIUM.read_bytes()


def film(
    given: Sequence[Given] | None = None,
    entries: Sequence[TrackEntry] | None = None,
    *,
    doc_type: str = "webm",
    more: bytes = b"",
    flags: int = 0,
    scale_ns: int = 1_000_000,
) -> bytes:
    """A file of clusters a second long; by default 2 s that decoders accept. `more` goes into each TrackEntry."""
    given = interview("VP8", 2) if given is None else given
    entries = tracks("VP8") if entries is None else entries
    head = ebml.element(ebml.EBML, ebml.text(ebml.DOC_TYPE, doc_type))
    info = ebml.element(ebml.INFO, ebml.uint(ebml.TIMESTAMP_SCALE, scale_ns))
    declared = ebml.element(ebml.TRACKS, *(_with(entry, more) for entry in entries))
    return head + ebml.encode_id(ebml.SEGMENT) + ebml.UNKNOWN_SIZE + info + declared + b"".join(_clusters(given, flags))


def _with(entry: TrackEntry, more: bytes) -> bytes:
    octets = entry.encode()
    found = ebml.read_element(octets, 0, len(octets))
    return ebml.element(ebml.TRACK_ENTRY, octets[found.body :], more)


def _clusters(given: Sequence[Given], flags: int) -> list[bytes]:
    seconds: dict[int, list[Given]] = {}
    for one in given:
        seconds.setdefault(one.timestamp_ms // 1000, []).append(one)
    return [
        ebml.element(
            ebml.CLUSTER,
            ebml.uint(ebml.TIMESTAMP, second * 1000),
            *(_block(one, second * 1000, flags) for one in inside),
        )
        for second, inside in sorted(seconds.items())
    ]


def _block(given: Given, cluster_ms: int, flags: int) -> bytes:
    header = ebml.encode_size(given.track, 1) + (given.timestamp_ms - cluster_ms).to_bytes(2, "big", signed=True)
    return ebml.element(ebml.SIMPLE_BLOCK, header, bytes([flags | 0x80 * given.keyframe]), given.data)
