"""Sound and picture on one timeline."""

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.media_time import MediaTime, SenderClock, SoundPlace
from media_server.rtp.packet import MediaKind, SoundFrame, VideoFrame
from tests.media_server.rtp.bounds import bounded

SOUND_START = 2**32 - 48_000 * 40  # so that both timestamps wrap within every run
PICTURE_START = 2**32 - 90_000 * 50
WALL = 1_770_000_000.0  # what the sender's clock shows when ours shows 0
FRAME_MS = 1000 / 24


def sound(timestamp: int, arrival: float, *, ssrc: int = 2, samples: int = 960) -> SoundFrame:
    return SoundFrame(ssrc, timestamp, b"\x78", samples, arrival)


def picture(timestamp: int, arrival: float, *, ssrc: int = 1) -> VideoFrame:
    return VideoFrame(ssrc, timestamp, b"\x01", keyframe=False, width=None, height=None, arrival=arrival)


@dataclass
class Sender:
    """A sender in real time: everything is captured at true seconds, stamped, and arrives after a delay."""

    drift: float = 0.0
    "By how much the sound clock is fast."
    sound_delay: float = 0.04
    picture_delay: float = 0.06
    jitter: float = 0.0
    report_noise: float = 0.0
    random: Random = field(default_factory=lambda: Random(1))
    time: MediaTime = field(default_factory=MediaTime)

    def sound_timestamp(self, at: float) -> int:
        return SOUND_START + round(at * 48_000 * (1 + self.drift))

    def picture_timestamp(self, at: float) -> int:
        return PICTURE_START + round(at * 90_000)

    def send_sound(self, at: float) -> SoundPlace:
        """A packet of 20 ms captured from `at` on."""
        return self.time.place_sound(sound(self.sound_timestamp(at), at + 0.02 + self._delay(self.sound_delay)))

    def send_picture(self, at: float) -> int:
        return self.time.place_picture(picture(self.picture_timestamp(at), at + self._delay(self.picture_delay)))

    def report(self, kind: MediaKind, at: float, *, step: float = 0.0) -> None:
        """A sender report; `step` is what somebody turned the sender's wall clock by."""
        stamp = self.sound_timestamp(at) if kind is MediaKind.SOUND else self.picture_timestamp(at)
        ssrc = 2 if kind is MediaKind.SOUND else 1
        ntp = WALL + at + step + self.random.gauss(0, self.report_noise)
        self.time.receive_sender_report(kind, ssrc, ntp, stamp & 0xFFFFFFFF, at + self._delay(0.02))

    def _delay(self, least: float) -> float:
        return least + self.random.expovariate(1 / self.jitter) if self.jitter else least


def test_a_part_begins_with_its_first_frame() -> None:
    time = MediaTime()
    assert time.place_picture(picture(1234, 100.0)) == 0
    assert time.place_sound(sound(77, 100.25)) == SoundPlace(start_ms=230.0, lost_samples=0)


def test_sound_first_is_the_beginning() -> None:
    time = MediaTime()
    assert time.place_sound(sound(77, 100.0)) == SoundPlace(0.0, 0)
    assert time.place_picture(picture(1234, 100.0)) == 20  # the sound that arrived with it began 20 ms ago


def test_sound_counts_its_samples_whatever_the_network_does() -> None:
    time = MediaTime()
    arrivals = [1.0, 1.5, 1.5, 1.51, 1.52]
    places = [time.place_sound(sound(960 * index, arrival)) for index, arrival in enumerate(arrivals)]
    assert places == [SoundPlace(20.0 * index, 0) for index in range(5)]


def test_a_jump_forward_is_filled_and_a_jump_back_never_goes_back() -> None:
    time = MediaTime()
    time.place_sound(sound(0, 1.0))
    assert time.place_sound(sound(960 + 1440, 1.05)) == SoundPlace(50.0, 1440)
    assert time.place_sound(sound(960, 1.07)) == SoundPlace(70.0, 0)  # an overlap
    assert time.place_sound(sound(1920, 1.09)) == SoundPlace(90.0, 0)


@pytest.mark.parametrize("jump", [2**31 - 5000, -(2**30), 48_000 * 3600])
def test_timestamps_that_make_no_sense_are_placed_by_arrival(jump: int) -> None:
    time = MediaTime()
    for index in range(50):
        time.place_sound(sound(960 * index, 1.0 + 0.02 * index))
    assert time.place_sound(sound(960 * 50 + jump, 2.5)) == SoundPlace(1500.0, 24_000)
    assert time.place_sound(sound(960 * 51 + jump, 2.52)) == SoundPlace(1520.0, 0)


