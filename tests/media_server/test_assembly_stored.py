"""Several parts become the interview's recording: on real files and a real database, cut anywhere by a real kill."""

import asyncio
import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from db import deletion, interviews, recordings
from db.audit import SYSTEM
from db.engine import Database
from db.recordings import PartOutcome
from db.states import IllegalTransition, InterviewState, PartState
from media_server.aio import assemble, data_folder
from media_server.aio.recordings import Recordings
from media_server.aio.worker_process import WorkerFailed
from media_server.recording import names
from media_server.recording.timeline import Timeline
from tests.media_server.house import STARTED, House
from tests.media_server.killing import KILL_AT
from tests.media_server.webm.image import closed_part, read, talk
from tests.media_server.webm.real_media import tracks

NAME = "interview_video_20241128_120530.webm"
PATH = f"uploads/John_Doe/{NAME}"
PARTIAL = f"John_Doe/.parts/one/{NAME}.partial"

MEDIA = [closed_part(talk(2)), closed_part(talk(3, late_ms=70)), closed_part(talk(1))]
PACKETS = sum(len(read(octets)) for octets in MEDIA)


def lying(house: House) -> set[str]:
    found = house.data_folder.files.walk("uploads")
    return {file.path.removeprefix("uploads/") for file in found}


def parts_lie_there(house: House, count: int = 3) -> bool:
    paths = [house.uploads / "John_Doe" / names.part_path("one", number) for number in range(1, count + 1)]
    return all(path.exists() and path.read_bytes() == octets for path, octets in zip(paths, MEDIA, strict=False))


def recording_is_whole(house: House) -> bool:
    path = house.data_folder.path / PATH
    return path.exists() and len(read(path.read_bytes())) == PACKETS


async def assert_joined_whole(house: House) -> None:
    assert lying(house) == {f"John_Doe/{NAME}"}
    assert house.folders() == {"John_Doe"}
    assert recording_is_whole(house)
    octets = (house.data_folder.path / PATH).read_bytes()
    interview = await house.get("one")
    assert (interview.state, interview.video_file_path) == (InterviewState.READY, PATH)
    assert interview.video_sha256 == hashlib.sha256(octets).hexdigest()
    assert interview.video_size_mb == round(len(octets) / 1e6, 2)
    assert interview.duration_ms == 6000
    assert [(part.state, part.duration_ms) for part in interview.parts] == [
        (PartState.STORED, 2000),
        (PartState.STORED, 3000),
        (PartState.STORED, 1000),
    ]


async def forget(house: House) -> None:
    await house.recordings.delete("one")
    async with house.database.writing() as db_session:
        await db_session.delete(await interviews.get_interview(db_session, "one"))


# --- joining ---------------------------------------------------------------------------


async def test_several_parts_become_the_recording(house: House) -> None:
    await house.interview("one", media=MEDIA)
    async with house.database.writing() as db_session:
        await recordings.add_mark(db_session, "one", 2, 500, "question", question_index=1)
    assert await house.recordings.store("one") == PATH
    await assert_joined_whole(house)
    octets = (house.data_folder.path / PATH).read_bytes()
    assert b"1. Who?" in octets
    assert (house.data_folder.path / PATH).stat().st_mode & 0o777 == 0o600
    assert await house.recordings.store("one") == PATH  # again: nothing happens
    assert (house.data_folder.path / PATH).read_bytes() == octets


async def test_a_mark_is_found_in_the_recording_where_it_was_made(house: House) -> None:
    await house.interview("one", media=MEDIA)
    await house.recordings.store("one")
    interview = await house.get("one")
    timeline = Timeline.of((part.number, part.duration_ms or 0) for part in interview.parts)
    found = read((house.data_folder.path / PATH).read_bytes())
    for number, octets in enumerate(MEDIA, start=1):
        for block in read(octets)[::25]:
            at = timeline.recording_time(number, block.timestamp_ms)
            assert block._replace(timestamp_ms=at) in found


