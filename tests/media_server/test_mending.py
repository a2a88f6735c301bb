"""Mending what a crash left, on real files written by the real writer, and the rows that go with them."""

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from db import interviews, recordings
from db.models import PartSource
from db.states import InterviewState, PartState
from media_server.aio.mending import WORTH_A_LOOK, MendedPart, MendResult
from media_server.aio.recording_files import part_path
from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.mend import mend
from media_server.webm.reader import Tail, scan
from media_server.webm.writer import TrackEntry, WebmWriter
from tests.media_server.house import STARTED, House

OPUS_20_MS = bytes([0x78]) + bytes(79)
"TOC 0x78: CELT, full band, 20 ms, mono, one frame (RFC 6716 section 3.1)."


def recorded(seconds: float, *, closed: bool = False) -> bytes:
    """A part of VP9 pictures (25 a second) and Opus, as the live writer leaves it."""
    writer = WebmWriter([TrackEntry.picture(1, "VP9"), TrackEntry.sound(2)], started_at_ns=1)
    actions = [*writer.open(), *writer.set_picture_size(320, 240)]
    for at in range(0, round(seconds * 1000), 20):
        if at % 40 == 0:
            actions += writer.add_block(1, at, bytes(1000), keyframe=at % 10_000 == 0)
        actions += writer.add_block(2, at, OPUS_20_MS, keyframe=True)
    return applied(actions + (writer.close() if closed else []))


def applied(actions: Iterable[FileAction]) -> bytes:
    file = bytearray()
    for action in actions:
        match action:
            case Write(position, data):
                file.extend(bytes(max(0, position - len(file))))
                file[position : position + len(data)] = data
            case Truncate(length):
                del file[length:]
            case Sync():
                pass
    return bytes(file)


async def crashed(house: House, data: bytes | None, session_id: str = "one") -> Path:
    """A part that is open in the database and holds these bytes; None: no file."""
    async with house.database.writing() as db_session:
        interview = await interviews.get_interview(db_session, session_id)
        folder = interview.candidate.folder
        part = await recordings.open_part(
            db_session, session_id, PartSource.LIVE, lambda number: part_path(folder, session_id, number), STARTED
        )
    file = house.data_folder.path / part.path
    if data is not None:
        os.close(house.data_folder.files.create(part.path))
        file.write_bytes(data)
        os.utime(file, (STARTED.timestamp() - 5, STARTED.timestamp() - 5))
    return file


async def interrupted(house: House, data: bytes | None) -> Path:
    await house.interview("one", parts=0)
    return await crashed(house, data)


# --- one part ---------------------------------------------------------------------------


async def test_what_lies_there_is_played_and_told(house: House) -> None:
    whole = recorded(12.34)
    file = await interrupted(house, whole)
    assert await house.recordings.mend_all() == [MendedPart("one", 1, MendResult.MENDED, 12_340)]
    assert file.read_bytes() == recorded(12.34, closed=True)  # the same end state that closing leaves
    interview = await house.get("one")
    part = interview.parts[0]
    assert interview.state is InterviewState.INTERRUPTED
    assert (part.state, part.end_reason, part.ended_at) == (PartState.MENDED, "mended", STARTED - timedelta(seconds=5))
    assert (part.duration_ms, part.size_bytes) == (12_340, len(whole))
    assert (part.video_codec, part.audio_codec, part.width, part.height) == ("VP9", "opus", 320, 240)
    assert part.video_kbps == pytest.approx(200, rel=0.01)
    assert part.audio_kbps == pytest.approx(32, rel=0.01)
    assert [window["start_ms"] for window in part.bitrate_windows] == [0, 10_000]
    assert {window["audio_bps"] for window in part.bitrate_windows} == {32_000}
    assert await house.recordings.mend_all() == []