def test_a_new_ssrc_goes_on_by_arrival_and_never_overlaps() -> None:
    time = MediaTime()
    for index in range(50):
        time.place_sound(sound(960 * index, 1.0 + 0.02 * index))
    assert time.place_sound(sound(5, 2.01, ssrc=3)) == SoundPlace(1010.0, 480)
    assert time.place_sound(sound(5, 2.011, ssrc=4)) == SoundPlace(1030.0, 0)
    assert time.place_sound(sound(965, 2.03, ssrc=4)) == SoundPlace(1050.0, 0)


def test_a_sender_that_paused_without_counting_is_caught_up_with() -> None:
    time = MediaTime()
    for index in range(500):
        time.place_sound(sound(960 * index, 1.0 + 0.02 * index))
    places = [time.place_sound(sound(960 * index, 6.0 + 0.02 * index)) for index in range(500, 1100)]
    assert [place.lost_samples for place in places if place.lost_samples] == [240_000]
    assert places[-1].start_ms == pytest.approx(1099 * 20 + 5000, abs=11)


def test_a_queue_that_drains_is_no_pause() -> None:
    time = MediaTime()
    lost = 0
    for index in range(2000):
        sent = 0.02 * index
        late = max(0.0, 5.0 - (sent - 10.0)) if sent >= 10.0 else 0.0  # nothing for 5 s, then all at once
        lost += time.place_sound(sound(960 * index, 1.0 + sent + late)).lost_samples
    assert lost == 0


def test_pictures_before_any_report_are_placed_by_arrival_without_its_jitter() -> None:
    sender = Sender(jitter=0.01)
    placed = [sender.send_picture(index / 24) for index in range(480)]
    steps = [later - earlier for earlier, later in pairwise(placed)]
    assert all(abs(step - FRAME_MS) <= 5.01 for step in steps)
    assert all(abs(step - FRAME_MS) <= 2 for step in steps[48:])


def test_pictures_move_gently_to_where_the_sender_says() -> None:
    """Pictures come 200 ms late; by arrival they stand too late, and only reports tell."""
    sender = Sender(picture_delay=0.24)
    offsets: list[float] = []
    known: list[SenderClock] = []
    for frame in range(24 * 20):
        at = frame / 24
        sender.send_sound(at)
        if frame == 24:
            sender.report(MediaKind.PICTURE, at)
        if frame == 72:
            sender.report(MediaKind.SOUND, at)
        known.append(sender.time.sender_clock)
        offsets.append(sender.send_picture(at) - at * 1000)
    changes = [abs(later - earlier) for earlier, later in pairwise(offsets)]
    assert known == [SenderClock.UNKNOWN] * 72 + [SenderClock.MAPPED] * (24 * 20 - 72)
    assert offsets[71] == pytest.approx(200, abs=3)
    assert offsets[-1] == pytest.approx(0, abs=3)
    assert max(changes) <= 5.01


@dataclass
class Run:
    """What a long run measured."""

    errors: list[float] = field(default_factory=list)
    "By how many milliseconds the picture stands later than sound captured at the same moment."
    placed: list[int] = field(default_factory=list)


def run(
    sender: Sender, seconds: int, *, stalled: range = range(0), silent: range = range(0), reports: bool = True
) -> Run:
    """Sound and picture side by side; coarse in time, since frames between add nothing."""
    result = Run()
    sound_anchor = (0.0, 0.0)
    for tick in range(seconds * 10):
        at = tick / 10
        if int(at) not in silent:
            place = sender.send_sound(at)
            sound_anchor = (at, place.start_ms)
        if int(at) not in stalled:
            shown = sender.send_picture(at)
            true = sound_anchor[1] + (at - sound_anchor[0]) * 1000 * (1 + sender.drift)
            result.errors.append(shown - true)
            result.placed.append(shown)
        if reports and tick % 10 == 5:
            sender.report(MediaKind.PICTURE, at)
        if reports and tick % 50 == 24:
            sender.report(MediaKind.SOUND, at)
    assert all(later > earlier for earlier, later in pairwise(result.placed))
    return result


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_slow_drift_over_three_hours(drift: float) -> None:
    sender = Sender(drift=drift, jitter=0.01, report_noise=0.002)
    result = run(sender, 3 * 3600)
    assert max(abs(error) for error in result.errors[100:]) < 20


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_slow_drift_over_three_hours_without_a_wall_clock(drift: float) -> None:
    """By arrival alone: the paths' different delays show, the drift does not."""
    sender = Sender(drift=drift, jitter=0.01)
    result = run(sender, 3 * 3600, reports=False)
    assert sender.time.sender_clock is SenderClock.UNKNOWN
    assert max(abs(error - 20) for error in result.errors[100:]) < 20


