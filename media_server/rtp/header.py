"""The RTP fixed header (RFC 3550 section 5.1), read and no more than read.

Of the header extensions two are of use here: the number that transport-wide feedback goes by, and how long a picture
waited for its encoding.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from media_server.rtp.video_timing import read_encode_start

_FIXED_HEADER = struct.Struct("!BBHLL")
_EXTENSION_HEADER = struct.Struct("!HH")
_VERSION = 2
_TRANSPORT_NUMBER_SIZE = 2
_ONE_BYTE_HEADERS = b"\xbe\xde"


class MalformedPacket(ValueError):  # noqa: N818  the field's word for it
    """These bytes are no RTP packet."""


@dataclass(slots=True)
class ParsedPacket:
    """An RTP packet as the pure rooms want it; satisfies :class:`media_server.rtp.packet.RtpPacket`."""

    ssrc: int
    "Synchronization source."
    payload_type: int
    "Seven bits."
    sequence_number: int
    "Sixteen bits."
    timestamp: int
    "Thirty-two bits, ticks of the track's clock."
    marker: int
    "0 or 1."
    payload: bytes
    "Without header, extensions and padding."
    transport_number: int | None = None
    "The transport-wide sequence number, when there is one."
    encode_start_ms: int | None = None
    "Milliseconds from the picture's stamp to its encoding, when it is told."


def parse_packet(data: bytes, transport_number_id: int = 0, video_timing_id: int = 0) -> ParsedPacket:
    """Read one RTP packet, already decrypted.

    The ids are the negotiated ones of the header extensions, 0 for none.
    Raises :class:`MalformedPacket`, nothing else.
    """
    size = len(data)
    if size < _FIXED_HEADER.size:
        raise MalformedPacket("shorter than the fixed header")
    flags, marker_and_type, sequence_number, timestamp, ssrc = _FIXED_HEADER.unpack_from(data)
    if flags >> 6 != _VERSION:
        raise MalformedPacket("not RTP version 2")
    start = _FIXED_HEADER.size + 4 * (flags & 0x0F)
    transport_number = encode_start_ms = None
    if flags & 0x10:
        extensions, start = start, _skip_extensions(data, start)
        for number, value in _one_byte_extensions(data[extensions:start]):
            if number == transport_number_id and len(value) == _TRANSPORT_NUMBER_SIZE:
                transport_number = int.from_bytes(value, "big")
            elif number == video_timing_id:
                encode_start_ms = read_encode_start(value)
    end = size - data[-1] if flags & 0x20 else size
    if start > end or (flags & 0x20 and data[-1] == 0):
        raise MalformedPacket("header and padding leave no room")
    return ParsedPacket(
        ssrc,
        marker_and_type & 0x7F,
        sequence_number,
        timestamp,
        marker_and_type >> 7,
        data[start:end],
        transport_number,
        encode_start_ms,
    )


def _skip_extensions(data: bytes, start: int) -> int:
    """Return where the payload begins behind the header extension (RFC 3550 section 5.3.1)."""
    if start + _EXTENSION_HEADER.size > len(data):
        raise MalformedPacket("ends within the extension header")
    _, words = _EXTENSION_HEADER.unpack_from(data, start)
    return start + _EXTENSION_HEADER.size + 4 * int(words)


def _one_byte_extensions(extensions: bytes) -> Iterator[tuple[int, bytes]]:
    """Read ids and values of one-byte header extensions (RFC 8285 section 4.2); browsers send no others."""
    if extensions[:2] != _ONE_BYTE_HEADERS:
        return
    at, end = _EXTENSION_HEADER.size, len(extensions)
    while at < end:
        head = extensions[at]
        if head == 0:  # padding
            at += 1
            continue
        after = at + 2 + (head & 0x0F)
        if after <= end:
            yield head >> 4, extensions[at + 1 : after]
        at = after