async def test_the_row_and_the_disk_agree_afterwards(house: House) -> None:
    await house.interview("one", media=MEDIA)
    await house.recordings.store("one")
    compared = await house.recordings.compare()
    assert (compared.files_without_rows, compared.rows_without_files) == ((), ())


async def test_what_is_joined_can_be_deleted(house: House) -> None:
    await house.interview("one", media=MEDIA)
    await house.recordings.store("one")
    await house.recordings.delete("one")
    interview = await house.get("one")
    assert (lying(house), interview.parts, interview.video_sha256) == (set(), [], None)


async def test_the_next_start_joins_what_was_finished_and_not_joined(house: House) -> None:
    await house.interview("one", media=MEDIA)
    await house.recordings.finish_pending()
    await assert_joined_whole(house)


async def test_a_name_that_is_taken_is_left_to_whoever_has_it(house: House) -> None:
    await house.interview("another", email="john.doe@example.org")
    await house.recordings.store("another")
    await house.interview("one", media=MEDIA, email="john.doe@example.org")
    assert await house.recordings.store("one") == PATH.replace(".webm", "_2.webm")
    assert (house.data_folder.path / PATH).read_bytes() == b"another 1"


async def test_five_at_once_join_once(house: House) -> None:
    await house.interview("one", media=MEDIA)
    together = house.recordings
    assert set(await asyncio.gather(*(together.store("one") for _ in range(5)))) == {PATH}
    await assert_joined_whole(house)


# --- what cannot be joined stays -------------------------------------------------------


async def assert_left_alone(house: House, media: Sequence[bytes]) -> None:
    interview = await house.get("one")
    assert (interview.state, interview.video_file_path) == (InterviewState.COMPLETED, None)
    found = [(house.data_folder.path / part.path).read_bytes() for part in interview.parts]
    assert found == list(media)
    assert len(lying(house)) == len(media)


