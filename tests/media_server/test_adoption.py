"""Interviews of an older installation: real files become ours, all of one or nothing, cut anywhere by a real kill."""

import asyncio
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from db import audit_chain, work
from db.host_row import HostRow
from db.models import PartSource, QuestionSound
from db.states import InterviewState, PartState
from media_server.aio import adoption_files
from media_server.aio.adoption import SETTLING_IN, Adopter, Outcome, Result
from media_server.aio.contained_files import ContainedFiles
from media_server.recording import names
from media_server.recording.adoption import plan
from media_server.settings import WorkSettings
from tests.media_server.foreign import recorded
from tests.media_server.house import House
from tests.media_server.killing import KILL_AT
from tests.media_server.old_tree import JANE, JOHN, THEN, encoded, lying_in, old_tree, put
from tests.media_server.waves import tone


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return old_tree(tmp_path / "old" / "uploads")


async def adopt(
    house: House, root: Path, rows: list[HostRow] | None = None, *, dry_run: bool = False, remove: bool = False
) -> dict[str, Outcome]:
    old = ContainedFiles(root)
    adopter = Adopter(house.database, house.data_folder, old, WorkSettings(), house.clock)
    outcomes = {}
    await adopter.tidy()
    for interview in plan(adoption_files.old_files(old), rows).interviews:
        done = await (adopter.rehearse(interview) if dry_run else adopter.adopt(interview, house.job_id))
        outcomes[interview.path] = done
        if remove:
            await adopter.remove_originals(done)
    return outcomes


def lying(house: House) -> set[str]:
    return {file.path.removeprefix("uploads/") for file in house.data_folder.files.walk("uploads")}


def sounds_of(session_id: str) -> set[str]:
    key = [names.question_name(session_id, 1), names.answer_name(session_id, 1), names.answer_name(session_id, 2)]
    return {f"John_Doe/{name}" for name in key}


async def test_they_are_as_if_they_had_been_recorded_here(house: House, root: Path) -> None:
    house.clock.now = THEN + timedelta(days=700)
    before = lying_in(root)
    done = await adopt(house, root)
    assert {path: each.result for path, each in done.items()} == {JOHN: Result.ADOPTED, JANE: Result.ADOPTED}
    john = await house.get(done[JOHN].session_id)
    assert (john.state, john.candidate.name, john.candidate.folder) == (InterviewState.READY, "John Doe", "John_Doe")
    assert (john.video_file_path, john.duration_ms) == (f"uploads/{JOHN}", 3_960)
    assert (john.ended_at, john.video_uploaded_at) == (THEN, THEN)
    assert john.started_at == THEN - timedelta(milliseconds=3_960)
    assert [(part.state, part.source) for part in john.parts] == [(PartState.STORED, PartSource.UPLOAD)]
    assert [(each.notice_version, each.client) for each in john.consents] == [("elsewhere", "holdfast import")]
    assert [each.sound for each in john.questions] == [QuestionSound.UPLOADED, QuestionSound.NONE]
    assert [(take.question_index, take.chosen) for take in john.takes] == [(1, True), (2, True)]
    assert lying(house) == {JOHN, JANE, *sounds_of(john.session_id)}
    assert lying_in(root) == before
    async with house.database.reading() as db_session:
        assert await work.answer_sounds(db_session, john.session_id) == {(1, 1), (2, 1)}
        assert await work.wanted(db_session, speech=False) == []
        assert (await audit_chain.verify(db_session)).fault is None
    compared = await house.recordings.compare()
    assert (compared.files_without_rows, compared.rows_without_files) == ((), ())


async def test_a_second_run_adopts_nothing_twice_and_nothing_that_was_deleted(house: House, root: Path) -> None:
    first = await adopt(house, root)
    there = lying(house)
    assert {each.result for each in (await adopt(house, root)).values()} == {Result.ADOPTED_BEFORE}
    assert lying(house) == there
    await house.recordings.delete(first[JOHN].session_id)
    assert lying(house) == {JANE}
    assert (await adopt(house, root))[JOHN].result is Result.DELETED_SINCE
    assert lying(house) == {JANE}