def test_noise_in_reports_does_not_show() -> None:
    """Reports are off by a few milliseconds, one by 20; pictures stay smooth."""
    sender = Sender(report_noise=0.003)
    result = run(sender, 600)
    sender.report(MediaKind.PICTURE, 600.0, step=0.02)
    steps = [later - earlier for earlier, later in pairwise(result.placed[200:])]
    assert all(abs(step - 100) <= 2 for step in steps)
    assert max(abs(error) for error in result.errors[200:]) < 8


def test_a_sound_clock_that_slips_is_followed() -> None:
    """As Chromium's fake microphone does: 10 ms every 30 s are simply not sent."""
    time = MediaTime()
    sound_at: tuple[float, float] = (0.0, 0.0)
    errors: list[float] = []
    for tick in range(6000):
        at = tick / 10
        slipped = int(at / 30) * 480
        stamp = round(at * 48_000) - slipped
        sound_at = (at, time.place_sound(sound(stamp, at + 0.06)).start_ms)
        errors.append(time.place_picture(picture(round(at * 90_000), at + 0.06)) - sound_at[1])
        if tick % 10 == 5:
            time.receive_sender_report(MediaKind.PICTURE, 1, WALL + at, round(at * 90_000), at + 0.02)
        if tick % 50 == 24:
            time.receive_sender_report(MediaKind.SOUND, 2, WALL + at, stamp, at + 0.02)
    assert max(abs(error) for error in errors[100:]) < 20


def test_a_long_stall_of_the_camera_keeps_its_length() -> None:
    for reports in (True, False):
        result = run(Sender(jitter=0.005), 300, stalled=range(100, 180), reports=reports)
        after = result.placed.index(next(placed for placed in result.placed if placed > 150_000))
        assert 80_000 <= result.placed[after] - result.placed[after - 1] <= 80_200
        assert max(abs(error - 20 * (not reports)) for error in result.errors[100:]) < 20


def test_a_camera_whose_clock_stands_still_is_caught_up_with() -> None:
    time = MediaTime()
    placed = [time.place_picture(picture(3750 * index, index / 24)) for index in range(480)]
    placed += [time.place_picture(picture(3750 * index, 10 + index / 24)) for index in range(480, 960)]
    assert placed[-1] == pytest.approx((10 + 959 / 24) * 1000, abs=5)
    assert sum(later - earlier > 1000 for earlier, later in pairwise(placed)) == 1
    assert all(later > earlier for earlier, later in pairwise(placed))


def test_silence_of_the_sound_while_the_picture_goes_on() -> None:
    for reports in (True, False):
        sender = Sender(jitter=0.005)
        result = run(sender, 300, silent=range(100, 180), reports=reports)
        assert max(abs(error - 20 * (not reports)) for error in result.errors[100:]) < 20
        assert sender.send_sound(300.0).start_ms == pytest.approx(300_000, abs=70)


@pytest.mark.parametrize("reports", [True, False])
def test_a_camera_whose_clock_jumps_is_placed_by_arrival(reports: bool) -> None:
    sender = Sender()
    run(sender, 60, reports=reports)
    jumped = sender.picture_timestamp(60.0) + 90_000 * 3600
    placed = [sender.time.place_picture(picture(jumped + 3750 * index, 60.06 + index / 24)) for index in range(48)]
    assert placed[0] == pytest.approx(60_020, abs=50)
    assert placed[-1] == pytest.approx(60_020 + FRAME_MS * 47, abs=50)


def test_pictures_alone_are_placed_by_arrival() -> None:
    time = MediaTime()
    placed = [time.place_picture(picture(3750 * index, 5 + index / 24)) for index in range(2400)]
    assert placed == [round(FRAME_MS * index) for index in range(2400)]
    assert time.map_arrival(6.0) == pytest.approx(1000)


