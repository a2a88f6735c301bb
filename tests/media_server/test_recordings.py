"""Storing, deleting, sweeping and comparing, on real files and a real database, cut anywhere by a real kill."""

import asyncio
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from db import deletion, interviews
from db.audit import SYSTEM
from db.engine import Database
from db.errors import Conflict, NotFound
from db.models import Erasure
from db.states import IllegalTransition, InterviewEvent, InterviewState, PartState
from db.sweep_clock import ClockDoubtful
from media_server.aio import erasure_journal
from media_server.aio.recordings import Recordings
from media_server.aio.worker_process import WorkerStopped
from media_server.recording import names
from tests.media_server.house import STARTED, House
from tests.media_server.killing import KILL_AT
from tests.media_server.webm.image import closed_part, talk

NAME = "interview_video_20241128_120530"


# --- storing ---------------------------------------------------------------------------


async def test_a_single_part_becomes_the_recording(house: House) -> None:
    await house.interview("one")
    path = await house.recordings.store("one")
    assert path == f"uploads/John_Doe/{NAME}.webm"
    assert house.files() == {f"John_Doe/{NAME}.webm": "one 1"}
    assert house.folders() == {"John_Doe"}
    interview = await house.get("one")
    assert (interview.state, interview.video_file_path) == (InterviewState.READY, path)
    assert (interview.video_size_mb, interview.video_uploaded_at) == (0.0, STARTED)
    assert (interview.parts[0].state, interview.parts[0].path) == (PartState.STORED, path)
    assert interview.video_sha256 == hashlib.sha256(b"one 1").hexdigest()
    assert await house.recordings.store("one") == path
    assert house.files() == {f"John_Doe/{NAME}.webm": "one 1"}


async def test_interviews_that_began_in_the_same_second_replace_nothing(house: House) -> None:
    for session_id in ("one", "two", "three"):
        await house.interview(session_id, email="john.doe@example.org")
        await house.recordings.store(session_id)
    assert house.files() == {
        f"John_Doe/{NAME}.webm": "one 1",
        f"John_Doe/{NAME}_2.webm": "two 1",
        f"John_Doe/{NAME}_3.webm": "three 1",
    }


async def test_storing_twice_at_once_stores_once(house: House) -> None:
    await house.interview("one")
    together = house.recordings
    assert len(set(await asyncio.gather(*(together.store("one") for _ in range(5))))) == 1
    assert list(house.files()) == [f"John_Doe/{NAME}.webm"]


async def stopped_worker() -> int:
    """Our child that joins, as soon as there is one, stopped where it is."""
    async with asyncio.timeout(60):
        while not (found := children()):  # noqa: ASYNC110  nobody tells of a child
            await asyncio.sleep(0.001)
    os.kill(found[0], signal.SIGSTOP)
    return found[0]


def children() -> list[int]:
    return [int(each) for each in Path("/proc/self/task", str(os.getpid()), "children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")
async def test_nobody_else_waits_while_parts_are_joined_and_deleting_ends_it(house: House) -> None:
    await house.interview("long", media=[closed_part(talk(2)), closed_part(talk(1))], email="a@example.org")
    await house.interview("short", email="b@example.org")
    await house.interview("unwanted", email="c@example.org")
    together = house.recordings
    joining = asyncio.create_task(together.store("long"))
    worker = await stopped_worker()
    try:
        async with asyncio.timeout(30):
            assert await together.store("short", several=False) is not None
            await together.delete("unwanted")
            await together.delete("long")  # the process that joins it is ended: it would never end by itself
            with pytest.raises(WorkerStopped):
                await joining
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)
    assert list(house.files()) == [f"John_Doe_2/{NAME}.webm"]


async def test_what_cannot_be_stored_yet_stays(house: House) -> None:
    await house.interview("several", parts=2)
    await house.interview("running", finish=False)
    before = house.files()
    assert await house.recordings.store("several") is None
    assert await house.recordings.store("running") is None
    await house.recordings.finish_pending()
    assert house.files() == before
    assert (await house.get("several")).state is InterviewState.COMPLETED
    with pytest.raises(NotFound):
        await house.recordings.store("unknown")


async def test_a_part_that_is_gone_is_said_and_stops_no_other(house: House) -> None:
    await house.interview("gone")
    await house.interview("there")
    (house.data_folder.path / (await house.get("gone")).parts[0].path).unlink()
    with pytest.raises(FileNotFoundError):
        await house.recordings.store("gone")
    await house.recordings.finish_pending()
    assert (await house.get("gone")).state is InterviewState.COMPLETED
    assert (await house.get("there")).state is InterviewState.READY


async def test_a_link_put_in_the_way_is_not_followed(house: House, tmp_path: Path) -> None:
    await house.interview("one")
    (tmp_path / "outside").mkdir()
    (house.uploads / "John_Doe" / f"{NAME}.webm").symlink_to(tmp_path / "outside" / "video.webm")
    assert await house.recordings.store("one") == f"uploads/John_Doe/{NAME}_2.webm"
    assert list((tmp_path / "outside").iterdir()) == []


