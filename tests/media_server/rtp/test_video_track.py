"""Pictures across everything a network does, with frames of real encoders."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise, permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import Hole, KeyframeWish, MediaKind, Nack, TrackAction, VideoCodec, VideoFrame
from media_server.rtp.video_track import VideoTrack
from tests.fakes.rtp_sender import HEIGHT, VIDEO_TICKS, WIDTH, EncodedFrame, FakePacket, encoded_video, video_packets
from tests.media_server.rtp.bounds import bounded
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


@CODECS
def test_a_frame_is_handed_out_with_its_last_packet(codec: VideoCodec) -> None:
    track = VideoTrack(codec, LossSettings())
    for packet in video_packets(codec, frames_of(codec)):
        track.receive_packet(packet, 0.0)
        assert len(list(track.actions())) == packet.marker


@CODECS
def test_every_order_of_five_packets(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    packets = list(video_packets(codec, frames))
    for start in (3, 40):
        for order in permutations(range(start, start + 5)):
            shuffled = packets[:start] + [packets[index] for index in order] + packets[start + 5 :]
            out = feed(VideoTrack(codec, LossSettings()), shuffled)
            assert [frame.data for frame in out] == [frame.data for frame in frames]


@CODECS
def test_duplicates_change_nothing(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    packets = list(video_packets(codec, frames))
    track = VideoTrack(codec, LossSettings())
    repeated = [copy for index, packet in enumerate(packets) for copy in (packet, packet, packets[max(0, index - 7)])]
    assert [frame.data for frame in feed(track, repeated)] == [frame.data for frame in frames]
    assert track.statistics().received == len(packets)
    assert track.statistics().duplicate == 2 * len(packets)


@CODECS
@pytest.mark.parametrize("seed", range(8))
def test_a_bad_network(codec: VideoCodec, seed: int) -> None:
    """5 % lost each way, 20 ms of jitter, 100 ms of round trip: everything comes back in time."""
    random = Random(seed)
    frames = frames_of(codec)
    network = Network(VideoTrack(codec, LossSettings()))
    network.answer = lambda _nack, _number: random.random() > 0.1
    packets = list(video_packets(codec, frames, sequence_number=65_400))
    for index, packet in enumerate(packets):
        last_or_first = index in {0, len(packets) - 1}
        late = 0.0 if last_or_first else random.uniform(0, 0.02)
        network.send(packet, index * 0.01 + late, lost=not last_or_first and random.random() < 0.05)
    network.run()
    assert [frame.data for frame in network.of(VideoFrame)] == [frame.data for frame in frames]
    assert network.of(Hole) == []


def numbered(packets: Iterable[FakePacket]) -> list[FakePacket]:
    """The same packets with sequence numbers one after the other."""
    return [replace(packet, sequence_number=number) for number, packet in enumerate(packets)]


def with_padding(packets: Iterable[FakePacket]) -> Iterator[FakePacket]:
    """Two packets of padding after each frame, as Chromium probes the network."""
    for packet in packets:
        yield packet
        if packet.marker:
            yield from [replace(packet, marker=0, payload=b"")] * 2


@CODECS
def test_padding_is_no_picture_and_no_loss(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    track = VideoTrack(codec, LossSettings())
    out = feed(track, numbered(with_padding(video_packets(codec, frames))))
    assert [frame.data for frame in out] == [frame.data for frame in frames]
    assert track.next_timeout() is None


@CODECS
def test_lost_padding_costs_no_keyframe(codec: VideoCodec) -> None:
    """The picture IDs go on without a gap, so no frame can be missing."""
    frames = frames_of(codec)
    packets = numbered(with_padding(video_packets(codec, frames)))
    network = Network(VideoTrack(codec, LossSettings()))
    network.answer = lambda _nack, _number: False
    gone = [index for index, packet in enumerate(packets) if not packet.payload]
    send_all(network, packets, interval=0.01, lost=gone[:-2])
    network.run()
    assert [frame.data for frame in network.of(VideoFrame)] == [frame.data for frame in frames]
    assert network.of(KeyframeWish) == []


@CODECS
def test_wishes_are_repeated_until_the_keyframe_comes(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    network = Network(VideoTrack(codec, LossSettings()))
    send_all(network, video_packets(codec, frames[1:4]), interval=0.01)  # the stream is joined in its middle
    network.run(until=2.2)
    wishes = [time for time, action in network.actions if isinstance(action, KeyframeWish)]
    assert wishes == pytest.approx([wishes[0] + 0.5 * times for times in range(5)])
    assert network.of(VideoFrame) == []
    number = len(list(video_packets(codec, frames[1:4])))
    keyframe = video_packets(codec, frames[:1], sequence_number=number, timestamp=50 * VIDEO_TICKS)
    send_all(network, keyframe, interval=0.0)
    network.run(until=9.0)
    assert [frame.data for frame in network.of(VideoFrame)] == [frames[0].data]
    assert network.of(Hole) == [Hole(MediaKind.PICTURE, 1, 0, 50 * VIDEO_TICKS)]
    assert len(network.of(KeyframeWish)) == len(wishes)
    assert network.track.next_timeout() is None


@CODECS
def test_a_keyframe_waits_for_what_may_still_come_back(codec: VideoCodec) -> None:
    frames = frames_of(codec)[28:33]
    packets = list(video_packets(codec, [frames_of(codec)[0], *frames], max_payload=1200))
    first = next(index for index, packet in enumerate(packets) if packet.timestamp == VIDEO_TICKS)
    network = Network(VideoTrack(codec, LossSettings()), round_trip=0.3)
    send_all(network, packets, interval=0.01, lost=[first])
    network.run()
    assert [frame.data for frame in network.of(VideoFrame)] == [frames_of(codec)[0].data, *(f.data for f in frames)]


@CODECS
def test_another_ssrc_takes_over(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    packets = list(video_packets(codec, frames[:20]))
    packets += video_packets(codec, frames[:20], ssrc=9, sequence_number=40_000, timestamp=123)
    out = feed(VideoTrack(codec, LossSettings()), packets)
    assert [(frame.ssrc, frame.data) for frame in out] == [
        (ssrc, frame.data) for ssrc in (1, 9) for frame in frames[:20]
    ]


@CODECS
def test_what_is_whole_of_the_old_ssrc_comes_first(codec: VideoCodec) -> None:
    """A keyframe stands behind a hole when the new SSRC takes over: the hole is given up, the keyframe handed out."""
    frames = frames_of(codec)
    old = list(video_packets(codec, frames[28:31], max_payload=1200))
    first = next(index for index, packet in enumerate(old) if packet.timestamp == VIDEO_TICKS)
    start = list(video_packets(codec, frames[:1], sequence_number=0xFFFF, timestamp=-VIDEO_TICKS, max_payload=10**6))
    track = VideoTrack(codec, LossSettings())
    out = feed(track, [*start, *old[:first], *old[first + 1 :], *video_packets(codec, frames[:1], ssrc=9)])
    assert [frame.data for frame in out] == [frame.data for frame in (frames[0], frames[28], frames[30], frames[0])]


@CODECS
def test_a_stray_ssrc_and_late_packets_of_the_old_one_change_nothing(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    old = list(video_packets(codec, frames[:10]))
    new = list(video_packets(codec, frames[:10], ssrc=9))
    stray = FakePacket(ssrc=77, payload=b"\x10\x00")
    out = feed(VideoTrack(codec, LossSettings()), [*old[:9], stray, *old[9:], *new[:12], *old[-5:], stray, *new[12:]])
    assert [(frame.ssrc, frame.data) for frame in out] == [
        (ssrc, frame.data) for ssrc in (1, 9) for frame in frames[:10]
    ]


@CODECS
def test_an_ssrc_may_come_back(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    first = list(video_packets(codec, frames[:5]))
    again = video_packets(codec, frames[:5], sequence_number=len(first), timestamp=10 * VIDEO_TICKS)
    out = feed(VideoTrack(codec, LossSettings()), [*first, *video_packets(codec, frames[:5], ssrc=9), *again])
    assert [(frame.ssrc, frame.data) for frame in out] == [
        (ssrc, frame.data) for ssrc in (1, 9, 1) for frame in frames[:5]
    ]


def test_many_ssrcs_are_not_remembered_for_ever() -> None:
    track = VideoTrack(VideoCodec.VP8, LossSettings())
    frames = frames_of(VideoCodec.VP8)
    for ssrc in range(200):
        track.receive_packet(FakePacket(ssrc=10_000 + ssrc, payload=b"\x10\x00"), 0.0)
        feed(track, video_packets(VideoCodec.VP8, frames[:1], ssrc=ssrc))
    assert len(track._retired) < 10
    assert len(track._challenger) <= 1


@CODECS
def test_a_frame_that_its_sender_threw_away_half_sent_is_dropped(codec: VideoCodec) -> None:
    """libwebrtc does so when a keyframe is ready behind it, and leaves no sequence number out."""
    frames = frames_of(codec)
    packets = list(video_packets(codec, frames, max_payload=40))
    last_of_29 = max(index for index, packet in enumerate(packets) if packet.timestamp == 29 * VIDEO_TICKS)
    assert packets[last_of_29 - 1].timestamp == packets[last_of_29].timestamp, "the frame takes several packets"
    kept = packets[:last_of_29] + [
        replace(packet, sequence_number=packet.sequence_number - 1) for packet in packets[last_of_29 + 1 :]
    ]
    track = VideoTrack(codec, LossSettings())
    actions: list[TrackAction] = []
    for index, packet in enumerate(kept):
        track.receive_packet(packet, index * 0.005)
        actions += track.actions()
    out = [action for action in actions if isinstance(action, VideoFrame)]
    assert [frame.data for frame in out] == [frame.data for number, frame in enumerate(frames) if number != 29]
    holes = [action for action in actions if isinstance(action, Hole)]
    assert [(hole.start_timestamp, hole.end_timestamp) for hole in holes] == [(29 * VIDEO_TICKS, 30 * VIDEO_TICKS)]


@CODECS
def test_a_sender_that_sets_no_marker(codec: VideoCodec) -> None:
    """The next frame's beginning ends the one before; VP9's descriptor tells the end itself."""
    frames = frames_of(codec)
    out = feed(VideoTrack(codec, LossSettings()), [replace(p, marker=0) for p in video_packets(codec, frames)])
    missing = 1 if codec is VideoCodec.VP8 else 0
    assert [frame.data for frame in out] == [frame.data for frame in frames[: len(frames) - missing]]


@CODECS
def test_a_payload_that_cannot_be_read_is_a_loss(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    packets = list(video_packets(codec, frames))
    broken = next(index for index, packet in enumerate(packets) if packet.timestamp == 5 * VIDEO_TICKS)
    packets[broken] = replace(packets[broken], payload=packets[broken].payload[:1])
    track = VideoTrack(codec, LossSettings())
    out = feed(track, packets)
    assert [frame.data for frame in out] == [frame.data for frame in frames[:5] + frames[30:]]
    assert track.statistics().malformed == 1


def test_upper_spatial_layers_are_left_out() -> None:
    frames = frames_of(VideoCodec.VP9)
    packets: list[FakePacket] = []
    for packet in video_packets(VideoCodec.VP9, frames):
        packets.append(replace(packet, marker=0))
        if packet.marker:  # the same again as spatial layer 1, which ends the picture
            upper = packet.payload[:3] + b"\x02" + packet.payload[4:]
            packets.append(replace(packet, payload=upper))
    out = feed(VideoTrack(VideoCodec.VP9, LossSettings()), numbered(packets))
    assert [frame.data for frame in out] == [frame.data for frame in frames]


@CODECS
def test_a_flush_tells_what_is_missing_and_more_may_follow(codec: VideoCodec) -> None:
    frames = frames_of(codec)
    packets = list(video_packets(codec, frames))
    half = next(index for index, packet in enumerate(packets) if packet.timestamp == 5 * VIDEO_TICKS) + 1
    network = Network(VideoTrack(codec, LossSettings()))
    send_all(network, packets[:half], interval=0.01)
    network.run()
    network.flush()
    network.flush()
    send_all(network, packets[half:], interval=0.01)
    network.run()
    network.flush()
    assert [frame.data for frame in network.of(VideoFrame)] == [frame.data for frame in frames[:5] + frames[30:]]
    assert network.of(Hole) == [
        Hole(MediaKind.PICTURE, 1, 5 * VIDEO_TICKS, 6 * VIDEO_TICKS),
        Hole(MediaKind.PICTURE, 1, 6 * VIDEO_TICKS, 30 * VIDEO_TICKS),
    ]


@CODECS
@pytest.mark.parametrize("jump", [600, 30_000, 50_000])
def test_a_large_jump_is_a_new_beginning(codec: VideoCodec, jump: int) -> None:
    """Nobody is asked for thousands of packets; 50000 ahead is a step back, a sender that began anew."""
    frames = frames_of(codec)
    first = list(video_packets(codec, frames[:10], sequence_number=100))
    after = video_packets(codec, frames, sequence_number=100 + len(first) + jump, timestamp=100 * VIDEO_TICKS)
    network = Network(VideoTrack(codec, LossSettings()))
    send_all(network, [*first, *after], interval=0.01)
    network.run()
    out = network.of(VideoFrame)
    restarted = 30 if jump > 2**15 else 0  # the first packet of a restart is refused, and with it the keyframe
    assert [frame.data for frame in out] == [frame.data for frame in frames[:10] + frames[restarted:]]
    assert network.of(Nack) == []
    assert network.track.statistics().lost == (jump if jump < 2**15 else 0)


PACKETS = st.lists(
    st.builds(
        FakePacket,
        ssrc=st.integers(1, 3),
        sequence_number=st.one_of(st.integers(0, 40), st.integers(0, 0xFFFF)),
        timestamp=st.one_of(st.integers(0, 5).map(lambda n: n * VIDEO_TICKS), st.integers(0, 0xFFFFFFFF)),
        marker=st.integers(0, 1),
        payload=st.one_of(st.binary(max_size=20), st.sampled_from([b"\x10\x01", b"\x8c\x01\x86", b"\x00\x01"])),
    ),
    max_size=80,
)


@bounded
@CODECS
@given(packets=PACKETS, step=st.floats(0, 0.3))
def test_whatever_comes_raises_nothing_and_ends(codec: VideoCodec, packets: list[FakePacket], step: float) -> None:
    track = VideoTrack(codec, LossSettings())
    now = 0.0
    for packet in packets:
        now += step
        track.receive_packet(packet, now)
        timeout = track.next_timeout()
        if timeout is not None and timeout <= now:
            track.handle_timeout(now)
            after = track.next_timeout()
            assert after is None or after > now
    list(track.actions())
    track.flush(now)
    list(track.actions())
    assert track.next_timeout() is None
    assert track.statistics().received + track.statistics().duplicate <= len(packets)