def test_another_picture_stream_goes_on_by_arrival() -> None:
    time = MediaTime()
    for index in range(48):
        time.place_picture(picture(3750 * index, 5 + index / 24))
    assert time.place_picture(picture(999_999_999, 8.0, ssrc=7)) == 3000
    assert time.place_picture(picture(999_999_999 + 3750, 8.0 + 1 / 24, ssrc=7)) == 3042
    assert time.place_picture(picture(0, 8.0, ssrc=8)) == 3043


def test_a_wall_clock_that_was_set_is_noticed_and_trusted_again() -> None:
    sender = Sender()
    run(sender, 30)
    assert sender.time.sender_clock is SenderClock.MAPPED
    before = sender.time.map_ntp(WALL + 20)
    clocks: list[SenderClock] = []
    for index in range(8):
        kind = MediaKind.SOUND if index % 2 else MediaKind.PICTURE
        sender.report(kind, 30 + index, step=3600.0)
        clocks.append(sender.time.sender_clock)
        doubted = clocks[-1] is SenderClock.DISTRUSTED
        assert (sender.time.map_ntp(WALL + 20) is None) == doubted
    assert clocks == [SenderClock.DISTRUSTED] * 5 + [SenderClock.MAPPED] * 3
    assert sender.time.map_ntp(WALL + 3600 + 20) == pytest.approx(before, abs=1)


def test_pictures_and_moments_wait_for_sound_that_is_heard_late() -> None:
    prompt, lagging = Sender(), Sender(time=MediaTime(sound_lag_ms=16.5))
    run(prompt, 30)
    run(lagging, 30)
    behind = lagging.send_picture(31.0) - prompt.send_picture(31.0)
    assert behind == pytest.approx(16.5, abs=1.5)
    for moment in (3.0, 20.0):
        early, late = prompt.time.map_ntp(WALL + moment), lagging.time.map_ntp(WALL + moment)
        assert (late or 0) - (early or 0) == pytest.approx(16.5, abs=0.1)


def test_one_report_that_was_late_changes_nothing() -> None:
    sender = Sender()
    run(sender, 30)
    stamp = sender.picture_timestamp(31.0)
    sender.time.receive_sender_report(MediaKind.PICTURE, 1, WALL + 31.0, stamp, 33.0)
    doubted = sender.time.sender_clock
    sender.report(MediaKind.PICTURE, 33.0)
    assert [doubted, sender.time.sender_clock] == [SenderClock.DISTRUSTED, SenderClock.MAPPED]
    assert sender.time.map_ntp(WALL + 20) == pytest.approx(20_000 - 0, abs=1)


def test_a_sender_without_a_wall_clock_is_placed_by_arrival() -> None:
    sender = Sender()
    for tick in range(600):
        at = tick / 10
        sender.send_sound(at)
        assert sender.send_picture(at) == pytest.approx(at * 1000 + 20, abs=2)
        sender.time.receive_sender_report(MediaKind.PICTURE, 1, 0.0, sender.picture_timestamp(at), at)
        sender.time.receive_sender_report(MediaKind.SOUND, 2, 0.0, sender.sound_timestamp(at), at)
    assert sender.time.sender_clock is SenderClock.DISTRUSTED
    assert sender.time.map_ntp(WALL) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_wild_wall_clock_does_no_harm(seed: int) -> None:
    sender = Sender(random=Random(seed))
    placed: list[int] = []
    for tick in range(1200):
        at = tick / 10
        sender.send_sound(at)
        placed.append(sender.send_picture(at))
        sender.report(sender.random.choice(list(MediaKind)), at, step=sender.random.uniform(-1e6, 1e6))
    assert all(later > earlier for earlier, later in pairwise(placed))
    assert placed[-1] == pytest.approx(119_900 + 20, abs=100)


@pytest.mark.parametrize("drift", [0.0, 200e-6])
def test_moments_of_the_senders_clock_are_found_again(drift: float) -> None:
    """Early moments before the first report, and long ago ones after the clocks have drifted apart."""
    sender = Sender(drift=drift, report_noise=0.001)
    run(sender, 3600)
    for moment in (0.5, 3.0, 60.0, 1800.3, 3599.0, 3605.0):
        expected = moment * 1000 * (1 + drift)
        assert sender.time.map_ntp(WALL + moment) == pytest.approx(expected, abs=6)
    assert sender.time.map_ntp(WALL - 1.0) == pytest.approx(-1000, abs=6)


