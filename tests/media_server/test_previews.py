"""Previews of real recordings, made by real processes, as a server makes them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import av
import pytest

from db import interviews, recordings, work
from db.models import InterviewSession
from db.work import Task, WorkKind
from media_server.aio.previews import Previews
from media_server.aio.work import GiveUp
from tests.media_server import flash_beep
from tests.media_server.house import House
from tests.media_server.webm.image import closed_part


def media(seconds: int = 9, size: tuple[int, int] = (160, 120)) -> bytes:
    """A beep and a flash in each second."""
    both = [*flash_beep.pictures("VP8", seconds * 1000, size), *flash_beep.sound(seconds * 1000)]
    return closed_part(sorted(both, key=lambda block: block.timestamp_ms), flash_beep.both("VP8"))


def silent_media() -> bytes:
    return closed_part(list(flash_beep.sound(3000)), flash_beep.both("VP8"))


def previews(house: House) -> Previews:
    return Previews(house.database, house.data_folder, house.the_recordings)


async def recorded(house: House, octets: bytes, session_id: str = "one", duration_ms: int = 9_000) -> InterviewSession:
    await house.interview(session_id, media=[octets])
    async with house.database.writing() as db_session:
        (part,) = await recordings.parts_of(db_session, session_id)
        part.duration_ms = duration_ms
    await house.the_recordings.store(session_id)
    async with house.database.writing() as db_session:
        interview = await interviews.get_interview(db_session, session_id)
        interview.duration_ms = duration_ms
    return await house.get(session_id)


async def due(house: House) -> list[Task]:
    async with house.database.reading() as db_session:
        return await work.without_previews(db_session)


async def nothing(_: float) -> None:
    return


def made(house: House, session_id: str = "one") -> dict[str, Path]:
    folder = house.uploads / "John_Doe" / ".previews" / session_id
    return {path.name.partition(".")[2]: path for path in folder.iterdir()} if folder.exists() else {}


def picture(path: Path) -> Any:
    with av.open(str(path)) as container:
        (frame,) = container.decode(video=0)
        return frame.to_ndarray(format="gray")


async def test_a_stored_recording_gets_poster_thumbnails_and_waveform(house: House) -> None:
    interview = await recorded(house, media())
    (task,) = await due(house)
    assert task == Task(WorkKind.PREVIEWS, "one", (interview.video_sha256 or "")[:16])
    await previews(house).make(task, nothing)
    files = made(house)
    assert set(files) == {"poster.jpg", "thumbnails.jpg", "json"}
    told = json.loads(files["json"].read_text())
    assert told["sheet"] == {"interval_ms": 2000, "count": 5, "columns": 10, "width": 160, "height": 120}
    sheet = picture(files["thumbnails.jpg"])
    assert sheet.shape == (120, 1600)
    assert [bool(sheet[:, at * 160 : (at + 1) * 160].mean() > 20) for at in range(6)] == [True] * 5 + [False]
    assert picture(files["poster.jpg"]).shape == (120, 160)
    loud = [at for at, peak in enumerate(told["peaks"]) if peak > 60]
    assert len(told["peaks"]) == 450
    assert len({at * 20 // 1000 for at in loud}) == 9, "a beep a second"
    assert (await house.get("one")).preview_of == interview.video_sha256
    assert await due(house) == []
    assert {path.name for path in house.uploads.iterdir()} == {"John_Doe"}, "nothing else is left"


async def test_sound_alone_has_a_waveform_alone(house: House) -> None:
    await recorded(house, silent_media(), duration_ms=3_000)
    await previews(house).make((await due(house))[0], nothing)
    assert set(made(house)) == {"json"}
    told = json.loads(made(house)["json"].read_text())
    assert told["sheet"] is None
    assert max(told["peaks"]) > 60


async def test_another_recording_in_its_place_gets_others(house: House) -> None:
    await recorded(house, media())
    await previews(house).make((await due(house))[0], nothing)
    before = set(made(house).values())
    async with house.database.writing() as db_session:
        (await interviews.get_interview(db_session, "one")).video_sha256 = "f" * 64
    (task,) = await due(house)
    await previews(house).make(task, nothing)
    assert before.isdisjoint(made(house).values())
    assert len(made(house)) == 3


async def test_what_cannot_be_decoded_is_given_up(house: House) -> None:
    await recorded(house, b"no WebM at all")
    with pytest.raises(GiveUp, match="decoded"):
        await previews(house).make((await due(house))[0], nothing)
    assert made(house) == {}


async def test_they_go_with_the_interview(house: House) -> None:
    await recorded(house, media())
    await previews(house).make((await due(house))[0], nothing)
    await house.the_recordings.delete("one")
    assert house.folders() == set()
    assert await due(house) == []


async def test_what_was_deleted_meanwhile_leaves_nothing(house: House) -> None:
    await recorded(house, media())
    (task,) = await due(house)
    making = asyncio.create_task(previews(house).make(task, nothing))
    await asyncio.sleep(0)
    await house.the_recordings.delete("one")
    with pytest.raises((GiveUp, OSError)):
        await making
    assert house.folders() == set()


async def test_the_doctor_takes_them_for_no_strangers(house: House) -> None:
    await recorded(house, media())
    await previews(house).make((await due(house))[0], nothing)
    assert (await house.the_recordings.compare()).files_without_rows == ()
