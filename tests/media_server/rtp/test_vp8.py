"""VP8's payload format, against RFC 7741 and real frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp import vp8
from media_server.rtp.errors import PayloadError
from media_server.rtp.packet import VideoCodec
from media_server.rtp.payload import FrameHeader
from tests.fakes.rtp_sender import HEIGHT, WIDTH, encoded_video
from tests.media_server.rtp.bounds import bounded

EVERYTHING = bytes([0xB3, 0xF0, 0x92, 0x34, 0x56, 0xAB])  # X N S PID=3, I L T K, 15 bits of picture ID
DESCRIPTORS = {
    bytes([0x10]): vp8.Vp8Descriptor(1, True, 0, False),
    bytes([0x00]): vp8.Vp8Descriptor(1, False, 0, False),
    bytes([0x27]): vp8.Vp8Descriptor(1, False, 7, True),
    bytes([0x90, 0x00]): vp8.Vp8Descriptor(2, True, 0, False),
    bytes([0x90, 0x80, 0x11]): vp8.Vp8Descriptor(3, True, 0, False, 0x11, 1 << 7),
    bytes([0x90, 0x80, 0x81, 0x23]): vp8.Vp8Descriptor(4, True, 0, False, 0x0123),
    bytes([0x90, 0x40, 0x05]): vp8.Vp8Descriptor(3, True, 0, False, tl0picidx=5),
    bytes([0x90, 0x20, 0xE1]): vp8.Vp8Descriptor(3, True, 0, False, temporal_layer=3, layer_sync=True),
    bytes([0x90, 0x10, 0xE1]): vp8.Vp8Descriptor(3, True, 0, False, keyframe_index=1),
    EVERYTHING: vp8.Vp8Descriptor(6, True, 3, True, 0x1234, 1 << 15, 0x56, 2, True, 0x0B),
}


@pytest.mark.parametrize("payload", DESCRIPTORS, ids=bytes.hex)
def test_descriptors(payload: bytes) -> None:
    assert vp8.read_descriptor(payload + b"rest") == DESCRIPTORS[payload]


@pytest.mark.parametrize("payload", DESCRIPTORS, ids=bytes.hex)
def test_a_descriptor_cut_short_anywhere_is_refused(payload: bytes) -> None:
    for size in range(len(payload)):
        with pytest.raises(PayloadError):
            vp8.read_descriptor(payload[:size])


def test_a_frame_begins_with_its_first_partition() -> None:
    assert vp8.read_descriptor(b"\x10").begins_frame
    assert not vp8.read_descriptor(b"\x11").begins_frame
    assert not vp8.read_descriptor(b"\x00").begins_frame


def test_real_frames() -> None:
    headers = [vp8.read_frame_header(frame.data) for frame in encoded_video(VideoCodec.VP8, 48, frozenset({0, 30}))]
    assert headers[0] == headers[30] == FrameHeader(keyframe=True, width=WIDTH, height=HEIGHT)
    assert {header.keyframe for header in headers[1:30]} == {False}


def test_the_scaling_bits_are_no_part_of_the_size() -> None:
    frame = b"\x00\x00\x00\x9d\x01\x2a" + (0x4000 | 640).to_bytes(2, "little") + (0xC000 | 480).to_bytes(2, "little")
    assert vp8.read_frame_header(frame) == FrameHeader(keyframe=True, width=640, height=480)


@pytest.mark.parametrize(
    "frame",
    [b"", b"\x00", b"\x00\x00\x00\x9d\x01\x2b\x80\x02\xe0\x01", b"\x00\x00\x00\x9d\x01\x2a\x00\x40\xe0\x01"],
    ids=["empty", "short", "no start code", "no width"],
)
def test_keyframes_that_are_none(frame: bytes) -> None:
    with pytest.raises(PayloadError):
        vp8.read_frame_header(frame)


@bounded
@given(st.binary(max_size=40))
def test_nothing_but_the_documented_error(payload: bytes) -> None:
    try:
        descriptor = vp8.read_descriptor(payload)
    except PayloadError:
        return
    assert 0 < descriptor.size <= len(payload)
    try:
        vp8.read_frame_header(payload[descriptor.size :])
    except PayloadError:
        return
