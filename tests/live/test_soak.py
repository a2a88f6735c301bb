"""A short form of `bench/soak`: faults without end, and nothing that grows."""

from pathlib import Path

import pytest

from bench.soak import MOST_MORE, Course, Plan, Sample, Soaked, measure, verdicts
from bench.soak_gaps import Fault, Missing, made

pytestmark = pytest.mark.slow


async def test_nothing_grows_while_everything_fails(tmp_path: Path) -> None:
    wanted = Plan(minutes=0.5, publishers=3, seed=4, browser=False, fault_every_s=1.5, interview_s=(8, 14))
    soaked = await measure(wanted, tmp_path)
    assert soaked.faults
    assert soaked.interviews >= wanted.publishers
    # Sound that a busy machine lost is no matter here; a part that ends without a reason is.
    assert [each for each in soaked.unexplained if "between parts" in each] == []
    times = [sample.at_s for sample in soaked.samples]
    for name, most in MOST_MORE.items():
        course = Course.of(times, soaked.column(name))
        assert course.ends - course.begins <= most, (name, soaked.samples)


def test_what_grows_is_told() -> None:
    samples = [Sample(at * 60, (100 + at * 2, 40 + at, 12, 30)) for at in range(30)]
    course = Course.of([sample.at_s for sample in samples], Soaked(samples).column("memory, MB"))
    assert (course.begins, course.middle, course.ends) == (105, 129, 153)
    assert course.per_hour == pytest.approx(120)
    assert list(verdicts(Soaked(samples)).values()) == [False, False, True, True, True]


def test_a_gap_is_its_own_interviews_fault() -> None:
    fault = Fault("cut", "one", 100.0, 105.0)
    assert made(fault, Missing("one", "between parts", 101.0, 106.0))
    assert not made(fault, Missing("two", "between parts", 101.0, 106.0))
    assert not made(fault, Missing("one", "between parts", 130.0, 131.0))
    assert not made(fault, Missing("one", "between parts", 90.0, 95.0))
