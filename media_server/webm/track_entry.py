"""A track as its head declares it (RFC 9559 section 5.1.4)."""

from dataclasses import dataclass, field
from enum import IntEnum

from media_server.webm import ebml
from media_server.webm.ebml import ByteSource, Element
from media_server.webm.errors import WebmError

MAX_CODEC_PRIVATE = 16_384
"Octets. Opus has 19, AV1 and H.264 some dozens; Vorbis, the longest that WebM knows, a few thousand."

OPUS_SAMPLE_RATE = 48_000.0
OPUS_SEEK_PRE_ROLL_NS = 80_000_000
"What a decoder has to hear before it sounds right (RFC 7845 section 4.6)."

OPUS_HEAD = b"OpusHead" + bytes([1, 2]) + (0).to_bytes(2, "little") + (48_000).to_bytes(4, "little") + bytes(3)
"RFC 7845 section 5.1: version 1, 2 channels, no pre-skip, no gain. Any Opus packet decodes to two channels."

UNKNOWN_WIDTH, UNKNOWN_HEIGHT = 640, 480
"What stands in the head until the first keyframe told: zero is not allowed there."

_LANGUAGE_UNKNOWN = "und"


class TrackType(IntEnum):
    """What a track holds (RFC 9559 section 5.1.4.1.3); the two that WebM has."""

    VIDEO = 1
    AUDIO = 2


@dataclass(frozen=True, slots=True)
class TrackEntry:
    """One track of a file."""

    number: int
    "What its blocks bear, 1 to 126."
    type: TrackType
    "Picture or sound."
    codec_id: str
    "`V_VP8`, `V_VP9`, `A_OPUS`, …"
    codec_private: bytes = field(default=b"", repr=False)
    "What the decoder has to know first."
    width: int = 0
    "Pixels; 0 for sound."
    height: int = 0
    "Pixels; 0 for sound."
    channels: int = 0
    "0 for a picture."
    sample_rate: float = 0.0
    "Hz; 0 for a picture."
    seek_pre_roll_ns: int = 0
    "How much before a place decoding has to begin, nanoseconds."
    codec_delay_ns: int = 0
    "How much of what is decoded first is the codec's own, nanoseconds. We write 0."
    is_encoded: bool = False
    "Whether its blocks are compressed once more, or encrypted. We never do that."

    @classmethod
    def picture(cls, number: int, codec: str) -> "TrackEntry":
        """A track of pictures whose codec needs no private data: `VP8` or `VP9`."""
        return cls(number, TrackType.VIDEO, f"V_{codec}", width=UNKNOWN_WIDTH, height=UNKNOWN_HEIGHT)

    @classmethod
    def sound(cls, number: int) -> "TrackEntry":
        """A track of Opus, the same for mono and stereo, so that parts can be joined untouched."""
        return cls(
            number,
            TrackType.AUDIO,
            "A_OPUS",
            codec_private=OPUS_HEAD,
            channels=2,
            sample_rate=OPUS_SAMPLE_RATE,
            seek_pre_roll_ns=OPUS_SEEK_PRE_ROLL_NS,
        )

    def encode(self) -> bytes:
        """Return the TrackEntry element; its length does not depend on the picture's size."""
        return ebml.element(
            ebml.TRACK_ENTRY,
            ebml.uint(ebml.TRACK_NUMBER, self.number),
            ebml.uint(ebml.TRACK_UID, self.number),
            ebml.uint(ebml.TRACK_TYPE, self.type),
            ebml.uint(ebml.FLAG_LACING, 0),
            ebml.text(ebml.LANGUAGE, _LANGUAGE_UNKNOWN),
            ebml.text(ebml.CODEC_ID, self.codec_id),
            ebml.element(ebml.CODEC_PRIVATE, self.codec_private) if self.codec_private else b"",
            self._encode_video() if self.type is TrackType.VIDEO else self._encode_audio(),
        )

    def _encode_video(self) -> bytes:
        return ebml.element(
            ebml.VIDEO, ebml.uint(ebml.PIXEL_WIDTH, self.width, 2), ebml.uint(ebml.PIXEL_HEIGHT, self.height, 2)
        )

    def _encode_audio(self) -> bytes:
        return (
            ebml.uint(ebml.CODEC_DELAY, 0)
            + ebml.uint(ebml.SEEK_PRE_ROLL, self.seek_pre_roll_ns)
            + ebml.element(
                ebml.AUDIO,
                ebml.float64(ebml.SAMPLING_FREQUENCY, self.sample_rate),
                ebml.uint(ebml.CHANNELS, self.channels),
            )
        )


def read_track_entry(buffer: ByteSource, found: Element) -> TrackEntry | None:
    """Read a TrackEntry; None when it holds neither picture nor sound. Raises :class:`WebmError`."""
    fields = _fields(buffer, found)
    kind = _uint(buffer, fields, ebml.TRACK_TYPE)
    if kind not in {TrackType.VIDEO, TrackType.AUDIO}:
        return None
    number = _uint(buffer, fields, ebml.TRACK_NUMBER)
    if not number or ebml.CODEC_ID not in fields:
        raise WebmError(f"the track at {found.start} lacks its number or its codec")
    private = fields.get(ebml.CODEC_PRIVATE)
    rate = fields.get(ebml.SAMPLING_FREQUENCY)
    return TrackEntry(
        number,
        TrackType(kind),
        ebml.read_text(buffer, fields[ebml.CODEC_ID]),
        codec_private=b"" if private is None else ebml.read_bytes(buffer, private, MAX_CODEC_PRIVATE),
        width=_uint(buffer, fields, ebml.PIXEL_WIDTH),
        height=_uint(buffer, fields, ebml.PIXEL_HEIGHT),
        channels=_uint(buffer, fields, ebml.CHANNELS),
        sample_rate=0.0 if rate is None else ebml.read_float(buffer, rate),
        seek_pre_roll_ns=_uint(buffer, fields, ebml.SEEK_PRE_ROLL),
        codec_delay_ns=_uint(buffer, fields, ebml.CODEC_DELAY),
        is_encoded=ebml.CONTENT_ENCODINGS in fields,
    )


def _fields(buffer: ByteSource, found: Element) -> dict[int, Element]:
    """The elements of a TrackEntry by id, those of its Video and Audio among them."""
    fields: dict[int, Element] = {}
    for child in ebml.children(buffer, found.body, found.end):
        if child.id in {ebml.VIDEO, ebml.AUDIO}:
            fields.update((inner.id, inner) for inner in ebml.children(buffer, child.body, child.end))
        else:
            fields[child.id] = child
    return fields


def _uint(buffer: ByteSource, fields: dict[int, Element], element_id: int) -> int:
    found = fields.get(element_id)
    return 0 if found is None else ebml.read_uint(buffer, found)
