"""VP9's payload format, against RFC 9628, the bitstream's specification and real frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp import vp9
from media_server.rtp.errors import PayloadError
from media_server.rtp.packet import VideoCodec
from media_server.rtp.payload import FrameHeader
from media_server.rtp.vp9 import ScalabilityStructure, Vp9Descriptor
from tests.fakes.rtp_sender import HEIGHT, WIDTH, encoded_video, vp9_descriptor
from tests.media_server.rtp.bounds import bounded

TWO_LAYERS = bytes([0x38]) + bytes.fromhex("014000b4 02800168") + bytes([2, 0x04, 1, 0x28, 1, 2])
DESCRIPTORS = {
    bytes([0x08]): Vp9Descriptor(1, True, False, False, False),
    bytes([0x44]): Vp9Descriptor(1, False, True, True, False),
    bytes([0x80, 0x11]): Vp9Descriptor(2, False, False, False, False, 0x11, 1 << 7),
    bytes([0x80, 0x91, 0x22]): Vp9Descriptor(3, False, False, False, False, 0x1122),
    bytes([0x20, 0x52, 0x07]): Vp9Descriptor(
        3, False, False, False, False, temporal_layer=2, spatial_layer=1, tl0picidx=7
    ),
    bytes([0x30, 0x22]): Vp9Descriptor(2, False, False, False, True, temporal_layer=1, spatial_layer=1),
    bytes([0x50, 0x02]): Vp9Descriptor(2, False, False, True, True, references=(1,)),
    bytes([0x50, 0x03, 0x05, 0x08]): Vp9Descriptor(4, False, False, True, True, references=(1, 2, 4)),
    bytes([0x02, 0x00]): Vp9Descriptor(2, False, False, False, False, scalability=ScalabilityStructure(1, (), 0)),
    bytes([0x0A]) + TWO_LAYERS: Vp9Descriptor(
        1 + len(TWO_LAYERS),
        True,
        False,
        False,
        False,
        scalability=ScalabilityStructure(2, ((320, 180), (640, 360)), 2),
    ),
}


@pytest.mark.parametrize("payload", DESCRIPTORS, ids=bytes.hex)
def test_descriptors(payload: bytes) -> None:
    assert vp9.read_descriptor(payload + b"rest") == DESCRIPTORS[payload]


@pytest.mark.parametrize("payload", DESCRIPTORS, ids=bytes.hex)
def test_a_descriptor_cut_short_anywhere_is_refused(payload: bytes) -> None:
    for size in range(len(payload)):
        with pytest.raises(PayloadError):
            vp9.read_descriptor(payload[:size])


def test_more_than_three_references_are_refused() -> None:
    with pytest.raises(PayloadError):
        vp9.read_descriptor(bytes([0x50, 0x03, 0x03, 0x03, 0x02]))


def test_what_the_fake_sender_writes_is_what_is_read() -> None:
    descriptor = vp9.read_descriptor(vp9_descriptor(0x1234, first=True, last=False, keyframe=True))
    assert descriptor.picture_id == 0x1234
    assert descriptor.scalability == ScalabilityStructure(1, ((WIDTH, HEIGHT),), 1)


def test_only_the_lowest_spatial_layer_is_wanted() -> None:
    assert vp9.read_descriptor(bytes([0x30, 0x20])).wanted
    assert not vp9.read_descriptor(bytes([0x30, 0x22])).wanted


def test_real_frames() -> None:
    headers = [vp9.read_frame_header(frame.data) for frame in encoded_video(VideoCodec.VP9, 48, frozenset({0, 30}))]
    assert headers[0] == headers[30] == FrameHeader(keyframe=True, width=WIDTH, height=HEIGHT)
    assert {header.keyframe for header in headers[1:30]} == {False}


def bits(*fields: tuple[int, int]) -> bytes:
    """Fields of (value, width) as the bitstream packs them, filled up with zeros."""
    text = "".join(format(value, f"0{width}b") for value, width in fields)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


SYNC = (0x498342, 24)
SIZE = ((639, 16), (479, 16))
HEADERS = {
    # frame marker, profile low and high, show_existing_frame, frame_type, show_frame, error_resilient_mode
    bits((2, 2), (0, 2), (0, 1), (0, 1), (1, 1), (0, 1), SYNC, (2, 3), (0, 1), *SIZE): FrameHeader(True, 640, 480),
    bits((2, 2), (2, 2), (0, 1), (0, 1), (1, 1), (0, 1), SYNC, (2, 3), (0, 1), (3, 3), *SIZE): FrameHeader(
        True, 640, 480
    ),
    bits((2, 2), (1, 2), (0, 1), (0, 1), (1, 1), (0, 1), SYNC, (1, 1), (2, 3), (0, 1), *SIZE): FrameHeader(
        True, 640, 480
    ),
    bits((2, 2), (2, 2), (0, 1), (0, 1), (1, 1), (0, 1), SYNC, (7, 3), (0, 1), *SIZE): FrameHeader(True, 640, 480),
    # intra_only, reset_frame_context, refresh_frame_flags
    bits((2, 2), (0, 2), (0, 1), (1, 1), (0, 1), (0, 1), (1, 1), (0, 2), SYNC, (1, 8), *SIZE): FrameHeader(
        False, 640, 480
    ),
    bits((2, 2), (0, 2), (0, 1), (1, 1), (0, 1), (1, 1), (1, 1), SYNC, (1, 8), *SIZE): FrameHeader(False, 640, 480),
    bits((2, 2), (2, 2), (0, 1), (1, 1), (0, 1), (1, 1), (1, 1), SYNC, (2, 3), (0, 4), (1, 8), *SIZE): FrameHeader(
        False, 640, 480
    ),
}
INTER = FrameHeader(False, None, None)


@pytest.mark.parametrize("head", HEADERS, ids=bytes.hex)
def test_heads_that_tell_a_size(head: bytes) -> None:
    assert vp9.read_frame_header(head + b"rest") == HEADERS[head]
    for size in range(len(head)):
        with pytest.raises(PayloadError):
            vp9.read_frame_header(head[:size])


@pytest.mark.parametrize(
    "head",
    [
        bits((2, 2), (0, 2), (1, 1), (5, 3)),
        bits((2, 2), (0, 2), (0, 1), (1, 1), (1, 1), (0, 1)),
        bits((2, 2), (0, 2), (0, 1), (1, 1), (0, 1), (0, 1), (0, 1)),
        bits((2, 2), (2, 2), (0, 1), (1, 1), (1, 1), (1, 1)),
    ],
    ids=["shows an existing frame", "inter", "inter and hidden", "inter of profile 1"],
)
def test_heads_that_tell_none(head: bytes) -> None:
    assert vp9.read_frame_header(head) == INTER


@pytest.mark.parametrize(
    "head",
    [
        bits((1, 2), (0, 30)),
        bits((2, 2), (3, 2), (1, 1), (0, 27)),
        bits((2, 2), (0, 2), (0, 1), (0, 1), (1, 1), (0, 1), (0x498343, 24), (0, 64)),
        bits((2, 2), (0, 2), (0, 1), (0, 1), (1, 1), (0, 1), SYNC, (7, 3), (0, 64)),
    ],
    ids=["frame marker", "reserved profile", "sync code", "RGB in profile 0"],
)
def test_heads_that_are_none(head: bytes) -> None:
    with pytest.raises(PayloadError):
        vp9.read_frame_header(head)


@bounded
@given(st.binary(max_size=60))
def test_nothing_but_the_documented_error(payload: bytes) -> None:
    try:
        descriptor = vp9.read_descriptor(payload)
    except PayloadError:
        return
    assert 0 < descriptor.size <= len(payload)
    try:
        vp9.read_frame_header(payload[descriptor.size :])
    except PayloadError:
        return
