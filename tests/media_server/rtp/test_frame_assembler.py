"""Packets in order, put together: the corners that a whole track hardly reaches."""

import pytest

from media_server.rtp import frame_assembler, vp8
from media_server.rtp.errors import PayloadError
from media_server.rtp.frame_assembler import FrameAssembler
from media_server.rtp.packet import Hole, MediaKind, VideoCodec, VideoFrame
from tests.fakes.rtp_sender import VIDEO_TICKS, FakePacket, encoded_video, video_packets

KEYFRAME = b"\x00\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01"


class Bench:
    """An assembler for VP8 and what came out of it."""

    def __init__(self) -> None:
        self.out: list[VideoFrame | Hole] = []
        self.assembler = FrameAssembler(1, vp8, self.out.append)

    def receive(self, payload: bytes, frame: int, *, marker: int = 0, lost: int = 0, arrival: float = 0.0) -> None:
        packet = FakePacket(timestamp=frame * VIDEO_TICKS, marker=marker, payload=payload)
        self.assembler.receive(packet, arrival, lost)

    def frames(self) -> list[bytes]:
        return [action.data for action in self.out if isinstance(action, VideoFrame)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_frame_arrived_with_the_first_of_its_packets_to_arrive(bench: Bench) -> None:
    bench.receive(b"\x10" + KEYFRAME, 0, arrival=5.3)  # the first one was sent again
    bench.receive(b"\x00rest", 0, arrival=5.1)
    bench.receive(b"\x00end", 0, marker=1, arrival=5.2)
    assert bench.out == [VideoFrame(1, 0, KEYFRAME + b"restend", True, 640, 480, 5.1)]


def test_partitions_after_the_first_belong_to_the_same_frame(bench: Bench) -> None:
    bench.receive(b"\x10" + KEYFRAME, 0)
    bench.receive(b"\x11second", 0)
    bench.receive(b"\x12third", 0, marker=1)
    assert bench.frames() == [KEYFRAME + b"secondthird"]


def test_without_picture_ids_a_gap_between_frames_may_hide_a_frame(bench: Bench) -> None:
    bench.receive(b"\x10" + KEYFRAME, 0, marker=1)
    bench.receive(b"\x10\x01inter", 1, marker=1, lost=1)
    assert bench.frames() == [KEYFRAME]
    assert bench.assembler.wants_keyframe


def test_a_keyframe_after_a_gap_ends_the_hole_it_may_hide(bench: Bench) -> None:
    bench.receive(b"\x10" + KEYFRAME, 0, marker=1)
    bench.receive(b"\x10" + KEYFRAME, 4, marker=1, lost=3)
    hole = bench.out[1]
    assert isinstance(hole, Hole)
    assert (hole.kind, hole.ssrc) == (MediaKind.PICTURE, 1)
    assert VIDEO_TICKS * 0.5 < hole.start_timestamp <= VIDEO_TICKS
    assert hole.end_timestamp == 4 * VIDEO_TICKS
    assert len(bench.frames()) == 2


def test_a_keyframe_with_a_broken_head_is_a_loss(bench: Bench) -> None:
    with pytest.raises(PayloadError):
        bench.receive(b"\x10" + KEYFRAME[:5], 0, marker=1)
    wanted = [bench.assembler.wants_keyframe]
    bench.receive(b"\x10" + KEYFRAME, 1, marker=1)
    wanted.append(bench.assembler.wants_keyframe)
    assert wanted == [True, False]
    assert bench.frames() == [KEYFRAME]


def test_a_frame_that_never_ends_does_not_fill_the_memory(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_assembler, "MAX_FRAME_SIZE", 1000)
    bench.receive(b"\x10" + KEYFRAME, 0)
    for _ in range(100):
        bench.receive(b"\x00" + bytes(100), 0)
    assert bench.assembler._fragments == []
    assert bench.assembler.wants_keyframe


def test_intervals_tell_where_a_hole_begins(bench: Bench) -> None:
    frames = encoded_video(VideoCodec.VP8, 48, frozenset({0, 30}))
    for packet in video_packets(VideoCodec.VP8, frames[:5]):
        bench.assembler.receive(packet, 0.0, 0)
    for packet in video_packets(VideoCodec.VP8, frames[30:31], timestamp=9 * VIDEO_TICKS, picture_id=9):
        bench.assembler.receive(packet, 0.0, 7 if packet.payload[0] & 0x10 else 0)
    assert bench.out[5] == Hole(MediaKind.PICTURE, 1, 5 * VIDEO_TICKS, 9 * VIDEO_TICKS)
