"""A wall clock that jumps is not believed at once, nor for ever doubted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from db.clock_watch import ClockWatch

DAY = timedelta(days=1)


@dataclass
class TwoClocks:
    """The wall's and the monotonic one, moved by the test."""

    wall: datetime = datetime(2026, 11, 25, 12, tzinfo=UTC)
    ticks: float = 1_000.0

    def monotonic(self) -> float:
        return self.ticks

    def utc_now(self) -> datetime:
        return self.wall

    def passes(self, seconds: float) -> None:
        self.ticks += seconds
        self.wall += timedelta(seconds=seconds)


@pytest.mark.parametrize("jump", [40 * DAY, -DAY])
def test_a_clock_that_jumped_is_believed_again_when_it_is_back(
    jump: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    clocks = TwoClocks()
    watch = ClockWatch(clocks)
    clocks.passes(10 * 86_400)
    assert watch.is_believed()
    clocks.wall += jump
    assert not watch.is_believed()
    clocks.passes(600)
    assert not watch.is_believed()
    assert [record.levelname for record in caplog.records] == ["ERROR"], "told once"
    assert str(abs(jump)) in caplog.text
    clocks.wall -= jump
    assert watch.is_believed()


def test_a_clock_that_was_set_right_is_believed_after_a_while() -> None:
    clocks = TwoClocks()
    watch = ClockWatch(clocks, doubted_for_s=100)
    clocks.wall += DAY
    assert not watch.is_believed()
    clocks.passes(99)
    assert not watch.is_believed()
    clocks.wall += DAY
    clocks.passes(50)
    assert not watch.is_believed(), "another jump is doubted anew"
    clocks.passes(101)
    assert watch.is_believed()
    clocks.passes(DAY.total_seconds())
    assert watch.is_believed()


def test_corrections_in_passing_are_no_jumps() -> None:
    clocks = TwoClocks()
    watch = ClockWatch(clocks)
    for _ in range(100):
        clocks.passes(3_600)
        clocks.wall += timedelta(seconds=90)
        assert watch.is_believed()
