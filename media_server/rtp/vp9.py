"""VP9 in RTP (RFC 9628): the payload descriptor and the head of a frame (VP9 bitstream specification section 6.2).

Of a stream with spatial layers only layer 0 is recorded. It can be decoded without the others, whereas a whole
superframe needs an index that RTP does not carry before every player can split it. Holdfast's own pages send one
spatial layer. All temporal layers are recorded.
"""

from typing import NamedTuple

from media_server.rtp.errors import PayloadError
from media_server.rtp.payload import FrameHeader

_FRAME_MARKER = 0b10
_COMMON_HEAD = (
    0b1000_0110  # of nearly all frames: profile 0, not a repetition, inter, shown; the last bit may be either
)
_INTER_FRAME = FrameHeader(keyframe=False, width=None, height=None)
_SYNC_CODE = 0x498342
_COLOR_SPACE_RGB = 7
_MAX_REFERENCES = 3  # RFC 9628 section 4.2: P_DIFF comes at most three times


class ScalabilityStructure(NamedTuple):
    """The spatial layers and the picture group that a sender announces (RFC 9628 section 4.2.1)."""

    spatial_layers: int
    "How many there are, 1 to 8."
    sizes: tuple[tuple[int, int], ...]
    "Width and height of each spatial layer, when announced."
    pictures: int
    "Pictures in the group; 0 when none is announced."


class Vp9Descriptor(NamedTuple):
    """The payload descriptor (RFC 9628 section 4.2)."""

    size: int
    "Octets of the descriptor."
    begins_frame: bool
    "B: a layer frame begins here."
    ends_frame: bool
    "E: a layer frame ends here."
    inter_predicted: bool
    "P: the layer frame refers to earlier pictures."
    flexible: bool
    "F: the references come with each packet."
    picture_id: int | None = None
    "Counts pictures, 7 or 15 bits."
    picture_id_modulus: int = 1 << 15
    "Where the picture ID wraps."
    temporal_layer: int = 0
    "TID."
    spatial_layer: int = 0
    "SID."
    tl0picidx: int | None = None
    "Counts the pictures of temporal layer 0; in non-flexible mode only."
    references: tuple[int, ...] = ()
    "P_DIFF: how many pictures ago; in flexible mode only."
    scalability: ScalabilityStructure | None = None
    "The scalability structure, when the packet carries one."

    @property
    def wanted(self) -> bool:
        """Spatial layer 0 is recorded, no other."""
        return self.spatial_layer == 0


def read_descriptor(payload: bytes) -> Vp9Descriptor:
    """Read the payload descriptor.

    Raises :class:`PayloadError` when the payload ends within it or it names more than three references.
    """
    try:
        return _read_descriptor(payload)
    except IndexError as error:
        raise PayloadError("the VP9 payload ends within its descriptor") from error


def _read_descriptor(payload: bytes) -> Vp9Descriptor:
    first = payload[0]
    flexible = bool(first & 0x10)
    size, picture_id, modulus = 1, None, 1 << 15
    if first & 0x80:
        size, picture_id, modulus = _read_picture_id(payload)
    layers, tl0picidx = 0, None
    if first & 0x20:
        layers = payload[size]
        size += 1
        if not flexible:
            tl0picidx = payload[size]
            size += 1
    references: tuple[int, ...] = ()
    if flexible and first & 0x40:
        size, references = _read_references(payload, size)
    scalability = None
    if first & 0x02:
        size, scalability = _read_scalability(payload, size)
    return Vp9Descriptor(
        size,
        bool(first & 0x08),
        bool(first & 0x04),
        bool(first & 0x40),
        flexible,
        picture_id,
        modulus,
        layers >> 5,
        layers >> 1 & 0x07,
        tl0picidx,
        references,
        scalability,
    )


def _read_picture_id(payload: bytes) -> tuple[int, int, int]:
    if payload[1] & 0x80:
        return 3, (payload[1] & 0x7F) << 8 | payload[2], 1 << 15
    return 2, payload[1], 1 << 7


def _read_references(payload: bytes, size: int) -> tuple[int, tuple[int, ...]]:
    """Read P_DIFF octets; the lowest bit of each says whether another follows."""
    references: list[int] = []
    more = True
    while more:
        if len(references) == _MAX_REFERENCES:
            raise PayloadError("the VP9 descriptor names more than three references")
        references.append(payload[size] >> 1)
        more = bool(payload[size] & 0x01)
        size += 1
    return size, tuple(references)


