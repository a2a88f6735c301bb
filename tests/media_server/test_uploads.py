"""Uploads on the disk and in the database: all of one or nothing, cut anywhere by a real kill."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import interviews, recordings, work
from db.errors import Conflict, NotFound
from db.models import PartSource, Take
from db.states import IllegalTransition, InterviewState, PartState
from db.work import Task, WorkKind
from media_server.aio import data_folder, upload_look
from media_server.aio.recording_files import captions_path, previews_folder, put_file
from media_server.aio.uploads import NoPlace, Uploads
from media_server.recording import names
from media_server.recording.uploads import UploadRefused
from media_server.settings import WorkSettings
from tests.media_server.foreign import CHROMIUM, film
from tests.media_server.house import STARTED, House
from tests.media_server.killing import KILL_AT
from tests.media_server.webm.image import closed_part, talk

OLD = closed_part(talk(2))
FOLDER = "uploads/John_Doe"
RECORDING = f"{FOLDER}/interview_video_20241128_120530.webm"


def taker(house: House) -> Uploads:
    return Uploads(house.database, house.data_folder, house.the_recordings, WorkSettings(), house.clock)


def lying(house: House) -> set[str]:
    return {file.path for file in house.data_folder.files.walk("uploads")}


async def hand_in(house: House, path: Path = CHROMIUM, *, replace: bool = False) -> None:
    taking = taker(house)
    with path.open("rb") as file:
        async with taking.draft("one", file.fileno(), "a test") as draft:
            await (taking.replace if replace else taking.add)("one", draft)


async def test_a_part_is_added_after_those_that_are_there(house: House) -> None:
    await house.interview("one", media=[OLD], finish=False)
    await hand_in(house)
    assert lying(house) == {f"{FOLDER}/.parts/one/0001.webm", f"{FOLDER}/.parts/one/0002.webm"}
    interview = await house.get("one")
    assert interview.state is InterviewState.INTERRUPTED
    part = interview.parts[1]
    assert (part.source, part.state, part.duration_ms) == (PartSource.UPLOAD, PartState.CLOSED, 3_960)
    assert (part.user_agent, len(part.bitrate_windows)) == ("a test", 1)
    assert part.size_bytes == (house.data_folder.path / part.path).stat().st_size


async def test_where_no_part_can_be_added_nothing_is(house: House) -> None:
    await house.invite("one")
    with pytest.raises(IllegalTransition):
        await hand_in(house)
    assert lying(house) == set()
    assert house.folders() == {"John_Doe"} or house.folders() == set()
    with pytest.raises(NotFound):
        async with taker(house).draft("none", 0, ""):
            pass


async def test_what_is_none_leaves_nothing(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.interview("one", media=[OLD], finish=False)
    before = lying(house)
    (tmp_path / "none.webm").write_bytes(b"no film")
    with pytest.raises(UploadRefused):
        await hand_in(house, tmp_path / "none.webm")
    monkeypatch.setattr(upload_look, "WORKER", "media_server.aio.is_not_there")
    with pytest.raises(UploadRefused):
        await hand_in(house)
    monkeypatch.setattr(data_folder, "LEAST_ROOM", house.data_folder.room().total_bytes)
    with pytest.raises(OSError, match="No space left"):
        await hand_in(house)
    assert lying(house) == before


async def test_a_recording_takes_the_place_of_parts_and_of_all_that_was_cut_from_them(house: House) -> None:
    await house.interview("one", media=[OLD, OLD])
    answer = house.uploads / "John_Doe" / names.answer_name("one", 1)
    question = house.uploads / "John_Doe" / names.question_name("one", 1)
    other = house.uploads / "John_Doe" / names.answer_name("two", 1)
    for path in (answer, question, other):
        path.write_bytes(b"sound")
    before = await house.get("one")
    beside = [f"{previews_folder(before)}/{names.preview_name('abc', 'poster.jpg')}", captions_path(before)]
    for old in beside:
        put_file(house.data_folder.files, old, b"of the old one")
    async with house.database.writing() as db_session:
        await recordings.add_mark(db_session, "one", 2, 500, "take", question_index=1, take=1)
        db_session.add(Take(session_id="one", question_index=1, number=1, chosen=True))
        await work.begin(db_session, Task(WorkKind.ANSWER_SOUND, "one", "1/1"), STARTED)
    await hand_in(house, replace=True)
    assert (await house.get("one")).preview_of is None
    assert lying(house) == {RECORDING, *(f"{FOLDER}/{path.name}" for path in (question, other))}
    assert house.folders() == {"John_Doe"}
    interview = await house.get("one")
    assert (interview.state, interview.video_file_path) == (InterviewState.READY, RECORDING)
    assert [(part.number, part.state, part.marks) for part in interview.parts] == [(1, PartState.STORED, [])]
    async with house.database.reading() as db_session:
        assert await work.wanted(db_session, speech=False) == []
        assert await work.listed(db_session) == []


async def test_an_interview_that_is_not_finished_has_nothing_to_replace(house: House) -> None:
    await house.interview("one", media=[OLD], finish=False)
    with pytest.raises(Conflict):
        await hand_in(house, replace=True)
    assert lying(house) == {f"{FOLDER}/.parts/one/0001.webm"}


async def test_a_deletion_that_comes_into_the_middle_wins(house: House, tmp_path: Path) -> None:
    await house.interview("one", media=[OLD])
    taking = taker(house)
    with CHROMIUM.open("rb") as file:
        async with taking.draft("one", file.fileno(), "") as draft:
            await house.recordings.delete("one")
            with pytest.raises(Conflict):
                await taking.replace("one", draft)
            with pytest.raises((IllegalTransition, FileNotFoundError)):
                await taking.add("one", draft)
    assert lying(house) == set()


async def test_no_more_than_so_many_are_received_at_once(house: House) -> None:
    taking = Uploads(
        house.database, house.data_folder, house.the_recordings, WorkSettings(uploads_at_once=1), house.clock
    )
    with taking.place("one"), pytest.raises(NoPlace), taking.place("two"):
        pass
    with taking.place("two"):
        pass


async def test_one_interview_does_not_take_all_places(house: House) -> None:
    taking = taker(house)
    with contextlib.ExitStack() as places:
        for _ in range(3):
            places.enter_context(taking.place("one"))
        with pytest.raises(NoPlace):
            places.enter_context(taking.place("one"))
        with taking.place("two"):
            assert taking._receiving == {"one": 3, "two": 1}
        assert taking._receiving == {"one": 3}
    assert not taking._receiving


async def test_what_is_received_has_no_name(house: House) -> None:
    with taker(house).new_file() as file:
        file.write(b"all of it")
        assert lying(house) == set()


async def test_the_next_start_removes_what_had_a_name_for_an_instant(house: House) -> None:
    (house.uploads / f"{names.RECEIVED}abc").write_bytes(b"all of it")
    (house.uploads / "notes.txt").write_text("somebody's own")
    await house.recordings.finish_pending()
    assert lying(house) == {"uploads/notes.txt"}


# --- a kill anywhere -------------------------------------------------------------------

_KILLED = (
    KILL_AT
    + """