@pytest.mark.parametrize(
    ("second", "said"),
    [(closed_part(talk(1), tracks("VP9")), "needs_transcoding"), (MEDIA[0][:-3], "unreadable"), (b"", "unreadable")],
)
async def test_parts_that_need_more_stay_and_the_log_says_why(
    house: House, second: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    await house.interview("one", media=[MEDIA[0], second])
    assert await house.recordings.store("one") is None
    assert f"its parts stay as they are, {said}: part 2 is why" in caplog.text
    await assert_left_alone(house, [MEDIA[0], second])


async def test_a_codec_that_the_rows_tell_needs_no_process(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.interview("one", media=MEDIA[:2])
    async with house.database.writing() as db_session:
        for part, codec in zip(await recordings.parts_of(db_session, "one"), ("VP9", "VP8"), strict=True):
            part.video_codec = codec
    assert await house.recordings.store("one") is None
    assert "needs_transcoding: part 2 is why: its VP8 follows VP9" in caplog.text
    await assert_left_alone(house, MEDIA[:2])


async def test_a_part_that_is_still_open_is_waited_for(house: House) -> None:
    await house.interview("one", media=MEDIA[:2])
    async with house.database.writing() as db_session:
        part = (await recordings.parts_of(db_session, "one"))[1]
        part.state = PartState.OPEN
    await house.recordings.finish_pending()
    assert await house.recordings.store("one") is None
    await assert_left_alone(house, MEDIA[:2])
    async with house.database.writing() as db_session:
        await recordings.close_part(
            db_session, "one", 2, PartOutcome(end_reason="finished", duration_ms=1, size_bytes=1), STARTED
        )
    assert await house.recordings.store("one") == PATH


async def test_a_part_that_is_gone_leaves_the_others(house: House) -> None:
    await house.interview("one", media=MEDIA)
    (house.uploads / "John_Doe" / names.part_path("one", 2)).unlink()
    with pytest.raises(FileNotFoundError):
        await house.recordings.store("one")
    assert len(lying(house)) == 2


async def test_a_disk_without_room_for_both_is_left_to_those_who_record(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.interview("one", media=MEDIA)
    monkeypatch.setattr(data_folder, "LEAST_ROOM", house.data_folder.room().total_bytes)
    with pytest.raises(OSError, match="No space left"):
        await house.recordings.store("one")
    await assert_left_alone(house, MEDIA)
    monkeypatch.undo()
    await house.recordings.finish_pending()
    await assert_joined_whole(house)


async def test_a_joining_process_that_dies_leaves_the_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.interview("one", media=MEDIA)
    monkeypatch.setattr(assemble, "WORKER", "media_server.aio.is_not_there")
    with pytest.raises(WorkerFailed):
        await house.recordings.store("one")
    await assert_left_alone(house, MEDIA)


@pytest.mark.parametrize("withdrawn", [False, True])
async def test_a_deletion_that_comes_into_the_middle_wins(house: House, withdrawn: bool) -> None:
    await house.interview("one", media=MEDIA)
    other_process = await Database.open(house.data_folder.database_path)
    async with other_process.writing() as db_session:  # nobody else can write meanwhile
        joining = asyncio.create_task(house.recordings.store("one"))
        while not (house.data_folder.path / PATH).exists():  # noqa: ASYNC110  a thread makes it; the file is the event
            await asyncio.sleep(0.01)
        if withdrawn:
            await interviews.withdraw(db_session, "one", STARTED, SYSTEM)
        else:
            await deletion.begin_deletion(db_session, "one", STARTED)
    with pytest.raises(IllegalTransition):
        await joining
    assert not (house.data_folder.path / PATH).exists()
    await Recordings(other_process, house.data_folder, house.clock).delete("one")
    assert lying(house) == set()
    await other_process.close()


async def test_a_deletion_after_a_kill_in_the_middle_leaves_nothing(house: House) -> None:
    await house.interview("one", media=MEDIA)
    files = house.data_folder.files
    partial = house.uploads / PARTIAL
    partial.write_bytes(b"verified")
    files.link(f"uploads/{PARTIAL}", PATH)
    await house.recordings.delete("one")
    assert lying(house) == set()


# --- a kill anywhere -------------------------------------------------------------------

_KILLED = (
    KILL_AT
    + """
async def main(path, step):
    data_folder = DataFolder(Path(path))
    database = await Database.open(data_folder.database_path)
    recordings = Recordings(database, data_folder, SystemClock())
    event.listen(database._writer.sync_engine, "commit", kill_at(step))
    print("begins", flush=True)
    await recordings.store("one")
    await database.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""
)


def _store_in_a_process(house: House, step: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _KILLED, str(house.data_folder.path), str(step)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def _assert_neither_is_never_the_case(house: House) -> None:
    interview = await house.get("one")
    if interview.state is InterviewState.COMPLETED:
        assert parts_lie_there(house)
    else:
        assert interview.state is InterviewState.READY
        assert recording_is_whole(house)


@pytest.mark.slow
async def test_joining_survives_a_kill_before_each_of_its_steps(house: House) -> None:
    killed, step = True, 0
    while killed:
        step += 1
        await house.interview("one", media=MEDIA, email="john.doe@example.org")
        with _store_in_a_process(house, step) as process:
            killed = process.wait(60) == -signal.SIGKILL
        await _assert_neither_is_never_the_case(house)
        await house.recordings.finish_pending()
        await assert_joined_whole(house)
        await forget(house)
    assert step > 9  # create, start, link, commit, three parts, the first name, two folders


@pytest.mark.slow
async def test_joining_survives_a_kill_at_any_moment(house: House) -> None:
    """The server alone dies, or with the process that joins for it: at moments spread over all of it."""
    await house.interview("one", media=MEDIA, email="john.doe@example.org")
    with _store_in_a_process(house) as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()  # noqa: TID251  how long joining takes here decides when to kill
        assert process.wait(60) == 0
    takes = time.monotonic() - began  # noqa: TID251
    await forget(house)
    for moment in range(8):
        await house.interview("one", media=MEDIA, email="john.doe@example.org")
        with _store_in_a_process(house) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                process.wait(takes * moment / 8)
            except subprocess.TimeoutExpired:
                process.kill()
        await _assert_neither_is_never_the_case(house)
        await house.recordings.finish_pending()
        await assert_joined_whole(house)
        await forget(house)
