"""What a download asks the database."""

import pytest

from db import deletion, stored_files
from db.errors import NotFound
from db.states import PartState
from db.stored_files import PartFile
from tests.db.conftest import NOW, House
from tests.db.test_work import ready, writing


async def test_a_recording_lies_somewhere_once_it_is_ready(house: House) -> None:
    await house.interview("two", "Jane Doe")
    await ready(house)
    async with house.database.reading() as db_session:
        assert await stored_files.recording_path(db_session, "one") == "one.webm"
        assert await stored_files.recording_path(db_session, "two") is None
        with pytest.raises(NotFound):
            await stored_files.recording_path(db_session, "three")


async def test_a_part_has_a_file_until_it_is_joined(house: House) -> None:
    await house.interview("two", "Jane Doe")
    await house.part("two")
    await house.part("two", closed=False)
    await ready(house)
    async with house.database.reading() as db_session:
        closed = await stored_files.part_file(db_session, "two", 1)
        written = await stored_files.part_file(db_session, "two", 2)
        joined = await stored_files.part_file(db_session, "one", 1)
        with pytest.raises(NotFound):
            await stored_files.part_file(db_session, "two", 3)
    assert closed == PartFile("two/0001.webm", PartState.CLOSED, is_joined=False)
    assert (written.state, written.is_joined) == (PartState.OPEN, False)
    assert (joined.state, joined.is_joined) == (PartState.STORED, True)


async def test_nothing_of_a_deleted_interview_lies_anywhere(house: House) -> None:
    await ready(house)
    async with writing(house) as db_session:
        await deletion.begin_deletion(db_session, "one", NOW)
    async with house.database.reading() as db_session:
        with pytest.raises(NotFound):
            await stored_files.recording_path(db_session, "one")
        with pytest.raises(NotFound):
            await stored_files.part_file(db_session, "one", 1)
