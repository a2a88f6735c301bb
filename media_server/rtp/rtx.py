"""Retransmitted packets that come on a stream of their own (RFC 4588)."""

from media_server.rtp.errors import PayloadError
from media_server.rtp.packet import RtpPacket

_ORIGINAL_SEQUENCE_NUMBER_SIZE = 2


class RestoredPacket:
    """A media packet as it was before it was wrapped; an :class:`~media_server.rtp.packet.RtpPacket`."""

    __slots__ = ("marker", "payload", "payload_type", "sequence_number", "ssrc", "timestamp")

    def __init__(
        self, *, ssrc: int, payload_type: int, sequence_number: int, timestamp: int, marker: int, payload: bytes
    ) -> None:
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.sequence_number = sequence_number
        self.timestamp = timestamp
        self.marker = marker
        self.payload = payload


def unwrap_rtx(packet: RtpPacket, *, payload_type: int, ssrc: int) -> RestoredPacket | None:
    """The media packet inside a retransmission packet (RFC 4588 section 4).

    `payload_type` is the media's, to which the retransmission's is bound by `apt`; `ssrc` is the media stream's.
    None for an empty payload: browsers probe the network with padding on this stream.
    Raises :class:`PayloadError` when the original sequence number is cut short.
    """
    payload = packet.payload
    if not payload:
        return None
    if len(payload) < _ORIGINAL_SEQUENCE_NUMBER_SIZE:
        raise PayloadError("the retransmission ends before the original sequence number")
    return RestoredPacket(
        ssrc=ssrc,
        payload_type=payload_type,
        sequence_number=int.from_bytes(payload[:_ORIGINAL_SEQUENCE_NUMBER_SIZE], "big"),
        timestamp=packet.timestamp,
        marker=packet.marker,
        payload=payload[_ORIGINAL_SEQUENCE_NUMBER_SIZE:],
    )
