"""What the clocks make of arrivals and of reports."""

from random import Random

import pytest

from media_server.rtp.clocks import LeastDelay, ReportedClock, Verdict, WallClock


def test_jitter_does_not_show_in_the_least_delay() -> None:
    random = Random(3)
    delay = LeastDelay()
    seen = [delay.seconds]
    for index in range(2000):
        delay.add(100 + 0.02 * index + random.expovariate(50), 0.02 * index)
        seen.append(delay.seconds)
    assert seen[0] is None
    assert seen[100:] == pytest.approx([100] * 1901, abs=0.002)


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_a_drift_shows(drift: float) -> None:
    delay = LeastDelay()
    for index in range(50_000):
        delay.add(0.02 * index, 0.02 * index * (1 - drift))
    assert delay.seconds == pytest.approx(drift * 1000, abs=0.002)


def test_a_standstill_is_told_once_after_eight_seconds() -> None:
    delay = LeastDelay()
    for index in range(500):
        assert delay.add(0.02 * index, 0.02 * index) == 0
    told = [(index, stood) for index in range(500, 1500) if (stood := delay.add(3 + 0.02 * index, 0.02 * index))]
    assert len(told) == 1
    index, stood = told[0]
    assert stood == pytest.approx(3)
    assert 300 <= index - 500 <= 500


def test_forgetting_the_arrivals() -> None:
    delay = LeastDelay()
    delay.add(1.0, 0.0)
    delay.restart()
    assert delay.seconds is None
    delay.add(5.0, 0.0)
    assert delay.seconds == 5.0


def test_one_report_tells_the_offset() -> None:
    clock = ReportedClock(90_000)
    assert len(clock) == 0
    clock.add(1000.0, 0xFFFFFFFF)
    assert clock.ntp_of(0xFFFFFFFF + 90_000) == pytest.approx(1001)
    assert clock.ntp_of(89_999) == pytest.approx(1001)  # wrapped or not
    assert clock.pace == 1.0


@pytest.mark.parametrize("drift", [0.0, 300e-6, -300e-6])
def test_noisy_reports_are_smoothed(drift: float) -> None:
    random = Random(1)
    clock = ReportedClock(48_000)
    for index in range(200):
        at = index * 5.0
        bad = 0.02 if index % 9 == 4 else 0.0
        clock.add(at + random.gauss(0, 0.002) + bad, round(at * 48_000 * (1 + drift)) & 0xFFFFFFFF)
        now = at + 2.5
        error = clock.ntp_of(round(now * 48_000 * (1 + drift))) - now
        assert abs(error) < (0.03 if index < 5 else 0.008)
    assert clock.pace == pytest.approx(1 + drift, abs=100e-6)


def test_a_stray_report_is_left_out_and_a_second_one_believed() -> None:
    clock = ReportedClock(48_000)
    for second in range(5):
        clock.add(second, second * 48_000)
    clock.add(8.0, 5 * 48_000)
    assert clock.ntp_of(5 * 48_000) == pytest.approx(5)
    clock.add(6.0, 6 * 48_000)
    clock.add(20.0, 7 * 48_000)
    assert clock.ntp_of(7 * 48_000) == pytest.approx(7)
    clock.add(21.0, 8 * 48_000)
    assert clock.ntp_of(9 * 48_000) == pytest.approx(22)
    assert len(clock) == 2


@pytest.mark.parametrize("step", [0.02, 0.07, 0.19, -0.05])
def test_a_step_of_the_sound_clock_is_followed_with_the_second_report(step: float) -> None:
    """As measured in a busy browser: reports off by 5 ms at most, and sound missing from the sample count at once."""
    random = Random(2)
    clock = ReportedClock(48_000)

    def report(at: float, missing: float) -> None:
        clock.add(at + random.uniform(-0.005, 0.005), round((at - missing) * 48_000))

    for index in range(12):
        report(index * 5.0, 0.0)
    for index in range(12, 14):
        report(index * 5.0, step)
    assert clock.ntp_of(round((67.0 - step) * 48_000)) == pytest.approx(67.0, abs=0.01)
    for index in range(14, 40):
        report(index * 5.0, step)
        assert clock.ntp_of(round((index * 5.0 - step) * 48_000)) == pytest.approx(index * 5.0, abs=0.01)


def test_a_line_that_no_report_lies_on_is_given_up() -> None:
    clock = ReportedClock(48_000)
    for second in range(5):
        clock.add(second, second * 48_000)
    for second, beside in enumerate([0.5, 0.2, 0.4, 0.3], start=5):
        clock.add(second + beside, second * 48_000)
    assert clock.ntp_of(8 * 48_000) == pytest.approx(8.35, abs=0.1)


def test_a_drift_outlives_a_step() -> None:
    clock = ReportedClock(48_000)
    for index in range(12):
        clock.add(index * 5.0, round(index * 5.0 * 48_000 * (1 + 300e-6)))
    for index in range(12, 14):
        clock.add(index * 5.0 + 1.0, round(index * 5.0 * 48_000 * (1 + 300e-6)))
    assert clock.pace == pytest.approx(1 + 300e-6, abs=1e-6)


def test_reports_of_the_same_moment_make_no_slope() -> None:
    clock = ReportedClock(48_000)
    for _ in range(20):
        clock.add(1.0, 5)
    assert clock.pace == 1.0
    assert clock.ntp_of(5) == 1.0


def verdicts(clock: WallClock, leads: list[float]) -> list[Verdict]:
    return [clock.check(1000 + index + lead, float(index)) for index, lead in enumerate(leads)]


def test_a_wall_clock_that_goes_on_is_believed() -> None:
    clock = WallClock()
    assert set(verdicts(clock, [0.0, 0.9, 0.1, -0.5])) == {Verdict.ACCEPTED}
    assert not clock.distrusted


def test_one_step_is_refused_and_a_second_is_a_new_time() -> None:
    clock = WallClock()
    assert verdicts(clock, [0, 0, 5, 0]) == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED]
    doubts = [clock.distrusted]
    assert verdicts(clock, [5, 5]) == [Verdict.REFUSED, Verdict.STEPPED]
    for index in range(5):
        doubts.append(clock.distrusted)
        clock.check(1005.0 + index, float(index))
    assert doubts == [False, True, True, True, True, False]
    assert not clock.distrusted


def test_no_wall_clock_at_all() -> None:
    clock = WallClock()
    assert clock.check(0.0, 5.0) is Verdict.REFUSED
    assert clock.distrusted
    assert clock.check(1000.0, 5.0) is Verdict.ACCEPTED
