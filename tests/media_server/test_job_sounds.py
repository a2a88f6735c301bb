"""The sounds of jobs' questions: real WAVs through the real worker, and what lies below `.jobs` afterwards."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import jobs, people
from db.clock import SystemClock
from db.engine import Database
from db.errors import NotFound
from db.jobs import Wanted
from db.models import JobQuestion, QuestionSound
from media_server.aio.data_folder import DataFolder
from media_server.aio.job_sounds import JobSounds, copy_sounds, hand_on
from media_server.aio.recordings import Recordings
from media_server.aio.sound_making import SoundRefused
from media_server.recording import names
from media_server.settings import WorkSettings
from tests.db.conftest import NOW
from tests.media_server.waves import samples_of, tone


class Desk:
    """A job with two questions, and its sounds."""

    def __init__(self, database: Database, data_folder: DataFolder) -> None:
        self.database, self.data_folder = database, data_folder
        self.sounds = JobSounds(database, data_folder, WorkSettings())
        self.job, self.who, self.why = 0, 0, 0

    async def furnish(self) -> None:
        async with self.database.writing() as db_session:
            owner = await people.add_user(db_session, "hr@example.org", None, NOW)
            self.job = (await people.add_job(db_session, "Keeper", owner.id, NOW)).id
            await jobs.replace_questions(db_session, self.job, [Wanted("Who?"), Wanted("Why?")])
            self.who, self.why = (each.id for each in (await jobs.get_job(db_session, self.job)).questions)

    async def take(self, question: int, octets: bytes) -> int:
        with tempfile.TemporaryFile() as file:
            file.write(octets)
            file.flush()
            return await self.sounds.take_upload(self.job, question, file.fileno())

    async def questions(self) -> list[JobQuestion]:
        async with self.database.reading() as db_session:
            return (await jobs.get_job(db_session, self.job)).questions

    def lying(self) -> list[Path]:
        return sorted(path for path in self.data_folder.uploads_path.rglob("*") if path.is_file())


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    data_folder = DataFolder.open(tmp_path / "data")
    database = await Database.open(data_folder.database_path)
    desk = Desk(database, data_folder)
    await desk.furnish()
    yield desk
    await database.close()


async def test_a_sound_is_taken_replaced_and_removed(desk: Desk) -> None:
    assert await desk.take(desk.who, tone(1.5)) == 1500
    (first,) = desk.lying()
    assert first.parent.relative_to(desk.data_folder.path) == Path("uploads/.jobs") / str(desk.job)
    assert names.is_wav(first.name)
    assert len(samples_of(first)[1]) == 24_000
    assert await desk.take(desk.who, tone(1)) == 1000
    (second,) = desk.lying()
    assert second.name != first.name
    assert [question.sound_name for question in await desk.questions()] == [second.name, None]
    await desk.sounds.remove(desk.job, desk.who)
    await desk.sounds.remove(desk.job, desk.who)
    assert desk.lying() == []
    assert not (desk.data_folder.uploads_path / ".jobs").exists()


async def test_what_is_no_sound_changes_nothing(desk: Desk) -> None:
    await desk.take(desk.who, tone(1))
    before = desk.lying()
    with pytest.raises(SoundRefused):
        await desk.take(desk.who, b"no sound")
    with pytest.raises(NotFound):
        await desk.take(9_999, tone(1))
    assert desk.lying() == before
    assert (await desk.questions())[0].sound_name == before[0].name


async def test_what_no_question_is_heard_as_goes(desk: Desk) -> None:
    await desk.take(desk.who, tone(1))
    await desk.take(desk.why, tone(1))
    async with desk.database.writing() as db_session:
        await jobs.replace_questions(db_session, desk.job, [Wanted("Why?", id=desk.why)])
    await desk.sounds.tidy(desk.job)
    assert [path.name for path in desk.lying()] == [(await desk.questions())[0].sound_name]


async def test_the_start_removes_what_a_crash_left_and_nothing_else(desk: Desk) -> None:
    await desk.take(desk.who, tone(1))
    kept = desk.lying()
    folder = kept[0].parent
    (folder / "question_q1_deadbeef.wav.partial").write_bytes(b"half")
    (folder / "question_q1_deadbeef.wav").write_bytes(b"whole, and nobody's")
    gone = folder.parent / "99"
    gone.mkdir()
    (gone / "question_q9_deadbeef.wav").write_bytes(b"of a job that was deleted")
    await desk.sounds.tidy(desk.job)
    assert (folder / "question_q1_deadbeef.wav.partial").exists(), "an upload may be writing it right now"
    await desk.sounds.tidy_all()
    assert desk.lying() == kept
    assert not gone.exists()


async def test_a_sound_that_is_gone_is_found_by_comparing(desk: Desk) -> None:
    await desk.take(desk.who, tone(1))
    recordings = Recordings(desk.database, desk.data_folder, SystemClock())
    compared = await recordings.compare()
    assert (compared.files_without_rows, compared.rows_without_files, compared.job_sounds_missing) == ((), (), ())
    (path,) = desk.lying()
    path.unlink()
    compared = await recordings.compare()
    assert compared.job_sounds_missing == ((path.relative_to(desk.data_folder.path).as_posix(), desk.job),)


async def test_a_copy_and_an_interview_keep_the_sound_that_they_were_given(desk: Desk) -> None:
    await desk.take(desk.why, tone(1.5))
    files = desk.data_folder.files
    questions = await desk.questions()
    copy_sounds(files, desk.job, questions, 77)
    assert hand_on(files, questions, "one", "John_Doe") == {2: QuestionSound.UPLOADED}
    assert hand_on(files, questions, "one", "John_Doe") == {2: QuestionSound.UPLOADED}, "as after a crash"
    await desk.take(desk.why, tone(1))
    uploads = desk.data_folder.uploads_path
    given = uploads / "John_Doe" / names.question_name("one", 2)
    copied = uploads / ".jobs" / "77" / (questions[1].sound_name or "")
    assert [len(samples_of(path)[1]) for path in (given, copied)] == [24_000, 24_000]


async def test_a_sound_that_is_gone_is_left_out(desk: Desk) -> None:
    await desk.take(desk.who, tone(1))
    questions = await desk.questions()
    desk.lying()[0].unlink()
    assert hand_on(desk.data_folder.files, questions, "one", "John_Doe") == {}
    copy_sounds(desk.data_folder.files, desk.job, questions, 77)
    assert desk.lying() == []
