"""When a message is sent again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.web.conftest import NOW
from web.webhooks.backoff import LONGEST_WISH, again_at


def waits(chance: float) -> list[float]:
    found = (again_at(attempt, 10, 5.0, NOW, chance=chance) for attempt in range(1, 10))
    return [(again - NOW).total_seconds() for again in found if again is not None]


def test_waits_grow_to_about_a_day_and_end() -> None:
    assert waits(0.5) == [5, 20, 80, 320, 1280, 5120, 20480, 28800, 28800]
    assert 20 < sum(waits(0.0)) / 3600 * 1.25 < 28
    assert again_at(10, 10, 5.0, NOW, chance=0.5) is None
    assert again_at(11, 10, 5.0, NOW, chance=0.5) is None


def test_a_fifth_is_chance() -> None:
    assert waits(0.0)[0] == 4
    assert waits(1.0)[0] == 6


def test_a_receivers_wish_is_heeded_within_bounds() -> None:
    assert again_at(1, 10, 5.0, NOW, chance=0.5, wish_s=120) == NOW + timedelta(minutes=2)
    assert again_at(1, 10, 5.0, NOW, chance=0.5, wish_s=1) == NOW + timedelta(seconds=5)
    assert again_at(1, 10, 5.0, NOW, chance=0.5, wish_s=1e9) == NOW + LONGEST_WISH


@given(st.integers(1, 1_000), st.floats(0.01, 1e6), st.floats(0, 1), st.floats(0, 1e12))
def test_it_is_always_a_time_to_come(attempts: int, first: float, chance: float, wish: float) -> None:
    again = again_at(attempts, 10_000, first, NOW, chance=chance, wish_s=wish)
    assert again is not None
    assert NOW < again < NOW + timedelta(hours=10)
