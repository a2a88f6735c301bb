"""VP8 in RTP (RFC 7741): the payload descriptor and the head of a frame (RFC 6386 section 9.1)."""

from typing import NamedTuple

from media_server.rtp.errors import PayloadError
from media_server.rtp.payload import FrameHeader

_START_CODE = b"\x9d\x01\x2a"
_KEYFRAME_HEADER_SIZE = 10  # frame tag 3, start code 3, width 2, height 2
_DIMENSION_MASK = 0x3FFF  # the two bits above ask for upscaling, which no player does
_INTER_FRAME = FrameHeader(keyframe=False, width=None, height=None)


class Vp8Descriptor(NamedTuple):
    """The payload descriptor (RFC 7741 section 4.2)."""

    size: int
    "Octets of the descriptor."
    partition_start: bool
    "S: the packet begins a partition."
    partition_index: int
    "PID: which one."
    non_reference: bool
    "N: no other frame refers to this one."
    picture_id: int | None = None
    "Counts frames, 7 or 15 bits."
    picture_id_modulus: int = 1 << 15
    "Where the picture ID wraps."
    tl0picidx: int | None = None
    "Counts the frames of temporal layer 0."
    temporal_layer: int | None = None
    "TID."
    layer_sync: bool = False
    "Y: depends on temporal layer 0 alone."
    keyframe_index: int | None = None
    "KEYIDX: counts keyframes, 5 bits."

    @property
    def begins_frame(self) -> bool:
        """The frame's first partition begins here (RFC 7741 section 4.4)."""
        return self.partition_start and self.partition_index == 0

    @property
    def ends_frame(self) -> bool:
        """VP8 leaves this to the RTP marker."""
        return False

    @property
    def wanted(self) -> bool:
        """VP8 has no spatial layers, and every temporal layer is recorded."""
        return True


def read_descriptor(payload: bytes) -> Vp8Descriptor:
    """Read the payload descriptor.

    Raises :class:`PayloadError` when the payload ends within it.
    """
    try:
        first = payload[0]
        start, index, non_reference = bool(first & 0x10), first & 0x07, bool(first & 0x20)
        if not first & 0x80:
            return Vp8Descriptor(1, start, index, non_reference)
        extension = payload[1]
        size, picture_id, modulus = _read_picture_id(payload) if extension & 0x80 else (2, None, 1 << 15)
        if not extension & 0x70:
            return Vp8Descriptor(size, start, index, non_reference, picture_id, modulus)
        return _read_layers(payload, Vp8Descriptor(size, start, index, non_reference, picture_id, modulus))
    except IndexError as error:
        raise PayloadError("the VP8 payload ends within its descriptor") from error


def read_frame_header(frame: bytes) -> FrameHeader:
    """Tell keyframes from others and read their size.

    Raises :class:`PayloadError` when the frame is empty, or a keyframe is cut short or lacks its start code.
    """
    if not frame:
        raise PayloadError("the VP8 frame is empty")
    if frame[0] & 0x01:
        return _INTER_FRAME
    if len(frame) < _KEYFRAME_HEADER_SIZE or frame[3:6] != _START_CODE:
        raise PayloadError("the VP8 keyframe has no start code")
    width = int.from_bytes(frame[6:8], "little") & _DIMENSION_MASK
    height = int.from_bytes(frame[8:10], "little") & _DIMENSION_MASK
    if not width or not height:
        raise PayloadError("the VP8 keyframe has no size")
    return FrameHeader(keyframe=True, width=width, height=height)


def _read_picture_id(payload: bytes) -> tuple[int, int, int]:
    if payload[2] & 0x80:
        return 4, (payload[2] & 0x7F) << 8 | payload[3], 1 << 15
    return 3, payload[2], 1 << 7


def _read_layers(payload: bytes, descriptor: Vp8Descriptor) -> Vp8Descriptor:
    """Read TL0PICIDX and the octet that TID, Y and KEYIDX share; it is there when either T or K is set."""
    extension, size = payload[1], descriptor.size
    tl0picidx = temporal_layer = keyframe_index = None
    layer_sync = False
    if extension & 0x40:
        tl0picidx = payload[size]
        size += 1
    if extension & 0x30:
        octet = payload[size]
        size += 1
        if extension & 0x20:
            temporal_layer, layer_sync = octet >> 6, bool(octet & 0x20)
        if extension & 0x10:
            keyframe_index = octet & 0x1F
    return descriptor._replace(
        size=size,
        tl0picidx=tl0picidx,
        temporal_layer=temporal_layer,
        layer_sync=layer_sync,
        keyframe_index=keyframe_index,
    )
