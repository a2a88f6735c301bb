"""The RTP fixed header (RFC 3550 section 5.1), against aiortc's own reading of it."""

import pytest
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.header import MalformedPacket, parse_packet


def encode(**changes: object) -> bytes:
    packet = RtpPacket(payload_type=96, marker=1, sequence_number=17743, timestamp=3937035252, ssrc=1831097322)
    packet.payload = b"payload"
    for name, value in changes.items():
        setattr(packet, name, value)
    return bytes(packet.serialize(HeaderExtensionsMap()))


def test_every_field_is_read() -> None:
    packet = parse_packet(encode())
    assert (packet.ssrc, packet.payload_type, packet.marker) == (1831097322, 96, 1)
    assert (packet.sequence_number, packet.timestamp, packet.payload) == (17743, 3937035252, b"payload")


def test_contributing_sources_and_padding_are_no_payload() -> None:
    assert parse_packet(encode(csrc=[1, 2, 3], padding_size=9)).payload == b"payload"


def test_a_header_extension_is_passed_over() -> None:
    plain = encode()
    extended = bytes([plain[0] | 0x10]) + plain[1:12] + b"\xbe\xde\x00\x02" + bytes(8) + plain[12:]
    assert parse_packet(extended).payload == b"payload"


def with_extensions(*extensions: tuple[int, bytes]) -> bytes:
    plain = encode()
    body = b"".join(bytes([number << 4 | len(value) - 1]) + value for number, value in extensions)
    body += bytes(-len(body) % 4)
    return (
        bytes([plain[0] | 0x10]) + plain[1:12] + b"\xbe\xde" + (len(body) // 4).to_bytes(2, "big") + body + plain[12:]
    )


def test_the_two_header_extensions_of_use_are_read() -> None:
    timing = b"\x01" + (140).to_bytes(2, "big") + bytes(10)
    data = with_extensions((2, b"abc"), (7, timing), (3, b"\x12\x34"))
    packet = parse_packet(data, 3, 7)
    assert (packet.transport_number, packet.encode_start_ms, packet.payload) == (0x1234, 140, b"payload")
    assert parse_packet(data).transport_number is None
    assert parse_packet(data, 7, 3).transport_number is None, "of another size"
    assert parse_packet(data, 7, 3).encode_start_ms is None
    assert parse_packet(with_extensions((7, b"\xff" + bytes(12))), 3, 7).encode_start_ms is None, "marked as invalid"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        encode()[:11],
        b"\x00" + encode()[1:],  # version 0
        bytes([encode()[0] | 0x0F]) + encode()[1:],  # fifteen contributing sources that are not there
        bytes([encode()[0] | 0x10]) + encode()[1:12] + b"\xbe\xde",  # ends within the extension
        bytes([encode()[0] | 0x20]) + encode()[1:-1] + b"\xff",  # more padding than packet
        bytes([encode()[0] | 0x20]) + encode()[1:-1] + b"\x00",  # padding of nothing
    ],
)
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedPacket):
        parse_packet(data)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        packet = parse_packet(data, 3, 7)
    except MalformedPacket:
        return
    assert len(packet.payload) <= len(data) - 12
    assert packet.payload in data


@given(st.integers(0, len(encode()) - 1))
def test_a_truncated_packet_never_gives_more_than_was_there(length: int) -> None:
    try:
        assert b"payload".startswith(parse_packet(encode()[:length]).payload)
    except MalformedPacket:
        assert length < 12
