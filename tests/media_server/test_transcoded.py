# ruff: noqa: ASYNC110  what is waited for lies in the database; it is looked at
"""A part of another codec on its way into the recording, and the server killed anywhere on it."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import av
import pytest

from db import recordings, work
from db.models import Take, WorkState
from db.states import InterviewState
from db.work import Task, WorkKind
from media_server.aio import data_folder
from media_server.aio.sounds import Sounds
from media_server.aio.transcode import Transcoder
from media_server.aio.work import GiveUp, HeavyWork
from media_server.recording import names
from media_server.settings import SpeechSettings, WorkSettings
from tests.media_server import flash_beep
from tests.media_server.house import House
from tests.media_server.waves import beeps, samples_of
from tests.media_server.webm.image import SOUND, closed_part, read
from web.app import doers

TRANSCODE = Task(WorkKind.TRANSCODE, "one", "2")
CODECS = ("VP9", "VP8", "VP9")
KILLS = 6


@cache
def media(codec: str) -> bytes:
    """Two seconds with a beep in each."""
    both = [*flash_beep.pictures(codec, 2000, (160, 120)), *flash_beep.sound(2000)]
    return closed_part(sorted(both, key=lambda block: block.timestamp_ms), flash_beep.both(codec))


async def interviewed(house: House) -> None:
    """Three parts, the one in the middle of another codec; the answer lasts from the first into the last."""
    await house.interview("one", media=[media(codec) for codec in CODECS])
    async with house.database.writing() as db_session:
        for part, codec in zip(await recordings.parts_of(db_session, "one"), CODECS, strict=True):
            part.video_codec, part.duration_ms = codec, 2000
        for part_number, at, kind in ((1, 1_000, "take"), (3, 1_000, "take_end")):
            await recordings.add_mark(db_session, "one", part_number, at, kind, question_index=1, take=1)
        db_session.add(Take(session_id="one", question_index=1, number=1, chosen=True))


@asynccontextmanager
async def server(house: House) -> AsyncIterator[HeavyWork]:
    """Heavy work as the server wires it."""
    settings = WorkSettings(look_every_s=0.02, attempts=100, retry_after_s=0.001)
    sounds = Sounds(house.database, house.data_folder, house.the_recordings, settings, SpeechSettings())
    transcoder = Transcoder(house.database, house.data_folder, house.the_recordings, 250_000)
    who = doers(house.the_recordings, sounds, transcoder)
    place = HeavyWork(house.database, house.clock, settings, who, speech=False)
    await place.start()
    try:
        yield place
    finally:
        await place.close()


async def until_all_is_done(house: House) -> None:
    async with asyncio.timeout(120):
        while True:
            async with house.database.reading() as db_session:
                rows = await work.listed(db_session)
                wanted = await work.wanted(db_session, speech=False)
            if not wanted and all(row.state is WorkState.DONE for row in rows):
                return
            await asyncio.sleep(0.01)


async def assert_whole(house: House) -> None:
    interview = await house.get("one")
    assert (interview.state, interview.duration_ms) == (InterviewState.READY, 6000)
    assert {part.video_codec for part in interview.parts} == {"VP9"}
    path = house.data_folder.path / (interview.video_file_path or "")
    given = [block.data for codec in CODECS for block in read(media(codec)) if block.track == SOUND]
    assert [block.data for block in read(path.read_bytes()) if block.track == SOUND] == given
    with av.open(str(path), "r") as container:
        assert sum(1 for _ in container.decode(container.streams.video[0])) == 150
    answer = house.uploads / "John_Doe" / names.answer_name("one", 1)
    assert len(samples_of(answer)[1]) == 4_000 * 16
    heard = beeps(answer)
    assert len(heard) == 4
    assert all(abs(at - wanted) < 100 for at, wanted in zip(heard, (480, 1_480, 2_480, 3_480), strict=True))
    assert {file.path.rpartition("/")[2] for file in house.data_folder.files.walk("uploads")} == {
        path.name,
        answer.name,
    }
    assert house.folders() == {"John_Doe"}


async def test_a_part_of_another_codec_is_transcoded_then_joined_then_cut(house: House) -> None:
    await interviewed(house)
    async with server(house):
        await until_all_is_done(house)
    await assert_whole(house)
    async with house.database.reading() as db_session:
        rows = [(row.kind, row.subject, row.attempts) for row in reversed(await work.listed(db_session))]
    assert rows == [("transcode", "2", 1), ("join", "", 1), ("answer_sound", "1/1", 1)]


async def test_a_kill_between_the_new_file_and_its_row_transcodes_nothing_twice(house: House) -> None:
    await interviewed(house)
    part = (await house.get("one")).parts[1]
    (house.data_folder.path / part.path).write_bytes(media("VP9"))
    transcoder = Transcoder(house.database, house.data_folder, house.the_recordings, 250_000)
    await transcoder.transcode(TRANSCODE, _nobody)
    assert (house.data_folder.path / part.path).read_bytes() == media("VP9")
    part = (await house.get("one")).parts[1]
    assert (part.video_codec, part.size_bytes, part.width) == ("VP9", len(media("VP9")), 640)


async def test_what_can_never_be_transcoded_stays_and_is_told(house: House) -> None:
    await interviewed(house)
    path = house.data_folder.path / (await house.get("one")).parts[1].path
    path.write_bytes(b"no WebM")
    async with server(house):
        async with asyncio.timeout(60):
            rows: list[tuple[str, WorkState, str | None]] = []
            while not rows or rows[0][1] is not WorkState.FAILED:
                async with house.database.reading() as db_session:
                    rows = [(row.kind, row.state, row.error) for row in await work.listed(db_session)]
                await asyncio.sleep(0.01)
    assert [kind for kind, *_ in rows] == ["transcode"]
    assert path.read_bytes() == b"no WebM"
    assert (await house.get("one")).state is InterviewState.COMPLETED


async def test_a_deletion_in_the_middle_wins(house: House) -> None:
    await interviewed(house)
    transcoder = Transcoder(house.database, house.data_folder, house.the_recordings, 250_000)
    transcoding = asyncio.create_task(transcoder.transcode(TRANSCODE, _nobody))
    partial = house.data_folder.path / ((await house.get("one")).parts[1].path + ".partial")
    while not partial.exists():
        await asyncio.sleep(0.001)
    await house.the_recordings.delete("one")
    with pytest.raises(GiveUp):
        await transcoding
    assert list(house.data_folder.files.walk("uploads")) == []


async def test_a_disk_without_room_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await interviewed(house)
    monkeypatch.setattr(data_folder, "LEAST_ROOM", house.data_folder.room().total_bytes)
    transcoder = Transcoder(house.database, house.data_folder, house.the_recordings, 250_000)
    with pytest.raises(OSError, match="No space left"):
        await transcoder.transcode(TRANSCODE, _nobody)


# --- killed anywhere -------------------------------------------------------------------

_SERVER = """
import asyncio, sys
from pathlib import Path
from db.clock import SystemClock
from db.engine import Database
from media_server.aio.data_folder import DataFolder
from tests.media_server.house import House
from tests.media_server.test_transcoded import server, until_all_is_done

