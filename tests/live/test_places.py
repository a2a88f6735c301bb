"""Where something that happened in a tab lies in a recording that is known."""

import pytest

from tests.live.decode import Decoded, Picture, Sound
from tests.live.places import Moment, Stretch, heard_at, holes, seen_at, stretches

FIRST, SECOND = 1_000.0, 2_000.0
"Wall times of counter 0 of two page loads."
PARTS = [
    {"number": 1, "started_at": "1970-01-01 00:16:45", "duration_ms": 4_000},
    {"number": 2, "started_at": "1970-01-01 00:33:21", "duration_ms": 3_000},
]


def pictures(first: int, count: int, begin_s: float) -> list[Picture]:
    return [
        Picture(begin_s + n / 24, first + n, (first + n) % 24 < 2, keyframe=n == 0, width=640, height=480)
        for n in range(count)
    ]


@pytest.fixture
def parts() -> list[Stretch]:
    """Counters 120 to 215 of one page load, then 24 to 95 of the next; the sound is 10 ms late."""
    shown = (*pictures(120, 96, 0.0), *pictures(24, 72, 4.0))
    beeps = (0.01, 1.01, 2.01, 3.01, 4.01, 5.01, 6.01)
    return stretches(Decoded(shown, Sound(7.0, beeps)), PARTS, [SECOND, FIRST])


def test_a_recording_comes_apart_where_its_parts_meet(parts: list[Stretch]) -> None:
    assert [part.loaded_at for part in parts] == [FIRST, SECOND]
    assert [len(part.pictures) for part in parts] == [96, 72]
    assert [len(part.beeps_s) for part in parts] == [4, 3]
    assert parts[0].last_at == pytest.approx(FIRST + 215 / 24)
    assert parts[1].first_at == pytest.approx(SECOND + 1)


@pytest.mark.parametrize(("loaded_at", "counter", "at_s"), [(FIRST, 150.5, 30.5 / 24), (SECOND, 60.25, 4 + 36.25 / 24)])
def test_a_moment_is_found_in_its_own_page_load(
    parts: list[Stretch], loaded_at: float, counter: float, at_s: float
) -> None:
    assert seen_at(parts, Moment(loaded_at, counter)) == pytest.approx(at_s)
    assert heard_at(parts, Moment(loaded_at, counter)) == pytest.approx(at_s + 0.01)


def test_what_was_not_recorded_is_not_found(parts: list[Stretch]) -> None:
    assert seen_at(parts, Moment(FIRST, 300)) is None
    assert heard_at(parts, Moment(FIRST, 300)) is None
    assert seen_at(parts, Moment(1_500.0, 150)) is None


def test_holes_are_found_after_their_moment(parts: list[Stretch]) -> None:
    again = Stretch(3, FIRST, tuple(pictures(300, 24, 7.0)), ())
    (hole,) = holes([*parts, again], Moment(FIRST, 210), 5.0, at_least_s=0.5)
    assert hole == pytest.approx((5 / 24, 90 / 24))
    assert holes([*parts, again], Moment(FIRST, 310), 5.0, at_least_s=0.5) == []
    assert holes(parts, Moment(SECOND, 30), 5.0, at_least_s=0.5) == []