@pytest.mark.parametrize("cut", [1, 500, 3000])
async def test_a_block_that_was_cut_is_cut_off(house: House, cut: int) -> None:
    file = await interrupted(house, recorded(3)[:-cut])
    assert (await house.recordings.mend_all())[0].result is MendResult.MENDED
    found = scan(file.read_bytes())
    assert (found.tail, found.end) == (Tail.WHOLE, file.stat().st_size)
    assert (await house.get("one")).parts[0].size_bytes == file.stat().st_size


async def test_a_part_that_was_closed_but_not_written_down_stays_as_it_is(house: House) -> None:
    closed = recorded(3, closed=True)
    file = await interrupted(house, closed)
    assert (await house.recordings.mend_all())[0].duration_ms == 3_000
    assert file.read_bytes() == closed


@pytest.mark.parametrize(
    "data",
    [None, b"", bytes(4096), recorded(0), recorded(0)[:100], recorded(0.02)[:-500]],
    ids=["no file", "nothing", "zeros", "no block", "half a head", "half a block"],
)
async def test_a_part_with_no_block_goes_with_its_row(house: House, data: bytes | None) -> None:
    await interrupted(house, data)
    assert (await house.recordings.mend_all())[0].result is MendResult.EMPTY
    interview = await house.get("one")
    assert (interview.state, interview.parts) == (InterviewState.INTERRUPTED, [])
    assert list(house.data_folder.files.walk("uploads")) == []


@pytest.mark.parametrize("data", [b"This is no WebM. " * 1000, bytes(WORTH_A_LOOK + 1)], ids=["no WebM", "no head"])
async def test_what_cannot_be_read_is_left_as_it_lies(house: House, data: bytes) -> None:
    file = await interrupted(house, data)
    assert (await house.recordings.mend_all())[0].result is MendResult.UNREADABLE
    part = (await house.get("one")).parts[0]
    assert (part.state, part.end_reason) == (PartState.MENDED, "unreadable")
    assert (part.duration_ms, part.size_bytes) == (0, len(data))
    assert file.read_bytes() == data
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, "one", STARTED)
    assert await house.recordings.store("one") is None  # nothing to hand out as a recording


async def test_a_crash_while_mending_is_mended(house: House) -> None:
    data = recorded(3)[:-500]
    expected = applied([Write(0, data), *mend(data).actions])
    steps = len(mend(data).actions)
    file = await interrupted(house, data)
    for done in range(steps + 1):
        file.write_bytes(applied([Write(0, data), *mend(data).actions[:done]]))
        async with house.database.writing() as db_session:
            part = await recordings.get_part(db_session, "one", 1)
            part.state = PartState.OPEN
        assert (await house.recordings.mend_all())[0].result is MendResult.MENDED
        assert file.read_bytes() == expected


# --- several, and what follows -----------------------------------------------------------


async def test_one_that_fails_stops_no_other_and_is_tried_again(house: House, tmp_path: Path) -> None:
    file = await interrupted(house, recorded(1))
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    await house.interview("two", parts=0)
    await crashed(house, recorded(2), "two")
    results = {mended.session_id: mended.result for mended in await house.recordings.mend_all()}
    assert results == {"one": MendResult.FAILED, "two": MendResult.MENDED}
    file.unlink()
    (tmp_path / "elsewhere").rename(file)
    assert [mended.result for mended in await house.recordings.mend_all()] == [MendResult.MENDED]


async def test_a_finished_interview_is_stored_after_it_was_mended(house: House) -> None:
    await interrupted(house, recorded(3))
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, "one", STARTED)
    await house.recordings.mend_all()
    await house.recordings.finish_pending()
    interview = await house.get("one")
    assert (interview.state, interview.duration_ms) == (InterviewState.READY, 3_000)


async def test_the_same_link_goes_on_after_it(house: House) -> None:
    await interrupted(house, recorded(3))
    await house.recordings.mend_all()
    await crashed(house, recorded(1))
    assert (await house.get("one")).state is InterviewState.IN_PROGRESS
    assert [mended.number for mended in await house.recordings.mend_all()] == [2]