def test_moments_are_found_by_the_picture_alone() -> None:
    sender = Sender()
    assert sender.time.map_ntp(WALL) is None
    for tick in range(100):
        sender.send_picture(tick / 10)
    sender.report(MediaKind.PICTURE, 10.0)
    assert sender.time.map_ntp(WALL + 5.0) == pytest.approx(5000, abs=1)


def test_anchors_do_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_server.rtp.media_time._MAX_ANCHORS", 50)
    sender = Sender()
    run(sender, 3600)
    assert len(sender.time._anchors) <= 50
    assert sender.time.map_ntp(WALL + 1000.0) == pytest.approx(1_000_000, abs=1)


def test_reports_of_many_ssrcs_are_not_kept() -> None:
    time = MediaTime()
    for ssrc in range(1000):
        time.receive_sender_report(MediaKind.SOUND, ssrc, WALL, 0, 0.0)
    assert len(time._clocks) <= 8


def test_holes_are_located() -> None:
    time = MediaTime()
    assert time.locate(MediaKind.SOUND, 2, 0) is None
    assert time.map_arrival(1.0) is None
    time.place_sound(sound(5000, 1.0))
    time.place_picture(picture(90_000, 1.0))
    assert time.locate(MediaKind.SOUND, 2, 5960) == 20.0
    assert time.locate(MediaKind.PICTURE, 1, 180_000) == pytest.approx(1020)
    assert time.locate(MediaKind.PICTURE, 5, 180_000) is None


@bounded
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("sound"), st.integers(1, 2), st.integers(-(2**33), 2**33), st.floats(0, 3)),
            st.tuples(st.just("sound"), st.just(1), st.integers(0, 50).map(lambda n: n * 960), st.floats(0, 0.05)),
            st.tuples(st.just("picture"), st.integers(3, 4), st.integers(-(2**33), 2**33), st.floats(0, 3)),
            st.tuples(st.just("picture"), st.just(3), st.integers(0, 50).map(lambda n: n * 3750), st.floats(0, 0.05)),
            st.tuples(st.just("report"), st.integers(1, 4), st.integers(0, 2**32 - 1), st.floats(0, 10)),
        ),
        max_size=60,
    )
)
def test_time_never_goes_back_whatever_comes(events: list[tuple[str, int, int, float]]) -> None:
    time = MediaTime()
    now, sound_end, shown = 100.0, 0.0, -1
    for what, ssrc, stamp, pause in events:
        now += pause
        if what == "sound":
            place = time.place_sound(sound(stamp, now, ssrc=ssrc))
            assert place.start_ms >= sound_end - 1e-6
            assert place.start_ms <= (now - 100) * 1000 + 2000 + 60 * 20 + 3000
            sound_end = place.start_ms + 20
        elif what == "picture":
            placed = time.place_picture(picture(stamp, now, ssrc=ssrc))
            assert placed > shown
            assert placed <= (now - 100) * 1000 + 3000 + 60 * 20 + 3000
            shown = placed
        else:
            kind = MediaKind.SOUND if ssrc <= 2 else MediaKind.PICTURE
            time.receive_sender_report(kind, ssrc, stamp / 1000, stamp, now)
            time.map_ntp(stamp / 1000)


def test_pictures_that_are_stamped_too_early_stand_beside_their_sound_all_the_same() -> None:
    """libwebrtc's stamps stay too early after an overload; the wait for the encoder tells by how much."""
    sender = Sender()
    placed: list[tuple[float, int]] = []
    for index in range(60 * 24):
        at = index / 24
        early = 0.15 if at > 20 else 0.0
        sender.send_sound(at)
        if index % 24 == 0:
            sender.report(MediaKind.SOUND, at)
            sender.report(MediaKind.PICTURE, at)
        if index % 5 == 0:
            sender.time.receive_encode_start(early + sender.random.choice([0.001, 0.002, 0.04]), at)
        stamp = sender.picture_timestamp(at - early)
        placed.append((at, sender.time.place_picture(picture(stamp, at + sender.picture_delay))))
    beside = [(at, ms - placed[0][1] - at * 1000) for at, ms in placed]
    assert all(abs(off) <= 5 for at, off in beside if 5 < at < 20 or at > 28), beside[-1]
    assert min(off for _, off in beside) < -100, "for a moment nobody can know"
