"""Pictures across everything a network does, with frames of real encoders."""

from collections.abc import Iterable
from itertools import combinations, pairwise

import pytest

from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import Hole, KeyframeWish, MediaKind, Nack, VideoCodec, VideoFrame
from media_server.rtp.video_track import VideoTrack
from tests.fakes.rtp_sender import HEIGHT, VIDEO_TICKS, WIDTH, EncodedFrame, FakePacket, encoded_video, video_packets
from tests.media_server.rtp.network import Network, send_all

KEYFRAMES = frozenset({0, 30})
CODECS = pytest.mark.parametrize("codec", list(VideoCodec))


def frames_of(codec: VideoCodec) -> list[EncodedFrame]:
    return encoded_video(codec, 48, KEYFRAMES)


def feed(track: VideoTrack, packets: Iterable[FakePacket]) -> list[VideoFrame]:
    """Feed packets 5 ms apart; the frames that come out."""
    out: list[VideoFrame] = []
    for index, packet in enumerate(packets):
        track.receive_packet(packet, index * 0.005)
        out += [action for action in track.actions() if isinstance(action, VideoFrame)]
    return out


@CODECS
def test_frames_come_out_as_they_were_encoded(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    out = feed(VideoTrack(codec, LossSettings()), video_packets(codec, frames, timestamp=7))
    assert [frame.data for frame in out] == [frame.data for frame in frames]
    assert [index for index, frame in enumerate(out) if frame.keyframe] == sorted(KEYFRAMES)
    assert [frame.rtp_timestamp for frame in out] == [7 + VIDEO_TICKS * index for index in range(48)]
    assert (out[0].width, out[0].height) == (WIDTH, HEIGHT)
    assert (out[1].width, out[1].height) == (None, None)


@CODECS
def test_every_counter_may_wrap(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    packets = video_packets(
        codec, frames, sequence_number=65_500, timestamp=2**32 - 20 * VIDEO_TICKS, picture_id=2**15 - 5
    )
    out = feed(VideoTrack(codec, LossSettings()), packets)
    assert [frame.data for frame in out] == [frame.data for frame in frames]
    assert out[-1].rtp_timestamp == 2**32 + 27 * VIDEO_TICKS


@CODECS
def test_five_percent_lost_and_sent_again(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    packets = list(video_packets(codec, frames))
    network = Network(VideoTrack(codec, LossSettings()))
    send_all(network, packets, interval=0.005, lost=range(10, len(packets) - 1, 20))
    network.run()
    assert [frame.data for frame in network.of(VideoFrame)] == [frame.data for frame in frames]
    assert network.of(Hole) == []
    assert network.of(KeyframeWish) == []
    assert network.track.statistics().lost == 0
    assert network.track.statistics().recovered == len(range(10, len(packets) - 1, 20))
    assert len(network.of(Nack)) > 0


@CODECS
def test_what_never_comes_is_given_up_until_the_next_keyframe(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    packets = list(video_packets(codec, frames))
    gone = next(index for index, packet in enumerate(packets) if packet.timestamp == 5 * VIDEO_TICKS)
    network = Network(VideoTrack(codec, LossSettings()))
    network.answer = lambda _nack, _number: False
    send_all(network, packets, interval=0.01, lost=[gone])
    network.run()
    out = network.of(VideoFrame)
    assert [frame.data for frame in out] == [frame.data for frame in frames[:5] + frames[30:]]
    assert network.of(Hole) == [Hole(MediaKind.PICTURE, 1, 5 * VIDEO_TICKS, 30 * VIDEO_TICKS)]
    wishes = [time for time, action in network.actions if isinstance(action, KeyframeWish)]
    assert wishes[0] == pytest.approx((gone + 1) * 0.01 + 0.5)
    assert all(later - earlier >= 0.499 for earlier, later in pairwise(wishes))


@CODECS
@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_pattern_of_loss_in_a_short_run(codec: VideoCodec, count: int) -> None:
    """Whatever is lost for good, what comes out is what was sent, in order, and decodable."""
    frames = frames_of(codec)[26:34]  # four that need what came before, a keyframe, three that need it
    packets = list(video_packets(codec, frames, max_payload=1200))
    for lost in combinations(range(len(packets)), count):
        network = Network(VideoTrack(codec, LossSettings()))
        network.answer = lambda _nack, _number: False
        send_all(network, packets, interval=0.01, lost=lost)
        network.run()
        network.flush()
        out = [frame.data for frame in network.of(VideoFrame)]
        broken = {packets[index].timestamp // VIDEO_TICKS for index in lost}
        whole = [4 + index for index in range(4) if not broken & set(range(4, 5 + index))]
        assert out == [frames[index].data for index in whole]
