"""MP4s in a data folder: asked for, made, kept, removed with what they were made of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import av
import pytest

from db import exports, interviews, recordings, work
from db.exports import ExportKind, ExportState, ExportStatus
from db.models import WorkState
from db.work import Task, WorkKind
from media_server.aio.exports import Exports
from media_server.aio.work import GiveUp, HeavyWork
from media_server.aio.worker_process import WorkerFailed
from media_server.settings import WorkSettings
from tests.live.harness import until
from tests.media_server.house import House
from tests.media_server.test_transcoded import media

MP4 = ExportKind.MP4
TASK = Task(WorkKind.EXPORT, "one", "mp4")


def exports_of(house: House) -> Exports:
    return Exports(house.database, house.data_folder, house.the_recordings, house.clock, keep_days=7)


@asynccontextmanager
async def server(house: House) -> AsyncIterator[Exports]:
    """Makes what is asked for."""
    settings = WorkSettings(look_every_s=0.02, attempts=2, retry_after_s=0.001)
    made = exports_of(house)
    place = HeavyWork(house.database, house.clock, settings, {WorkKind.EXPORT: made.make}, speech=False)
    await place.start()
    try:
        yield made
    finally:
        await place.close()


async def recorded(house: House, octets: bytes | None = None) -> None:
    """An interview whose recording is ready."""
    await house.interview("one", media=[media("VP8") if octets is None else octets])
    async with house.database.writing() as db_session:
        await recordings.add_mark(db_session, "one", 1, 0, "question", question_index=1)
        (await recordings.get_part(db_session, "one", 1)).duration_ms = 2000
    await house.the_recordings.store("one")


async def status(house: House) -> ExportStatus:
    async with house.database.reading() as db_session:
        return await exports.status(db_session, "one", MP4)


async def until_ready(house: House) -> ExportStatus:
    async def ready() -> bool:
        return (await status(house)).state is ExportState.READY

    await until(ready, within_s=60)
    return await status(house)


def copy_of(house: House) -> Path:
    return house.uploads / "John_Doe" / ".exports" / "one" / "interview.mp4"


async def test_it_is_made_when_asked_for_and_kept_for_a_while(house: House) -> None:
    await recorded(house)
    assert (await status(house)).state is ExportState.NONE
    async with server(house) as made:
        await made.ask("one", MP4)
        await made.ask("one", MP4)
        assert (await status(house)).state in {ExportState.WAITING, ExportState.RUNNING}
        ready = await until_ready(house)
    with av.open(str(copy_of(house)), "r") as mp4:
        assert [each["metadata"]["title"] for each in mp4.chapters()] == ["1. Who?"]
        assert sum(1 for _ in mp4.decode(mp4.streams.video[0])) == 50
    assert (ready.size_bytes, ready.made_at) == (copy_of(house).stat().st_size, house.clock.utc_now())
    assert not (house.uploads / "John_Doe" / ".parts").exists()
    comparison = await house.the_recordings.compare()
    assert (comparison.files_without_rows, comparison.rows_without_files) == ((), ())
    house.clock.now += timedelta(days=7)
    assert await made.sweep() == 0
    house.clock.now += timedelta(seconds=1)
    assert await made.sweep() == 1
    assert not copy_of(house).parent.parent.exists()
    assert (await status(house)).state is ExportState.NONE
    assert house.folders() == {"John_Doe"}


async def test_what_a_crash_left_is_begun_anew(house: House) -> None:
    """A process that was killed while it wrote, and a server that was killed before the row said so."""
    await recorded(house)
    partial = house.uploads / "John_Doe" / ".parts" / "one" / "interview.mp4.partial"
    for left in (partial, copy_of(house)):
        left.parent.mkdir(parents=True)
        left.write_bytes(b"half of it")
    async with house.database.writing() as db_session:
        await exports.ask(db_session, "one", MP4, house.clock.utc_now())
        await work.begin(db_session, TASK, house.clock.utc_now())
    async with server(house):
        ready = await until_ready(house)
    assert copy_of(house).stat().st_size == ready.size_bytes != len(b"half of it")
    assert not partial.exists()


async def test_it_goes_with_its_interview(house: House) -> None:
    await recorded(house)
    async with server(house) as made:
        await made.ask("one", MP4)
        await until_ready(house)
    await house.the_recordings.delete("one")
    assert house.folders() == set()
    assert (await status(house)).state is ExportState.NONE


async def test_another_recording_gets_a_copy_of_its_own(house: House) -> None:
    await recorded(house)
    async with server(house) as made:
        await made.ask("one", MP4)
        await until_ready(house)
        async with house.database.writing() as db_session:
            (await interviews.get_interview(db_session, "one")).video_sha256 = "of another one"
            await work.forget(db_session, [TASK])
        assert (await status(house)).state is not ExportState.READY
        await until_ready(house)


async def test_what_can_never_be_made_says_so_until_it_is_asked_for_again(house: House) -> None:
    await recorded(house, b"no recording at all")
    async with server(house) as made:
        await made.ask("one", MP4)

        async def failed() -> bool:
            return (await status(house)).state is ExportState.FAILED

        await until(failed, within_s=30)
        async with house.database.reading() as db_session:
            (row,) = await work.listed(db_session)
        assert (row.state, row.error) == (WorkState.FAILED, "it is no WebM")
    await made.ask("one", MP4)
    assert (await status(house)).state is ExportState.WAITING


async def test_a_deletion_in_the_middle_wins(house: House) -> None:
    await recorded(house)
    made = exports_of(house)
    await made.ask("one", MP4)

    async def delete_meanwhile(_: float) -> None:
        await house.recordings.delete("one")

    with pytest.raises(WorkerFailed):
        await made.make(TASK, delete_meanwhile)
    with pytest.raises(GiveUp):
        await made.make(TASK, delete_meanwhile)
    assert house.folders() == set()
