"""Retransmissions on a stream of their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.errors import PayloadError
from media_server.rtp.packet import RtpPacket
from media_server.rtp.rtx import unwrap_rtx
from tests.fakes.rtp_sender import FakePacket
from tests.media_server.rtp.bounds import bounded


def wrapped(payload: bytes) -> FakePacket:
    return FakePacket(ssrc=9, payload_type=97, sequence_number=7, timestamp=1234, marker=1, payload=payload)


def test_the_media_packet_is_restored() -> None:
    restored: RtpPacket | None = unwrap_rtx(wrapped(b"\xff\xfemedia"), payload_type=96, ssrc=1)
    assert restored is not None
    assert (restored.ssrc, restored.payload_type, restored.sequence_number) == (1, 96, 0xFFFE)
    assert (restored.timestamp, restored.marker, restored.payload) == (1234, 1, b"media")


def test_padding_is_nothing() -> None:
    assert unwrap_rtx(wrapped(b""), payload_type=96, ssrc=1) is None


def test_half_a_sequence_number() -> None:
    with pytest.raises(PayloadError):
        unwrap_rtx(wrapped(b"\x01"), payload_type=96, ssrc=1)


@bounded
@given(st.binary(min_size=2, max_size=20))
def test_any_payload(payload: bytes) -> None:
    restored = unwrap_rtx(wrapped(payload), payload_type=96, ssrc=1)
    assert restored is not None
    assert restored.payload == payload[2:]