def _read_scalability(payload: bytes, size: int) -> tuple[int, ScalabilityStructure]:
    first = payload[size]
    size += 1
    layers = (first >> 5) + 1
    sizes: list[tuple[int, int]] = []
    if first & 0x10:
        for start in range(size, size + 4 * layers, 4):
            width = payload[start] << 8 | payload[start + 1]
            height = payload[start + 2] << 8 | payload[start + 3]
            sizes.append((width, height))
        size += 4 * layers
    pictures = 0
    if first & 0x08:
        pictures = payload[size]
        size = _skip_picture_group(payload, size + 1, pictures)
    return size, ScalabilityStructure(layers, tuple(sizes), pictures)


def _skip_picture_group(payload: bytes, size: int, pictures: int) -> int:
    """Each picture of the group has an octet that counts the reference octets behind it."""
    for _ in range(pictures):
        size += 1 + (payload[size] >> 2 & 0x03)
    if size > len(payload):
        raise PayloadError("the VP9 payload ends within its picture group")
    return size


def read_frame_header(frame: bytes) -> FrameHeader:
    """Tell keyframes from others and read the size that keyframes and intra-only frames carry.

    Inter frames may change the size too, but say so in terms of frames they refer to; it stays unknown.
    Raises :class:`PayloadError` when the head is cut short or is not VP9.
    """
    if frame and frame[0] & 0xFE == _COMMON_HEAD:
        return _INTER_FRAME
    bits = _Bits(frame)
    if bits.read(2) != _FRAME_MARKER:
        raise PayloadError("the VP9 frame does not begin as one")
    profile = bits.read(1) | bits.read(1) << 1
    if profile == 3 and bits.read(1):  # noqa: PLR2004 - the specification's own number
        raise PayloadError("the VP9 profile is reserved")
    if bits.read(1):  # show_existing_frame
        return _INTER_FRAME
    keyframe, shown, resilient = not bits.read(1), bits.read(1), bits.read(1)
    if keyframe:
        return _read_keyframe(bits, profile)
    intra_only = not shown and bits.read(1)
    if not intra_only:
        return _INTER_FRAME
    if not resilient:
        bits.read(2)  # reset_frame_context
    return _read_intra_only(bits, profile)


def _read_keyframe(bits: "_Bits", profile: int) -> FrameHeader:
    bits.expect_sync_code()
    bits.skip_color_config(profile)
    width, height = bits.read(16) + 1, bits.read(16) + 1
    return FrameHeader(keyframe=True, width=width, height=height)


def _read_intra_only(bits: "_Bits", profile: int) -> FrameHeader:
    bits.expect_sync_code()
    if profile > 0:
        bits.skip_color_config(profile)
    bits.read(8)  # refresh_frame_flags
    width, height = bits.read(16) + 1, bits.read(16) + 1
    return FrameHeader(keyframe=False, width=width, height=height)


class _Bits:
    """Reads a frame's head bit by bit, most significant first."""

    _HEAD = 16  # octets: the longest head up to the height takes less

    __slots__ = ("_left", "_value")

    def __init__(self, frame: bytes) -> None:
        head = frame[: self._HEAD]
        self._value = int.from_bytes(head, "big")
        self._left = 8 * len(head)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise PayloadError("the VP9 frame ends within its head")
        return self._value >> self._left & ((1 << count) - 1)

    def expect_sync_code(self) -> None:
        if self.read(24) != _SYNC_CODE:
            raise PayloadError("the VP9 frame has no sync code")

    def skip_color_config(self, profile: int) -> None:
        """Skip bit depth, colour space, range and subsampling (section 6.2.2 of the specification)."""
        subsampling_told = profile in {1, 3}
        if profile > 1:
            self.read(1)  # ten_or_twelve_bit
        if self.read(3) != _COLOR_SPACE_RGB:
            self.read(1)  # color_range
            if subsampling_told:
                self.read(3)
        elif subsampling_told:
            self.read(1)
        else:
            raise PayloadError("this VP9 profile has no RGB")