# --- deleting --------------------------------------------------------------------------


async def test_everything_of_an_interview_goes(house: House) -> None:
    await house.interview("one")
    await house.recordings.store("one")
    for name in ("question_q1_abc12345.wav", "answer_q1_xyz67890.wav", names.answer_name("one", 1)):
        (house.uploads / "John_Doe" / name).write_text("sound")
    await house.recordings.delete("one")
    await house.recordings.delete("one")
    assert (house.files(), house.folders()) == ({}, set())
    interview = await house.get("one")
    assert (interview.state, interview.parts) == (InterviewState.DELETED, [])
    assert (interview.video_file_path, interview.video_size_mb, interview.video_uploaded_at) == (None, None, None)


async def test_another_interview_of_the_same_person_keeps_its_files(house: House) -> None:
    for session_id in ("one", "two", "three"):
        await house.interview(session_id, parts=2 if session_id == "two" else 1, email="john.doe@example.org")
        await house.recordings.store(session_id)
    sounds = [names.question_name("one", 1), names.answer_name("two", 1), "answer_q1_xyz67890.wav"]
    for name in sounds:
        (house.uploads / "John_Doe" / name).write_text("sound")
    await house.recordings.delete("one")
    assert house.files() == {
        f"John_Doe/{NAME}_2.webm": "three 1",
        "John_Doe/.parts/two/0001.webm": "two 1",
        "John_Doe/.parts/two/0002.webm": "two 2",
        f"John_Doe/{names.answer_name('two', 1)}": "sound",
        "John_Doe/answer_q1_xyz67890.wav": "sound",  # nobody knows whose it is: it goes with the last one
    }
    await house.recordings.delete("two")
    await house.recordings.delete("three")
    assert (house.files(), house.folders()) == ({}, set())


async def test_somebody_else_s_folder_and_foreign_files_are_left_alone(house: House) -> None:
    await house.interview("one")
    await house.interview("other person")
    (house.uploads / "John_Doe" / "notes.txt").write_text("notes")
    await house.recordings.delete("one")
    other = names.part_path("other person", 1)
    assert house.files() == {"John_Doe/notes.txt": "notes", f"John_Doe_2/{other}": "other person 1"}


async def test_only_known_interviews_are_deleted(house: House) -> None:
    with pytest.raises(NotFound):
        await house.recordings.delete("unknown")


async def test_a_deletion_that_the_disk_refuses_is_finished_later(house: House) -> None:
    await house.interview("one")
    file = house.data_folder.path / (await house.get("one")).parts[0].path
    media = file.read_bytes()
    file.unlink()
    file.mkdir()  # cannot be unlinked, not even by root
    with pytest.raises(OSError, match="0001"):
        await house.recordings.delete("one")
    assert (await house.get("one")).state is InterviewState.DELETED
    await house.recordings.finish_pending()  # still refused, and no reason to stop
    file.rmdir()
    file.write_bytes(media)
    await house.recordings.finish_pending()
    assert (house.files(), (await house.get("one")).parts) == ({}, [])


@pytest.mark.parametrize("withdrawn", [False, True])
async def test_a_deletion_that_comes_into_the_middle_of_storing_wins(house: House, withdrawn: bool) -> None:
    await house.interview("one")
    named = house.uploads / "John_Doe" / f"{NAME}.webm"
    other_process = await Database.open(house.data_folder.database_path)
    async with other_process.writing() as db_session:  # nobody else can write meanwhile
        storing = asyncio.create_task(house.recordings.store("one"))
        while not named.exists():  # noqa: ASYNC110  a thread makes it; the file is the event
            await asyncio.sleep(0.01)
        if withdrawn:
            await interviews.withdraw(db_session, "one", STARTED, SYSTEM)
        else:
            await deletion.begin_deletion(db_session, "one", STARTED)
    with pytest.raises(IllegalTransition):
        await storing
    assert not named.exists()
    await Recordings(other_process, house.data_folder, house.clock).delete("one")
    assert house.files() == {}
    await other_process.close()


# --- retention -------------------------------------------------------------------------


async def test_whoever_has_come_back_is_not_swept_away(house: House) -> None:
    await house.interview("one", finish=False)
    async with house.database.writing() as db_session:
        await interviews.apply_event(db_session, "one", InterviewEvent.MEDIA_STARTED, house.clock.now)
    with pytest.raises(Conflict):
        await house.recordings.delete("one", unless_running=True)
    assert house.files()
    assert (await house.get("one")).state is InterviewState.IN_PROGRESS


