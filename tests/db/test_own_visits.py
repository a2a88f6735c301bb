"""Codes run out by time, tries and numbers; a visit lasts as long as what it rests on."""

from datetime import timedelta

import pytest

from db import interviews, own_visits
from db.errors import NotFound
from db.own_visits import BETWEEN_CODES, CODE_LASTS, CODES_A_DAY, TRIES, VISIT_LASTS, TooManyCodes
from db.states import InterviewEvent
from tests.db.conftest import NOW, House

SECOND = timedelta(seconds=1)


async def _finished(house: House) -> None:
    await house.interview()
    await house.part()
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, "one", NOW)


async def test_a_code_fits_once(house: House) -> None:
    await _finished(house)
    async with house.database.writing() as db_session:
        assert (await own_visits.try_code(db_session, "one", lambda _: True, NOW)).fits is False
        await own_visits.store_code(db_session, "one", "a", NOW)
        tried = await own_visits.try_code(db_session, "one", lambda stored: stored == "a", NOW)
        assert tried.fits
        assert not (await own_visits.try_code(db_session, "one", lambda _: True, NOW)).fits


async def test_a_code_runs_out_by_tries_and_by_time(house: House) -> None:
    await _finished(house)
    async with house.database.writing() as db_session:
        await own_visits.store_code(db_session, "one", "a", NOW)
        left = [(await own_visits.try_code(db_session, "one", lambda _: False, NOW)).tries_left for _ in range(TRIES)]
        assert left == list(reversed(range(TRIES)))
        assert not (await own_visits.try_code(db_session, "one", lambda _: True, NOW)).fits
        await own_visits.store_code(db_session, "one", "b", NOW + BETWEEN_CODES)
        late = NOW + BETWEEN_CODES + CODE_LASTS
        assert not (await own_visits.try_code(db_session, "one", lambda _: True, late)).fits
        assert (await own_visits.try_code(db_session, "one", lambda _: True, late - SECOND)).fits


async def test_codes_are_not_sent_by_the_dozen(house: House) -> None:
    await _finished(house)
    async with house.database.writing() as db_session:
        for number in range(CODES_A_DAY):
            await own_visits.store_code(db_session, "one", "a", NOW + number * BETWEEN_CODES)
        last = NOW + (CODES_A_DAY - 1) * BETWEEN_CODES
        with pytest.raises(TooManyCodes) as soon:
            await own_visits.store_code(db_session, "one", "a", last + SECOND)
        assert soon.value.again_at == last + BETWEEN_CODES
        with pytest.raises(TooManyCodes) as today:
            await own_visits.store_code(db_session, "one", "a", last + BETWEEN_CODES)
        assert today.value.again_at == NOW + own_visits.DAY
        await own_visits.store_code(db_session, "one", "a", NOW + own_visits.DAY)
        await own_visits.drop_code(db_session, "one")
        assert not (await own_visits.try_code(db_session, "one", lambda _: True, NOW)).fits


async def test_a_visit_by_code_lasts_an_hour_and_as_long_as_the_link(house: House) -> None:
    await _finished(house)
    async with house.database.writing() as db_session:
        until = await own_visits.begin(db_session, "one", "t", NOW, by_code=True)
        assert until == NOW + VISIT_LASTS
        assert await own_visits.find(db_session, "t", "one", until - SECOND) is not None
        assert await own_visits.find(db_session, "t", "one", until) is None
        assert await own_visits.find(db_session, "t", "two", NOW) is None, "scoped to the interview"
        assert await own_visits.find(db_session, "other", "one", NOW) is None
        await interviews.renew_link(db_session, "one")
        assert await own_visits.find(db_session, "t", "one", NOW) is None
        with pytest.raises(NotFound):
            await own_visits.begin(db_session, "unknown", "u", NOW, by_code=True)


async def test_a_visit_by_release_ends_with_it_and_every_visit_with_the_recording(house: House) -> None:
    await _finished(house)
    async with house.database.writing() as db_session:
        await own_visits.begin(db_session, "one", "code", NOW, by_code=True)
        await own_visits.begin(db_session, "one", "release", NOW, by_code=False)
        assert await own_visits.find(db_session, "release", "one", NOW) is None
        await own_visits.release(db_session, "one", NOW)
        await own_visits.release(db_session, "one", NOW + SECOND)
        assert (await interviews.get_interview(db_session, "one")).own_released_at == NOW
        assert await own_visits.find(db_session, "release", "one", NOW) is not None
        await own_visits.release(db_session, "one", None)
        assert await own_visits.find(db_session, "release", "one", NOW) is None
        assert await own_visits.find(db_session, "code", "one", NOW) is not None
        await own_visits.end(db_session, "release")
        await interviews.apply_event(db_session, "one", InterviewEvent.DELETE, NOW)
        assert await own_visits.find(db_session, "code", "one", NOW) is None
        with pytest.raises(NotFound):
            await own_visits.release(db_session, "unknown", NOW)
