# ruff: noqa: ASYNC110  what is waited for lies in the database, or is counted by a doer; both are looked at
"""Heavy work as a server has it done: real processes, a real database, ended in the middle by a real kill."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from db import interviews, work
from db.models import Work, WorkState
from db.states import InterviewState
from db.work import Task, WorkKind
from media_server.aio import assemble
from media_server.aio import work as heavy_work
from media_server.aio.work import Doer, GiveUp, HeavyWork
from media_server.aio.worker_process import OnProgress
from media_server.settings import WorkSettings
from tests.media_server.house import STARTED, House
from tests.media_server.webm.image import closed_part, talk

MEDIA = [closed_part(talk(2)), closed_part(talk(1))]
SETTINGS = WorkSettings(attempts=3, retry_after_s=60, look_every_s=0.02)
JOIN = Task(WorkKind.JOIN, "one")


@asynccontextmanager
async def running(
    house: House, doer: Doer | None = None, settings: WorkSettings = SETTINGS
) -> AsyncIterator[HeavyWork]:
    join = doer or (lambda task, _: house.the_recordings.join(task.session_id))
    place = HeavyWork(house.database, house.clock, settings, {WorkKind.JOIN: join}, speech=False)
    await place.start()
    try:
        yield place
    finally:
        await place.close()


async def row(house: House, session_id: str = "one") -> Work | None:
    async with house.database.reading() as db_session:
        found = [row for row in await work.listed(db_session) if row.session_id == session_id]
    return found[0] if found else None


async def until(house: House, fits: Callable[[Work], bool], session_id: str = "one") -> Work:
    """The row, as soon as it fits."""
    async with asyncio.timeout(120):
        while (found := await row(house, session_id)) is None or not fits(found):
            await asyncio.sleep(0.01)
    return found


def is_in(*states: WorkState) -> Callable[[Work], bool]:
    return lambda found: found.state in states


def has_waited(attempts: int) -> Callable[[Work], bool]:
    return lambda found: found.state is WorkState.WAITING and found.attempts == attempts


class Recorder:
    """A doer that does as it is told, and counts how many ran at once."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.done: list[Task] = []
        self.at_once = self.most_at_once = 0
        self.may_end = asyncio.Event()

    async def __call__(self, task: Task, _: OnProgress) -> None:
        self.done.append(task)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.may_end.wait()
            if self.errors and (error := self.errors.pop(0)):
                raise error
        finally:
            self.at_once -= 1


async def finish(house: House, session_id: str = "one") -> None:
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, session_id, STARTED)


# --- what is due is done ---------------------------------------------------------------


async def test_a_finished_interview_is_joined_by_itself(house: House) -> None:
    async with running(house):
        await house.interview("one", media=MEDIA)
        found = await until(house, is_in(WorkState.DONE))
    assert (found.attempts, found.error, found.progress) == (1, None, 1.0)
    assert (await house.get("one")).state is InterviewState.READY


async def test_whoever_finishes_waits_a_moment_for_the_recording(house: House) -> None:
    async with running(house, settings=WorkSettings(look_every_s=999)) as place:
        await house.interview("one", media=MEDIA)
        while (await house.get("one")).state is not InterviewState.READY:
            await place.soon(JOIN)
        await asyncio.wait_for(place.soon(JOIN), 1)  # nothing to wait for


async def test_whoever_finishes_does_not_wait_long(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy_work, "SOON_S", 0.05)
    await house.interview("one", media=MEDIA)
    async with running(house, Recorder()) as place:
        await place.soon(JOIN)
        assert (await house.get("one")).state is InterviewState.COMPLETED


@pytest.mark.parametrize("at_once", [1, 2])
async def test_no_more_than_so_many_at_once_in_the_order_of_their_age(house: House, at_once: int) -> None:
    names = ["one", "two", "three", "four"]
    for name in names:
        await house.interview(name, media=MEDIA)
    doer = Recorder()
    async with running(house, doer, SETTINGS.model_copy(update={"at_once": at_once})):
        while len(doer.done) < at_once:
            await asyncio.sleep(0.01)
        doer.may_end.set()
        while {task.session_id for task in doer.done} != set(names):
            await asyncio.sleep(0.01)
    assert doer.most_at_once == at_once


# --- what fails ------------------------------------------------------------------------


async def test_what_fails_is_tried_again_later_and_given_up_in_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "WORKER", "media_server.aio.is_not_there")
    await house.interview("one", media=MEDIA)
    async with running(house):
        for attempt, wait in ((1, timedelta(minutes=1)), (2, timedelta(minutes=4))):
            found = await until(house, has_waited(attempt))
            assert found.retry_at == house.clock.now + wait
            assert "No module named media_server.aio.is_not_there" in (found.error or "")
            house.clock.now += wait
        found = await until(house, is_in(WorkState.FAILED))
        assert (found.attempts, found.retry_at) == (3, None)
        assert (await house.get("one")).state is InterviewState.COMPLETED
        monkeypatch.undo()
        async with house.database.writing() as db_session:
            await work.try_again(db_session)
        await until(house, is_in(WorkState.DONE))
    assert (await house.get("one")).state is InterviewState.READY


