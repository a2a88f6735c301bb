"""What the frame assembler needs of a codec's RTP payload format; one module per codec provides it."""

from typing import NamedTuple, Protocol


class FrameHeader(NamedTuple):
    """The little of a codec's bitstream that a recording has to know."""

    keyframe: bool
    "True when the frame can be decoded on its own."
    width: int | None
    "Pixels; None where the header does not say."
    height: int | None
    "Pixels; None where the header does not say."


class PayloadDescriptor(Protocol):
    """What stands before the bitstream in every packet."""

    @property
    def size(self) -> int:
        """Octets of the descriptor; the bitstream begins there."""

    @property
    def begins_frame(self) -> bool:
        """True in the first packet of a frame."""

    @property
    def ends_frame(self) -> bool:
        """True when the descriptor itself says that the frame ends here; otherwise the RTP marker does."""

    @property
    def wanted(self) -> bool:
        """False when the packet belongs to a layer that is not recorded."""

    @property
    def picture_id(self) -> int | None:
        """Counts the pictures up by one, modulo :attr:`picture_id_modulus`; None when the sender leaves it out."""

    @property
    def picture_id_modulus(self) -> int:
        """Where the picture ID wraps: 2^7 or 2^15."""


class Depacketiser(Protocol):
    """A codec's module."""

    def read_descriptor(self, payload: bytes, /) -> PayloadDescriptor:
        """Read the payload descriptor. Raises :class:`~media_server.rtp.errors.PayloadError` only."""

    def read_frame_header(self, frame: bytes, /) -> FrameHeader:
        """Read a whole frame's header. Raises :class:`~media_server.rtp.errors.PayloadError` only."""
