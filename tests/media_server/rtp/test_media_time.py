"""Sound and picture on one timeline."""

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest

from media_server.rtp.media_time import MediaTime, SenderClock, SoundPlace
from media_server.rtp.packet import MediaKind, SoundFrame, VideoFrame

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