async def test_a_part_that_cannot_be_read_may_be_put_back_meanwhile(house: House) -> None:
    await house.interview("one", media=[MEDIA[0], b"no WebM"])
    async with running(house):
        found = await until(house, is_in(WorkState.WAITING))
        assert found.attempts == 1
        assert (found.error or "").startswith("part 2 is why: ")
        (house.data_folder.path / (await house.get("one")).parts[1].path).write_bytes(MEDIA[1])
        house.clock.now += timedelta(minutes=1)
        await until(house, is_in(WorkState.DONE))


async def test_what_can_never_work_is_tried_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    doer = Recorder(GiveUp("there is nothing in it"))
    doer.may_end.set()
    await house.interview("two", media=MEDIA)
    async with running(house, doer):
        found = await until(house, is_in(WorkState.FAILED), "two")
    assert (found.attempts, found.error) == (1, "there is nothing in it")
    logged = caplog.records[-1]
    assert logged.getMessage().endswith("failed, and is given up: there is nothing in it")
    assert not logged.exc_info


async def test_a_full_disk_is_waited_for(house: House) -> None:
    await house.interview("one", media=MEDIA)
    doer = Recorder(*(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) for _ in range(5)))
    doer.may_end.set()
    async with running(house, doer):
        for tried in range(1, 6):
            while len(doer.done) < tried:
                await asyncio.sleep(0.01)
            found = await until(house, is_in(WorkState.WAITING))
            assert (found.attempts, found.error) == (0, heavy_work.NO_ROOM)
            house.clock.now += timedelta(minutes=5)
        await until(house, is_in(WorkState.DONE))


# --- stops and starts ------------------------------------------------------------------


async def test_a_stop_in_the_middle_is_no_attempt(house: House) -> None:
    await house.interview("one", media=MEDIA)
    for _ in range(5):
        doer = Recorder()
        async with running(house, doer):
            while not doer.done:
                await asyncio.sleep(0.01)
        found = await row(house)
        assert found is not None
        assert (found.state, found.attempts) == (WorkState.WAITING, 0)
    async with running(house):
        await until(house, is_in(WorkState.DONE))


async def test_what_a_crash_left_running_is_begun_anew(house: House) -> None:
    await house.interview("one", media=MEDIA)
    async with house.database.writing() as db_session:
        await work.begin(db_session, JOIN, STARTED)
    async with running(house):
        found = await until(house, is_in(WorkState.DONE))
    assert found.attempts == 2


# --- a database that takes nothing -------------------------------------------------------


def refuse(house: House, what: str) -> None:
    """Have the database refuse to write rows of work."""
    with sqlite3.connect(house.database.path) as connection:
        connection.execute(f"CREATE TRIGGER refuse BEFORE {what} BEGIN SELECT RAISE(ABORT, 'refused'); END")


def take_again(house: House) -> None:
    with sqlite3.connect(house.database.path) as connection:
        connection.execute("DROP TRIGGER refuse")


async def test_what_cannot_be_written_down_is_no_reason_to_spin(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.interview("one", media=MEDIA)
    refuse(house, "INSERT ON work")
    async with running(house, settings=WorkSettings(look_every_s=999)) as place:
        for attempt in (1, 2):
            async with asyncio.timeout(60):
                while caplog.text.count("cannot be written down") < attempt:
                    await asyncio.sleep(0.01)
            # Ten readings of the database later nobody has tried it again: it waits until it is looked for.
            for _ in range(10):
                assert await row(house) is None
            assert caplog.text.count("cannot be written down") == attempt
            place.wake()


async def test_work_whose_end_could_not_be_written_down_is_begun_anew(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.interview("one", media=MEDIA)
    refuse(house, "UPDATE ON work WHEN NEW.state <> 'running'")
    doer = Recorder(OSError(errno.EIO, "no luck"))
    doer.may_end.set()
    async with running(house, doer):
        async with asyncio.timeout(60):
            while "cannot be written down" not in caplog.text:
                await asyncio.sleep(0.01)
        take_again(house)
        await until(house, is_in(WorkState.DONE))
    assert len(doer.done) > 1


async def test_what_somebody_else_did_is_forgotten(house: House) -> None:
    await house.interview("one", media=MEDIA)
    async with house.database.writing() as db_session:
        await work.begin(db_session, JOIN, STARTED)
        await work.fail(db_session, JOIN, STARTED, "no luck", None)
    await house.recordings.store("one")
    async with running(house):
        while await row(house) is not None:
            await asyncio.sleep(0.01)


async def test_progress_is_written_down(house: House) -> None:
    await house.interview("one", media=MEDIA)
    may_end = asyncio.Event()

    async def doer(task: Task, on_progress: OnProgress) -> None:
        await on_progress(0.1)
        house.clock.now += timedelta(seconds=heavy_work.PROGRESS_EVERY_S)
        await on_progress(0.5)
        await on_progress(0.6)
        await may_end.wait()

    async with running(house, doer):
        found = await until(house, lambda found: found.progress > 0)
        assert (found.state, found.progress) == (WorkState.RUNNING, 0.5)
        may_end.set()
        await until(house, is_in(WorkState.DONE))
