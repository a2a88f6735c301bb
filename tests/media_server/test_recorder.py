"""The recorder: real encoded media as RTP in, a file that FFmpeg reads out."""

from itertools import pairwise

import pytest

from media_server.recording.events import EndReason, PartGap, Trouble
from media_server.recording.recorder import EndForOverCap, SlowDown
from media_server.rtp.media_time import SOUND_LAG_MS
from media_server.rtp.packet import KeyframeWish, MediaKind, Nack, VideoCodec
from tests.fakes.rtp_sender import encoded_sound, encoded_video
from tests.media_server.sender import Arrival, bench, stretch


@pytest.mark.parametrize("codec", list(VideoCodec))
def test_what_was_encoded_lies_in_the_file_untouched(codec: VideoCodec) -> None:
    recording = bench(codec)
    recording.feed(stretch(codec))
    recording.close()
    assert [data for _, data in recording.packets("audio")] == encoded_sound(100)
    assert [data for _, data in recording.packets("video")] == [
        f.data for f in encoded_video(codec, 48, frozenset({0}))
    ]
    assert len(list(recording.decoded("video"))) == 48


def test_the_report_tells_what_lies_there() -> None:
    recording = bench()
    recording.feed(stretch())
    recording.close()
    report = recording.recorder.report(EndReason.FINISHED)
    assert (report.video_codec, report.audio_codec, report.width, report.height) == ("VP8", "opus", 160, 120)
    assert report.size_bytes == len(recording.file)
    assert report.duration_ms == pytest.approx(2000, abs=45)
    assert len(report.windows) == 1


def test_a_file_that_nobody_closed_plays_as_it_lies() -> None:
    recording = bench()
    recording.feed(stretch())
    assert len(recording.packets("audio")) == 100
    assert len(list(recording.decoded("video"))) >= 47  # the last frame may still be waiting for its end


def test_lost_sound_is_asked_for_then_filled_and_written_down() -> None:
    recording = bench()
    lost = range(30, 36)
    recording.feed(a for a in stretch() if not (a.kind is MediaKind.SOUND and a.packet.sequence_number in lost))
    recording.close()
    asked = {number for nack in recording.wanted(Nack) if isinstance(nack, Nack) for number in nack.sequence_numbers}
    assert set(lost) <= asked
    times = [at for at, _ in recording.packets("audio")]
    assert len(times) == 100
    assert all(abs(after - before - 20) <= 1 for before, after in pairwise(times))
    (gap,) = recording.wanted(PartGap)
    assert gap == PartGap(MediaKind.SOUND, 600, 720, "lost")


def test_a_lost_picture_takes_those_that_need_it_along_until_the_next_keyframe() -> None:
    recording = bench()
    arrivals = stretch(keyframes=(0, 36))
    victim = next(a.packet.sequence_number for a in arrivals if a.kind is MediaKind.PICTURE and a.at > 0.4)
    recording.feed(a for a in arrivals if not (a.kind is MediaKind.PICTURE and a.packet.sequence_number == victim))
    recording.close()
    assert recording.wanted(KeyframeWish)
    (gap,) = recording.wanted(PartGap)
    assert isinstance(gap, PartGap)
    assert gap.kind is MediaKind.PICTURE
    assert gap.reason == "lost"
    assert gap.end_ms == pytest.approx(1500, abs=15)
    assert len(list(recording.decoded("video"))) == len(recording.packets("video"))


def test_a_retransmission_in_time_leaves_no_trace() -> None:
    recording = bench()
    arrivals = stretch()
    late = [
        Arrival(a.at + 0.2, a.kind, a.packet) if a.packet.sequence_number % 17 == 5 and a.at < 1.5 else a
        for a in arrivals
    ]
    recording.feed(sorted(late, key=lambda arrival: arrival.at))
    recording.close()
    assert recording.wanted(PartGap) == []
    assert [data for _, data in recording.packets("audio")] == encoded_sound(100)
    assert len(recording.packets("video")) == 48


def test_while_the_disk_is_full_nothing_is_written_and_afterwards_the_hole_is_known() -> None:
    recording = bench()
    arrivals = stretch(seconds=4, keyframes=(0, 72))
    recording.feed(a for a in arrivals if a.at < 1.0)
    recording.recorder.hold(101.0, Trouble.FULL)
    size = len(recording.file)
    recording.feed(a for a in arrivals if 1.0 <= a.at < 2.0)
    assert len(recording.file) == size
    assert recording.recorder.received_ms(102.0) >= 1_900
    recording.recorder.release()
    recording.carry_out()
    recording.feed(a for a in arrivals if a.at >= 2.0)
    recording.close()
    assert recording.wanted(KeyframeWish)
    gaps = {gap.kind: gap for gap in recording.wanted(PartGap) if isinstance(gap, PartGap)}
    assert {gap.reason for gap in gaps.values()} == {"disk_full"}
    assert gaps[MediaKind.SOUND].end_ms - gaps[MediaKind.SOUND].start_ms == pytest.approx(1000, abs=25)
    times = [at for at, _ in recording.packets("audio")]
    assert all(abs(after - before - 20) <= 1 for before, after in pairwise(times))


