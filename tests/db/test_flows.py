"""A candidate's place and takes, written and read."""

from dataclasses import replace

from db import flows, interviews
from db.flows import StoredPlace, place_of
from tests.db.conftest import NOW, House

PLACE = StoredPlace(
    revision=3,
    step="answering",
    question=1,
    take=1,
    think_ms=900,
    answer_ms=0,
    counted_from_ms=900,
    paused_step=None,
    takes=((1, 1, True),),
)


async def _stored(house: House) -> StoredPlace | None:
    async with house.database.reading() as db_session:
        return place_of(await interviews.get_interview(db_session, "one"))


async def _save(house: House, place: StoredPlace) -> None:
    async with house.database.writing() as db_session:
        await flows.save(db_session, "one", place, NOW)


async def test_before_anything_was_asked_there_is_no_place(house: House) -> None:
    await house.interview()
    assert await _stored(house) is None


async def test_what_was_written_is_read(house: House) -> None:
    await house.interview()
    await _save(house, PLACE)
    assert await _stored(house) == PLACE
    paused = replace(PLACE, revision=4, step="paused", paused_step="answering", answer_ms=70)
    await _save(house, paused)
    assert await _stored(house) == paused


async def test_takes_are_added_and_the_choice_moves(house: House) -> None:
    await house.interview()
    await _save(house, PLACE)
    third = replace(PLACE, revision=9, question=2, takes=((1, 1, False), (1, 2, True), (2, 1, True)))
    await _save(house, third)
    assert await _stored(house) == third


async def test_an_older_place_never_replaces_a_newer_one(house: House) -> None:
    await house.interview()
    await _save(house, PLACE)
    await _save(house, replace(PLACE, revision=2, step="thinking", takes=()))
    assert await _stored(house) == PLACE


async def test_a_place_goes_with_its_interview_only(house: House) -> None:
    await house.interview()
    await house.interview("two", "Jane Doe")
    async with house.database.writing() as db_session:
        await flows.save(db_session, "two", PLACE, NOW)
    assert await _stored(house) is None