async def test_a_rehearsal_looks_at_everything_and_changes_nothing(house: House, root: Path) -> None:
    put(root, "John_Doe/answer_q3_abc.wav", tone(1)[:-100])
    put(root, JANE, recorded()[:20_000])
    done = await adopt(house, root, dry_run=True)
    assert (done[JOHN].result, done[JOHN].duration_ms) == (Result.WOULD_BE_ADOPTED, 3_960)
    assert [each.path for each in done[JOHN].broken_sounds] == ["John_Doe/answer_q3_abc.wav"]
    assert (done[JANE].result, done[JANE].why[:15]) == (Result.BROKEN, "it is truncated")
    assert lying(house) == set()
    assert house.folders() == set()


@pytest.mark.parametrize(
    "octets", [b"", b"no film", recorded()[:-1], encoded("libx264", container="matroska")], ids=len
)
async def test_what_cannot_be_played_stays_and_hinders_nothing(house: House, root: Path, octets: bytes) -> None:
    put(root, JANE, octets)
    done = await adopt(house, root)
    assert (done[JOHN].result, done[JANE].result) == (Result.ADOPTED, Result.BROKEN)
    assert done[JANE].why
    assert lying(house) == {JOHN, *sounds_of(done[JOHN].session_id)}
    assert (root / JANE).read_bytes() == octets


async def test_the_table_says_who_it_was(house: House, root: Path) -> None:
    again = "John_Doe/interview_video_20241201_090000.webm"
    put(root, again, encoded(seconds=2), at=THEN + timedelta(days=3))
    rows = [
        HostRow("7", f"uploads/{JOHN}", candidate="John Doe", email="John@example.org"),
        HostRow("8", f"uploads/{again}", candidate="John Doe", email="john@example.org"),
        HostRow("9", f"uploads/{JANE}", candidate="John Doe"),
    ]
    await adopt(house, root, rows)
    people = {number: (await house.get(number)).candidate for number in ("7", "8", "9")}
    assert people["7"].id == people["8"].id
    assert (people["7"].email, people["7"].folder) == ("john@example.org", "John_Doe")
    assert (people["9"].name, people["9"].folder) == ("John Doe", "Jane_Smith")
    taken = (await adopt(house, root, [HostRow("7", f"uploads/{JANE}")]))[JANE]
    assert taken.result is Result.ADOPTED_BEFORE


async def test_two_people_never_share_a_folder_and_two_files_no_name(house: House, root: Path) -> None:
    await house.interview("ours", media=[b"ours"], finish=False)
    put(root, "Doe/interview_video_20241128_120530.webm", encoded())
    put(root, "Other/interview_video_20241128_120530.webm", encoded())
    rows = [
        HostRow("7", f"uploads/{JOHN}"),
        HostRow("8", "uploads/Doe/interview_video_20241128_120530.webm", candidate_id="3"),
        HostRow("9", "uploads/Other/interview_video_20241128_120530.webm", candidate_id="3"),
    ]
    await adopt(house, root, rows)
    assert (await house.get("7")).candidate.folder == "John_Doe_2"
    assert (await house.get("8")).video_file_path == "uploads/Doe/interview_video_20241128_120530.webm"
    assert (await house.get("9")).video_file_path == "uploads/Doe/interview_video_20241128_120530_2.webm"


async def test_an_id_that_somebody_has_is_not_taken(house: House, root: Path) -> None:
    await house.interview("7", media=[b"ours"], finish=False)
    done = await adopt(house, root, [HostRow("7", f"uploads/{JOHN}"), HostRow("8" * 201, f"uploads/{JANE}")])
    assert [(each.result, each.why) for each in done.values()] == [
        (Result.TAKEN, "its id is longer than 200 octets"),
        (Result.TAKEN, "another interview has the id 7"),
    ]
    assert lying(house) == {"John_Doe/.parts/7/0001.webm"}


