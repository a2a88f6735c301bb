"""Copies in other formats: what is wanted, how far it is, when it is due for removal."""

from datetime import timedelta

from db import deletion, exports, interviews, work
from db.exports import ExportKind, ExportState, ExportStatus, MadeExport
from db.work import Task, WorkKind
from tests.db.conftest import NOW, House
from tests.db.test_work import ready, wanted, writing

MP4 = ExportKind.MP4
TASK = Task(WorkKind.EXPORT, "one", "mp4")
HASH = "0" * 64
"Of the recording that :func:`ready` makes."


async def status(house: House) -> ExportStatus:
    async with house.database.reading() as db_session:
        return await exports.status(db_session, "one", MP4)


async def ask(house: House) -> None:
    async with writing(house) as db_session:
        await exports.ask(db_session, "one", MP4, NOW)


async def made(house: House, made_of: str = HASH) -> None:
    async with writing(house) as db_session:
        await exports.made(db_session, "one", MP4, made_of, 5, NOW + timedelta(minutes=2))


async def test_it_is_wanted_from_the_moment_somebody_asks_until_it_is_made(house: House) -> None:
    await ready(house)
    assert (await status(house), await wanted(house)) == (ExportStatus(ExportState.NONE), [])
    await ask(house)
    await ask(house)
    assert await wanted(house) == [TASK]
    assert await status(house) == ExportStatus(ExportState.WAITING, asked_at=NOW)
    async with writing(house) as db_session:
        await work.begin(db_session, TASK, NOW)
        await work.note_progress(db_session, TASK, 0.42)
    assert await status(house) == ExportStatus(ExportState.RUNNING, 0.42, NOW)
    await made(house)
    assert await wanted(house) == []
    assert await status(house) == ExportStatus(ExportState.READY, 1.0, NOW, NOW + timedelta(minutes=2), 5)


async def test_what_was_given_up_is_told(house: House) -> None:
    await ready(house)
    await ask(house)
    async with writing(house) as db_session:
        await work.begin(db_session, TASK, NOW)
        await work.fail(db_session, TASK, NOW, "it is no WebM", None)
    assert (await status(house)).state is ExportState.FAILED


async def test_another_recording_wants_a_copy_of_its_own(house: House) -> None:
    await ready(house)
    await ask(house)
    await made(house)
    async with writing(house) as db_session:
        (await interviews.get_interview(db_session, "one")).video_sha256 = "1" * 64
    assert (await status(house)).state is ExportState.WAITING
    assert await wanted(house) == [TASK]


async def test_a_copy_that_came_too_late_is_not_of_the_recording_that_there_is(house: House) -> None:
    await ready(house)
    await ask(house)
    await made(house, "1" * 64)
    assert (await status(house)).state is ExportState.WAITING


async def test_nothing_is_wanted_of_a_deleted_interview(house: House) -> None:
    await ready(house)
    await ask(house)
    async with writing(house) as db_session:
        await deletion.begin_deletion(db_session, "one", NOW)
    assert await wanted(house) == []


async def test_what_was_kept_long_enough_is_found_and_forgotten(house: House) -> None:
    await ready(house)
    await ask(house)
    copy = MadeExport("one", MP4, "John_Doe")

    async def found(after: timedelta) -> list[MadeExport]:
        async with house.database.reading() as db_session:
            return await exports.files(db_session, asked_before=NOW + after)

    async with house.database.reading() as db_session:
        assert await exports.files(db_session) == []
    assert (await found(timedelta()), await found(timedelta(seconds=1))) == ([], [copy])
    await made(house)
    assert (await found(timedelta(minutes=2)), await found(timedelta(minutes=3))) == ([], [copy])
    async with writing(house) as db_session:
        assert await exports.files(db_session) == [copy]
        await exports.forget(db_session, "one", MP4)
        await exports.forget(db_session, "one", MP4)
    assert (await status(house)).state is ExportState.NONE