async def test_the_sweep_takes_what_is_due_and_nothing_else(house: House) -> None:
    await house.interview("due", email="john.doe@example.org")
    await house.recordings.store("due")
    await house.interview("interrupted", finish=False)
    house.clock.now = STARTED + timedelta(days=90)
    with pytest.raises(ClockDoubtful):  # nobody has seen it go there
        await house.recordings.sweep()
    assert await house.recordings.sweep(trust_clock=True) == []
    house.clock.now = STARTED + timedelta(days=90, minutes=1)
    async with house.database.writing() as db_session:
        await interviews.apply_event(db_session, "interrupted", InterviewEvent.MEDIA_STARTED, house.clock.now)
    assert await house.recordings.sweep() == ["due"]
    async with house.database.writing() as db_session:
        await interviews.apply_event(db_session, "interrupted", InterviewEvent.MEDIA_ENDED, house.clock.now)
    assert await house.recordings.sweep() == ["interrupted"]
    assert await house.recordings.sweep() == []
    assert house.files() == {}
    assert (await house.get("due")).video_file_path is None


# --- comparing -------------------------------------------------------------------------


async def test_disk_and_database_are_compared_both_ways(house: House, tmp_path: Path) -> None:
    await house.interview("one")
    await house.interview("two", parts=2)
    assert (await house.recordings.compare()).files_without_rows == ()
    assert (await house.recordings.compare()).rows_without_files == ()
    two = await house.get("two")
    (house.data_folder.path / two.parts[0].path).unlink()
    (house.data_folder.path / two.parts[1].path).unlink()
    (house.data_folder.path / two.parts[1].path).symlink_to(tmp_path)
    (house.uploads / "stray.webm").write_text("stray")
    (house.uploads / "John_Doe" / "question_q1_abc12345.wav").write_text("sound")
    compared = await house.recordings.compare()
    assert [(file.path, file.size_bytes) for file in compared.files_without_rows] == [("uploads/stray.webm", 5)]
    assert compared.rows_without_files == ((two.parts[0].path, "two"),)


# --- a kill anywhere -------------------------------------------------------------------

_KILLED = (
    KILL_AT
    + """
async def main(path, what, step):
    data_folder = DataFolder(Path(path))
    database = await Database.open(data_folder.database_path)
    recordings = Recordings(database, data_folder, SystemClock())
    event.listen(database._writer.sync_engine, "commit", kill_at(step))
    await getattr(recordings, what)("one")
    await database.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""
)


def _killed_at(house: House, what: str, step: int) -> bool:
    """Run it in a process that kills itself before its nth step; False when it has fewer."""
    command = [sys.executable, "-c", _KILLED, str(house.data_folder.path), what, str(step)]
    returned = subprocess.run(command, check=False, timeout=60, stderr=subprocess.PIPE, text=True)
    assert returned.returncode in {0, -9}, returned.stderr
    return returned.returncode == -9


async def _assert_stored_whole(house: House) -> None:
    assert house.files() == {f"John_Doe/{NAME}.webm": "one 1"}
    assert house.folders() == {"John_Doe"}
    interview = await house.get("one")
    assert (interview.state, interview.video_file_path) == (
        InterviewState.READY,
        f"uploads/John_Doe/{NAME}.webm",
    )


async def test_storing_survives_a_kill_before_each_of_its_steps(house: House) -> None:
    killed, step = True, 0
    while killed:
        step += 1
        await house.interview("one")
        killed = _killed_at(house, "store", step)
        assert "one 1" in house.files().values()  # never lost, not even in between
        await house.recordings.finish_pending()
        await _assert_stored_whole(house)
        await _forget(house)
    assert step > 4  # link, commit, unlink, two folders


async def test_deleting_survives_a_kill_before_each_of_its_steps(house: House) -> None:
    killed, step = True, 0
    while killed:
        step += 1
        await house.interview("one")
        await house.recordings.store("one")
        (house.uploads / "John_Doe" / "answer_q1_xyz67890.wav").write_text("sound")
        killed = _killed_at(house, "delete", step)
        if (await house.get("one")).state is InterviewState.DELETED:  # it had begun: it is finished
            await house.recordings.finish_pending()
        else:  # it had not: nothing has changed
            assert len(house.files()) == 2
            await house.recordings.delete("one")
        assert (house.files(), house.folders()) == ({}, set())
        assert (await house.get("one")).parts == []
        await _forget(house)
    assert step > 5


async def test_an_interview_deleted_after_a_kill_in_the_middle_of_storing_leaves_nothing(house: House) -> None:
    await house.interview("one")
    assert _killed_at(house, "store", 2)  # it has its final name, and no row says so
    assert len(house.files()) == 2
    assert _killed_at(house, "delete", 3)  # one of the two names is gone
    assert len(house.files()) == 1
    await house.recordings.finish_pending()
    assert (house.files(), house.folders()) == ({}, set())


async def _forget(house: House) -> None:
    """Make room for the next round."""
    await house.recordings.delete("one")
    async with house.database.writing() as db_session:
        interview = await interviews.get_interview(db_session, "one")
        await db_session.delete(interview)
        await db_session.flush()
        await db_session.delete(interview.candidate)
        await db_session.delete(await db_session.get_one(Erasure, "one"))
    (house.data_folder.path / erasure_journal.NAME).unlink()