async def test_nothing_is_swept_before_it_has_settled_in(house: House, root: Path) -> None:
    house.clock.now = THEN + timedelta(days=700)
    done = await adopt(house, root)
    house.clock.now += SETTLING_IN - timedelta(minutes=1)
    assert await house.recordings.sweep(trust_clock=True) == []
    house.clock.now += timedelta(minutes=2)
    assert set(await house.recordings.sweep(trust_clock=True)) == {each.session_id for each in done.values()}
    assert lying(house) == set()
    assert house.folders() == set()


async def test_old_files_go_when_their_copies_were_read_back(house: House, root: Path) -> None:
    put(root, "John_Doe/notes.txt", b"somebody's own")
    first = await adopt(house, root)
    kept = house.data_folder.path / first[JANE].path
    kept.chmod(0o600)
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-1] + b"?")
    changed = put(root, "John_Doe/answer_q1_xyz789.wav", tone(0.5)).name
    await adopt(house, root, remove=True)
    assert set(lying_in(root)) == {JANE, "John_Doe/notes.txt", f"John_Doe/{changed}"}
    kept.write_bytes(whole)
    await adopt(house, root, remove=True)
    assert set(lying_in(root)) == {"John_Doe/notes.txt", f"John_Doe/{changed}"}
    assert not (root / "Jane_Smith").exists()


async def test_links_are_not_followed(house: House, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.webm").write_bytes(recorded())
    (root / "John_Doe" / "interview_video_20250101_000000.webm").symlink_to(tmp_path / "secret.webm")
    (tmp_path / "elsewhere").mkdir()
    put(tmp_path / "elsewhere", "interview_video_20250101_000000.webm", recorded())
    (root / "Linked").symlink_to(tmp_path / "elsewhere")
    found = plan(adoption_files.old_files(ContainedFiles(root)), None)
    assert {each.path for each in found.interviews} == {JOHN, JANE}
    assert {each.path for each in found.left} == {"John_Doe/interview_video_20250101_000000.webm", "Linked"}


def test_only_one_adopts_at_a_time(house: House) -> None:
    with adoption_files.adopting(house.data_folder) as first, adoption_files.adopting(house.data_folder) as second:
        assert (first, second) == (True, False)
    with adoption_files.adopting(house.data_folder) as third:
        assert third


# --- a kill anywhere -------------------------------------------------------------------

_KILLED = (
    KILL_AT
    + """
from media_server.aio import adoption_files
from media_server.aio.adoption import Adopter
from media_server.aio.contained_files import ContainedFiles
from media_server.recording.adoption import plan
from media_server.settings import WorkSettings

async def main(path, root, step):
    data_folder, old = DataFolder(Path(path)), ContainedFiles(Path(root))
    database = await Database.open(data_folder.database_path)
    adopter = Adopter(database, data_folder, old, WorkSettings(), SystemClock())
    event.listen(database._writer.sync_engine, "commit", kill_at(step))
    for interview in plan(adoption_files.old_files(old), None).interviews:
        outcome = await adopter.adopt(interview, 1)
        await adopter.remove_originals(outcome)
    await database.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""
)


@pytest.mark.slow
@pytest.mark.parametrize("step", [2, 8, 12, 15, 18, 21, 25])
async def test_a_killed_import_goes_on(house: House, root: Path, step: int) -> None:
    (root / JANE).unlink()
    before = lying_in(root)
    command = [sys.executable, "-c", _KILLED, str(house.data_folder.path), str(root), str(step)]
    killed = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    if step % 2:  # a server starts before the next run; otherwise that run finds it all
        await house.recordings.finish_pending()
        compared = await house.recordings.compare()
        assert (compared.files_without_rows, compared.rows_without_files) == ((), ())
        assert not any("partial" in path or ".adopting" in path for path in lying(house))
    done = await adopt(house, root)
    if root.joinpath(JOHN).exists():
        assert done[JOHN].result in {Result.ADOPTED, Result.ADOPTED_BEFORE}
    async with house.database.reading() as db_session:
        (cut,) = {each.session_id for each in await work.made_sounds(db_session)}
    assert lying(house) == {JOHN, *sounds_of(cut)}
    heard = {(house.uploads / path).read_bytes() for path in sounds_of(cut)}
    assert heard == {octets for path, octets in before.items() if path.endswith(".wav")}
    assert (await house.get(cut)).state is InterviewState.READY
