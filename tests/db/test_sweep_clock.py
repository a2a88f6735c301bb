"""A sweep believes the clock for a week."""

from datetime import timedelta

import pytest

from db import sweep_clock
from db.sweep_clock import MOST_SILENCE, ClockDoubtful
from tests.db.conftest import NOW, House

HOUR = timedelta(hours=1)


async def _believe(house: House, after: timedelta, *, trusted: bool = False) -> None:
    async with house.database.writing() as db_session:
        await sweep_clock.believe(db_session, NOW + after, trusted=trusted)


async def test_the_first_sweep_looks_at_what_has_happened(house: House) -> None:
    await house.interview()
    with pytest.raises(ClockDoubtful):
        await _believe(house, MOST_SILENCE + HOUR)
    await _believe(house, MOST_SILENCE)


async def test_a_missed_day_is_no_jump_and_a_year_is(house: House) -> None:
    await _believe(house, HOUR)
    await _believe(house, timedelta(days=2))
    for _ in range(2):  # it is not believed for being said twice
        with pytest.raises(ClockDoubtful, match="--trust-clock"):
            await _believe(house, timedelta(days=365))
    await _believe(house, timedelta(days=3))
    await _believe(house, timedelta(days=365), trusted=True)
    await _believe(house, timedelta(days=366))


async def test_a_clock_that_starts_in_the_past_is_no_jump_later(house: House) -> None:
    await _believe(house, HOUR)
    await _believe(house, timedelta(days=-3000))
    await _believe(house, timedelta(days=1))
    with pytest.raises(ClockDoubtful):
        await _believe(house, timedelta(days=9))


async def test_somebody_who_trusted_a_wrong_clock_can_take_it_back(house: House) -> None:
    await _believe(house, timedelta(days=3650), trusted=True)
    await _believe(house, HOUR, trusted=True)
    with pytest.raises(ClockDoubtful):
        await _believe(house, timedelta(days=30))