async def main(path):
    data_folder = DataFolder(Path(path))
    house = House(await Database.open(data_folder.database_path), data_folder, clock=SystemClock())
    async with server(house):
        print("begins", flush=True)
        await until_all_is_done(house)
    await house.database.close()

asyncio.run(main(sys.argv[1]))
"""


async def assert_never_neither(house: House) -> None:
    """Either every part lies there and can be read, or the recording does."""
    interview = await house.get("one")
    if interview.state is InterviewState.COMPLETED:
        paths = [part.path for part in interview.parts]
    else:
        assert interview.state is InterviewState.READY
        paths = [interview.video_file_path or ""]
    for path in paths:
        assert read((house.data_folder.path / path).read_bytes())


def _serve_and_kill(house: House, after_s: float) -> None:
    command = [sys.executable, "-c", _SERVER, str(house.data_folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.mark.slow
async def test_transcoding_joining_and_cutting_survive_kills_at_random_moments(house: House) -> None:
    moments = random.Random(20261125)
    await interviewed(house)
    for _ in range(KILLS):
        _serve_and_kill(house, moments.uniform(0, 2.0))
        await assert_never_neither(house)
    async with server(house):
        await until_all_is_done(house)
    await house.recordings.finish_pending()
    await assert_whole(house)


async def _nobody(_: float) -> None:
    """Nobody asks how far it is."""