from db.recordings import PartOutcome
from media_server.aio.recording_files import remove_names
from media_server.aio.uploads import Draft, Uploads
from media_server.settings import WorkSettings

async def main(path, film, replace, step):
    data_folder = DataFolder(Path(path))
    database = await Database.open(data_folder.database_path)
    clock = SystemClock()
    taking = Uploads(database, data_folder, Recordings(database, data_folder, clock), WorkSettings(), clock)
    draft = Path(path, "uploads/John_Doe/.parts/one/upload-1.partial")
    if replace:  # how a draft is made is killed in the other test; what it holds is no matter here
        draft.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(film, draft)
    event.listen(database._writer.sync_engine, "commit", kill_at(step))
    if replace:
        name, holds = str(draft.relative_to(path)), PartOutcome("uploaded", 2000, draft.stat().st_size)
        await taking.replace("one", Draft(name, holds, ""))
        remove_names(data_folder.files, [name])
    else:
        with open(film, "rb") as file:
            async with taking.draft("one", file.fileno(), "") as draft:
                await taking.add("one", draft)
    await database.close()

# Importing all of it takes longer than what is killed: a process that has done so forks for every step.
for line in sys.stdin:
    path, film, replace, step = line.split()
    if not (child := os.fork()):
        asyncio.run(main(path, film, replace == "True", int(step)))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
)


@pytest.fixture
def killer() -> Iterator["subprocess.Popen[str]"]:
    """A process whose children hand something in and are killed at a step."""
    command = [sys.executable, "-c", _KILLED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


async def _killed(killer: "subprocess.Popen[str]", house: House, path: Path, step: int, *, replace: bool) -> bool:
    assert killer.stdin is not None
    assert killer.stdout is not None
    print(house.data_folder.path, path, replace, step, file=killer.stdin, flush=True)
    ended = int(await asyncio.to_thread(killer.stdout.readline))
    assert ended in {0, -signal.SIGKILL}
    return ended != 0


async def _forget(house: House) -> None:
    await house.recordings.delete("one")
    async with house.database.writing() as db_session:
        await db_session.delete(await interviews.get_interview(db_session, "one"))


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A film that is looked at in no time."""
    (tmp_path / "film.webm").write_bytes(film())
    return tmp_path / "film.webm"


@pytest.mark.slow
async def test_adding_survives_a_kill_before_each_of_its_steps(
    killer: "subprocess.Popen[str]", house: House, short: Path
) -> None:
    killed, step, added = True, 0, set()
    while killed:
        step += 1
        await house.interview("one", media=[OLD], email="john.doe@example.org", finish=False)
        killed = await _killed(killer, house, short, step, replace=False)
        await house.recordings.finish_pending()
        parts = [part.path for part in (await house.get("one")).parts]
        assert lying(house) == set(parts), f"step {step}"
        added.add(len(parts))
        # Whoever records next finds the next number free.
        assert not (house.uploads / "John_Doe" / names.part_path("one", len(parts) + 1)).exists()
        await _forget(house)
    assert added == {1, 2}
    assert step > 4  # create, start, link, commit, the draft


@pytest.mark.slow
@pytest.mark.parametrize("parts", [1, 2])
async def test_replacing_survives_a_kill_before_each_of_its_steps(
    killer: "subprocess.Popen[str]", house: House, short: Path, parts: int
) -> None:
    """One part: its recording is replaced; several: they were not joined yet."""
    killed, step, held = True, 0, set()
    while killed:
        step += 1
        await house.interview("one", media=[OLD] * parts, email="john.doe@example.org")
        if parts == 1:
            await house.recordings.store("one")
        answer = house.uploads / "John_Doe" / names.answer_name("one", 1)
        answer.write_bytes(b"sound")
        killed = await _killed(killer, house, short, step, replace=True)
        await house.recordings.finish_pending(join=False)
        interview = await house.get("one")
        media = lying(house) - {f"{FOLDER}/{answer.name}"}
        assert media == {interview.video_file_path or part.path for part in interview.parts}, f"step {step}"
        old = [(house.data_folder.path / path).read_bytes() == OLD for path in sorted(media)]
        assert old in ([True] * parts, [False])
        held.add(tuple(old))
        await _forget(house)
    assert held == {(True,) * parts, (False,)}
    assert step > 8
