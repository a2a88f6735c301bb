"""What `bench.capacity` makes of what it measured."""

import pytest

from bench.capacity import Step, below, recommended


def step(interviews: int, *, lost: int = 0, loop: float = 0.01, disk: float = 0.4, each: float = 80.0) -> Step:
    return Step(interviews, 10.0, round(interviews * each * 10), lost, loop, disk, 0.5)


def test_what_still_went_well_decides() -> None:
    assert recommended([step(1), step(10), step(20), step(30, loop=0.5)]) == 14
    assert recommended([step(1), step(10, lost=900)]) == 1


@pytest.mark.parametrize(
    ("measured", "trouble"),
    [
        (step(10), ""),
        (step(10, lost=7), ""),
        (step(10, lost=80), "packets lost"),
        (step(10, loop=0.5), "the event loop is late"),
        (step(10, disk=3.0), "the disk is behind"),
        (step(10, each=50.0), "the senders cannot send more"),
    ],
)
def test_what_fell_behind_is_named(measured: Step, trouble: str) -> None:
    assert measured.trouble(80.0) == trouble


def test_the_loops_lag_is_read_from_what_came_in_between() -> None:
    def buckets(fast: int, slow: int) -> dict[str, float]:
        return {
            'holdfast_loop_lag_seconds_bucket{le="0.01"}': float(fast),
            'holdfast_loop_lag_seconds_bucket{le="0.5"}': float(fast + slow),
            'holdfast_loop_lag_seconds_bucket{le="+Inf"}': float(fast + slow),
        }

    assert below(buckets(50, 50), buckets(150, 50), 0.99) == 0.01
    assert below(buckets(50, 0), buckets(140, 10), 0.99) == 0.5