def test_a_part_closed_in_place_goes_on_when_packets_return() -> None:
    recording = bench()
    arrivals = stretch(seconds=3, keyframes=(0, 36))
    recording.feed(a for a in arrivals if a.at < 1.0)
    recording.close(106.0)
    closed = len(list(recording.decoded("video")))
    assert closed >= 23
    recording.recorder.reopen()
    recording.feed(a for a in arrivals if a.at >= 1.5)
    recording.close()
    times = [at for at, _ in recording.packets("audio")]
    assert all(abs(after - before - 20) <= 1 for before, after in pairwise(times))
    assert times[-1] == pytest.approx(2980, abs=5)
    assert len(list(recording.decoded("video"))) > closed


def test_saved_follows_the_synced_length() -> None:
    recording = bench()
    recording.feed(a for a in stretch() if a.at < 1.0)
    half = len(recording.file)
    recording.feed(a for a in stretch() if a.at >= 1.0)
    recording.recorder.receive_synced(half)
    assert recording.recorder.saved_ms == pytest.approx(1000, abs=45)
    recording.recorder.receive_synced(len(recording.file))
    assert recording.recorder.saved_ms == pytest.approx(2000, abs=45)


def test_a_camera_that_stands_still_does_not_hold_the_sound_back() -> None:
    recording = bench()
    arrivals = [a for a in stretch(seconds=4) if a.kind is MediaKind.SOUND or a.at < 1.0]
    recording.feed(arrivals)
    assert recording.packets("audio")[-1][0] == pytest.approx(3980, abs=5)


def test_a_sender_that_ignores_its_cap_is_told_and_then_ended() -> None:
    recording = bench()
    packet = next(a.packet for a in stretch() if a.kind is MediaKind.PICTURE)
    heavy = type(packet)(ssrc=9, payload=bytes(60_000), marker=1)  # type: ignore[call-arg]  # the fake takes keywords
    for second in range(50):
        heavy.sequence_number = second
        recording.recorder.receive_packet(MediaKind.PICTURE, heavy, float(second))
        recording.recorder.tick(float(second))
    recording.carry_out()
    kinds = [type(action) for action in recording.others if isinstance(action, SlowDown | EndForOverCap)]
    assert kinds[:2] == [SlowDown, EndForOverCap]


def test_a_keyframe_is_asked_for_when_none_came_for_ten_seconds() -> None:
    recording = bench()
    recording.feed(stretch())
    recording.others.clear()
    recording.recorder.tick(102.0)
    recording.carry_out()
    assert recording.wanted(KeyframeWish) == []
    recording.recorder.tick(110.5)
    recording.carry_out()
    assert recording.wanted(KeyframeWish) == [KeyframeWish(1)]


def test_sound_alone_makes_a_file_that_declares_no_picture_once_it_is_closed() -> None:
    recording = bench()
    recording.feed(a for a in stretch() if a.kind is MediaKind.SOUND)
    recording.close()
    report = recording.recorder.report(EndReason.FINISHED)
    assert (report.video_codec, report.audio_codec) == (None, "opus")
    assert len(list(recording.decoded("audio"))) >= 99


def test_a_moment_is_found_by_the_senders_clock_once_it_is_known_and_by_its_arrival_otherwise() -> None:
    it = bench(VideoCodec.VP9)
    assert it.recorder.locate(5000.0, 100.0, final=True) is None
    it.feed(stretch(VideoCodec.VP9))
    assert it.recorder.locate(5000.5, 100.5, final=False) is None, "the sender's clock may still be told"
    assert it.recorder.locate(None, 100.5, final=False) == pytest.approx(500, abs=25)
    assert it.recorder.locate(5000.5, 100.52, final=True) == pytest.approx(520, abs=25)
    it.recorder.receive_sender_report(MediaKind.SOUND, 2, 5000.0, 0, 102.0)
    assert it.recorder.locate(5000.5, 100.9, final=False) == pytest.approx(500 + SOUND_LAG_MS, abs=1)
    assert it.recorder.locate(4900.0, 101.0, final=False) == pytest.approx(1000, abs=25), "a clock that lies"
    assert it.recorder.locate(4999.5, 99.9, final=False) == 0, "before the part"
