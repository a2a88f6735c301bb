"""The RTP fixed header (RFC 3550 section 5.1), read and no more than read.

Of the header extensions one is of use here: the number that transport-wide feedback goes by.
"""

import struct
from dataclasses import dataclass

_FIXED_HEADER = struct.Struct("!BBHLL")
_EXTENSION_HEADER = struct.Struct("!HH")
_VERSION = 2
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


def parse_packet(data: bytes, transport_number_id: int = 0) -> ParsedPacket:
    """Read one RTP packet, already decrypted.

    `transport_number_id` is the negotiated id of the transport-wide sequence number's extension, 0 for none.
    Raises :class:`MalformedPacket`, nothing else.
    """
    size = len(data)
    if size < _FIXED_HEADER.size:
        raise MalformedPacket("shorter than the fixed header")
    flags, marker_and_type, sequence_number, timestamp, ssrc = _FIXED_HEADER.unpack_from(data)
    if flags >> 6 != _VERSION:
        raise MalformedPacket("not RTP version 2")
    start = _FIXED_HEADER.size + 4 * (flags & 0x0F)
    transport_number = None
    if flags & 0x10:
        extensions, start = start, _skip_extensions(data, start)
        if transport_number_id:
            transport_number = _find_transport_number(data[extensions:start], transport_number_id)
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
    )


def _skip_extensions(data: bytes, start: int) -> int:
    """Return where the payload begins behind the header extension (RFC 3550 section 5.3.1)."""
    if start + _EXTENSION_HEADER.size > len(data):
        raise MalformedPacket("ends within the extension header")
    _, words = _EXTENSION_HEADER.unpack_from(data, start)
    return start + _EXTENSION_HEADER.size + 4 * int(words)


def _find_transport_number(extensions: bytes, wanted: int) -> int | None:
    """Look through one-byte header extensions (RFC 8285 section 4.2); browsers send no others."""
    if extensions[:2] != _ONE_BYTE_HEADERS:
        return None
    at, end = _EXTENSION_HEADER.size, len(extensions)
    while at < end:
        head = extensions[at]
        if head == 0:  # padding
            at += 1
        elif head >> 4 == wanted:
            return int.from_bytes(extensions[at + 1 : at + 3], "big") if head & 0x0F == 1 and at + 3 <= end else None
        else:
            at += 2 + (head & 0x0F)
    return None
