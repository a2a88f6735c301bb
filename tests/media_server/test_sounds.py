# ruff: noqa: ASYNC110  what is waited for lies in the database, or on the disk; both are looked at
"""Sound files in a candidate's folder, as a server makes them: from real recordings, by real processes."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import interviews, recordings, work
from db.errors import Conflict, NotFound
from db.models import QuestionSound, Take, Work, WorkState
from db.states import InterviewState
from db.work import Task, WorkKind
from media_server.aio import sound_making
from media_server.aio.sound_job import SoundRefusal
from media_server.aio.sound_making import SoundRefused
from media_server.aio.sounds import Sounds
from media_server.aio.work import GiveUp, HeavyWork
from media_server.aio.worker_process import WorkerFailed
from media_server.recording import names
from media_server.settings import SpeechSettings, WorkSettings
from tests.media_server import flash_beep
from tests.media_server.house import House
from tests.media_server.waves import beeps, samples_of, tone
from tests.media_server.webm.image import closed_part

ANSWER = names.answer_name("one", 1)
SECOND_TAKE = names.answer_name("one", 1, 2)
QUESTION = names.question_name("one", 1)
COPIES = (sys.executable, "-c", "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)")


def media() -> bytes:
    """Three seconds with a beep in each."""
    both = [*flash_beep.pictures("VP8", 3000, (160, 120)), *flash_beep.sound(3000)]
    return closed_part(sorted(both, key=lambda block: block.timestamp_ms), flash_beep.both("VP8"))


def sounds(house: House, *command: str, **settings: float) -> Sounds:
    work_settings = WorkSettings.model_validate(settings)
    speech = SpeechSettings(command=command, within_s=20)
    return Sounds(house.database, house.data_folder, house.the_recordings, work_settings, speech)


def folder(house: House, session_folder: str = "John_Doe") -> Path:
    return house.uploads / session_folder


def wavs(house: House) -> list[str]:
    return sorted(path.name for path in folder(house).iterdir() if path.suffix == ".wav")


async def answered(house: House, session_id: str = "one", email: str | None = None) -> None:
    """Two parts; take 1 from 400 ms of the first to 600 ms of the second, take 2, chosen, from there to 2000 ms."""
    await house.interview(session_id, media=[media(), media()], email=email)
    async with house.database.writing() as db_session:
        for part, at, kind, take in (
            (1, 100, "question", None),
            (1, 400, "take", 1),
            (2, 600, "take_end", 1),
            (2, 1_000, "take", 2),
            (2, 2_000, "take_end", 2),
        ):
            await recordings.add_mark(db_session, session_id, part, at, kind, question_index=1, take=take)
        for number in (1, 2):
            db_session.add(Take(session_id=session_id, question_index=1, number=number, chosen=number == 2))
    await house.the_recordings.store(session_id)


async def choose(house: House, number: int) -> None:
    async with house.database.writing() as db_session:
        for each in (1, 2):
            (await db_session.get_one(Take, ("one", 1, each))).chosen = each == number


@pytest.fixture
async def heavy_work(house: House) -> AsyncIterator[HeavyWork]:
    """As the server wires it, with nobody who speaks."""
    made = sounds(house)
    doers = {WorkKind.ANSWER_SOUND: made.cut, WorkKind.JOIN: lambda task, _: house.the_recordings.join(task.session_id)}
    place = HeavyWork(house.database, house.clock, WorkSettings(look_every_s=0.02), doers, speech=False)
    await place.start()
    yield place
    await place.close()


async def until_cut(house: House, take: int) -> None:
    async with asyncio.timeout(60):
        while True:
            async with house.database.reading() as db_session:
                if await work.answer_sounds(db_session, "one") == {(1, take)}:
                    return
            await asyncio.sleep(0.01)


# --- answers -----------------------------------------------------------------------------


async def test_the_chosen_take_is_cut_and_choosing_another_replaces_it(house: House, heavy_work: HeavyWork) -> None:
    await answered(house)
    await until_cut(house, 2)
    assert wavs(house) == [SECOND_TAKE]
    rate, samples = samples_of(folder(house) / SECOND_TAKE)
    assert (rate, len(samples)) == (16_000, 16_000)
    assert abs(beeps(folder(house) / SECOND_TAKE)[0] - 480) < 100
    assert (folder(house) / SECOND_TAKE).stat().st_mode & 0o777 == 0o600
    await choose(house, 1)
    await until_cut(house, 1)
    assert wavs(house) == [ANSWER]
    # It was interrupted: 2.6 s of the first part and 0.6 s of the second.
    _, samples = samples_of(folder(house) / ANSWER)
    assert len(samples) == 3_200 * 16
    heard = beeps(folder(house) / ANSWER)
    assert len(heard) == 4
    assert all(abs(at - wanted) < 100 for at, wanted in zip(heard, (80, 1_080, 2_080, 3_080), strict=True))
    assert house.folders() == {"John_Doe"}


async def test_the_row_and_the_disk_agree_and_deleting_takes_the_sounds_along(
    house: House, heavy_work: HeavyWork
) -> None:
    await answered(house)
    await until_cut(house, 2)
    compared = await house.recordings.compare()
    assert (compared.files_without_rows, compared.rows_without_files) == ((), ())
    await house.the_recordings.delete("one")
    assert not folder(house).exists()


async def test_a_sound_that_is_gone_is_noticed_and_cut_again(house: House, heavy_work: HeavyWork) -> None:
    await answered(house)
    await until_cut(house, 2)
    (folder(house) / SECOND_TAKE).unlink()
    compared = await house.recordings.compare()
    assert compared.rows_without_files == ((f"uploads/John_Doe/{SECOND_TAKE}", "one"),)
    await house.the_recordings.finish_pending()
    await until_cut(house, 2)
    assert wavs(house) == [SECOND_TAKE]
    await house.invite("two")
    await hand_in(house, tone(1), session_id="two")
    (folder(house, "John_Doe_2") / names.question_name("two", 1)).unlink()
    compared = await house.recordings.compare()
    assert [path.rpartition("/")[2] for path, _ in compared.rows_without_files] == [names.question_name("two", 1)]


async def test_a_second_interview_has_its_own_files_in_the_same_folder(house: House, heavy_work: HeavyWork) -> None:
    await answered(house, "two", email="john.doe@example.org")
    await answered(house, "one", email="john.doe@example.org")
    await until_cut(house, 2)
    both = sorted(names.answer_name(session_id, 1, 2) for session_id in ("one", "two"))
    while wavs(house) != both:
        await asyncio.sleep(0.01)
    assert house.folders() == {"John_Doe"}
    assert len(list(folder(house).glob("*.webm"))) == 2
    await house.the_recordings.delete("one")
    assert wavs(house) == [names.answer_name("two", 1, 2)]
    assert len(list(folder(house).glob("*.webm"))) == 1


async def test_what_cannot_be_cut_says_why(house: House) -> None:
    await answered(house)
    with pytest.raises(GiveUp, match="never marked"):
        await sounds(house).cut(Task(WorkKind.ANSWER_SOUND, "one", "1/3"), _nobody)
    await house.the_recordings.delete("one")
    with pytest.raises(GiveUp, match="its recording is gone"):
        await sounds(house).cut(Task(WorkKind.ANSWER_SOUND, "one", "1/2"), _nobody)


async def test_a_deletion_that_comes_into_the_middle_wins(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await answered(house)
    made = sounds(house)
    async with house.the_recordings.held("one"):
        cutting = asyncio.create_task(made.cut(Task(WorkKind.ANSWER_SOUND, "one", "1/2"), _nobody))
        async with house.database.writing() as db_session:
            interview = await interviews.get_interview(db_session, "one")
            interview.state = InterviewState.DELETED
    with pytest.raises(GiveUp, match="deleted"):
        await cutting
    assert wavs(house) == []


async def test_what_an_attempt_left_is_in_nobodys_way(house: House) -> None:
    await answered(house)
    draft = house.uploads / "John_Doe" / ".parts" / "one" / f"{SECOND_TAKE}.partial"
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half")
    await sounds(house).cut(Task(WorkKind.ANSWER_SOUND, "one", "1/2"), _nobody)
    assert (wavs(house), draft.exists()) == ([SECOND_TAKE], False)


# --- questions ---------------------------------------------------------------------------


async def hand_in(
    house: House, octets: bytes, made: Sounds | None = None, *, index: int = 1, session_id: str = "one"
) -> int:
    path = house.data_folder.path / "upload"
    path.write_bytes(octets)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return await (made or sounds(house)).take_upload(session_id, index, descriptor)
    finally:
        os.close(descriptor)


async def voice(house: House) -> QuestionSound:
    return (await house.get("one")).questions[0].sound


async def test_a_question_that_somebody_recorded_is_kept_and_replaced(house: House) -> None:
    await house.invite("one")
    for seconds in (1.5, 2.5):
        assert await hand_in(house, tone(seconds)) == seconds * 1000
        assert (await voice(house), wavs(house)) == (QuestionSound.UPLOADED, [QUESTION])
        assert len(samples_of(folder(house) / QUESTION)[1]) == seconds * 16_000


@pytest.mark.parametrize(
    ("octets", "refusal"),
    [(b"no sound", SoundRefusal.NO_WAV), (tone(3), SoundRefusal.TOO_LONG), (tone(0), SoundRefusal.SILENT)],
)
async def test_what_is_refused_leaves_nothing(house: House, octets: bytes, refusal: SoundRefusal) -> None:
    await house.invite("one")
    with pytest.raises(SoundRefused) as refused:
        await hand_in(house, octets, sounds(house, max_sound_s=2))
    assert refused.value.refusal is refusal
    assert (await voice(house), list(house.uploads.rglob("*.*"))) == (QuestionSound.NONE, [])


async def test_once_the_interview_has_begun_its_questions_stay(house: House) -> None:
    await house.interview("one", finish=False)
    with pytest.raises(Conflict):
        await hand_in(house, tone(1))
    await house.invite("two")
    with pytest.raises(NotFound):
        await hand_in(house, tone(1), index=7)


async def test_a_crashing_look_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_making, "WORKER", "media_server.aio.is_not_there")
    await house.invite("one")
    with pytest.raises(WorkerFailed):
        await hand_in(house, tone(1))
    assert list(house.uploads.rglob("*.*")) == []


async def speak(house: House, *command: str) -> None:
    await sounds(house, *command).speak(Task(WorkKind.QUESTION_SOUND, "one", "1"), _nobody)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed (Debian package espeak-ng)")
async def test_a_machine_reads_questions_aloud(house: House) -> None:
    await house.invite("one")
    made = sounds(house, "espeak-ng", "--stdin", "--stdout")
    doers = {WorkKind.QUESTION_SOUND: made.speak}
    place = HeavyWork(house.database, house.clock, WorkSettings(look_every_s=0.02), doers, speech=True)
    await place.start()
    async with asyncio.timeout(60):
        while await voice(house) is not QuestionSound.SYNTHESISED:
            await asyncio.sleep(0.01)
    await place.close()
    rate, samples = samples_of(folder(house) / QUESTION)
    assert 0.2 < len(samples) / rate < 5
    assert abs(samples).max() > 3_000


async def test_the_text_goes_through_no_shell(house: House, tmp_path: Path) -> None:
    await house.invite("one", question=f"What is $(touch {tmp_path}/a); `touch {tmp_path}/b`?")
    with pytest.raises(GiveUp, match="wrote cannot be used"):
        await speak(house, *COPIES)
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()
    assert (await voice(house), list(house.uploads.rglob("*.*"))) == (QuestionSound.NONE, [])


async def test_a_program_that_fails_or_is_not_there_is_said(house: House) -> None:
    await house.invite("one")
    with pytest.raises(WorkerFailed, match="false ended with 1"):
        await speak(house, "false")
    with pytest.raises(WorkerFailed, match="no-such-program"):
        await speak(house, "no-such-program")


async def test_a_machine_never_replaces_a_person(house: House) -> None:
    await house.invite("one")
    (house.data_folder.path / "machine.wav").write_bytes(tone(1))
    await hand_in(house, tone(2))
    await speak(house, "cat", str(house.data_folder.path / "machine.wav"))
    assert await voice(house) is QuestionSound.UPLOADED
    assert len(samples_of(folder(house) / QUESTION)[1]) == 32_000


async def test_a_failed_row_is_told_with_its_reason(house: House) -> None:
    await house.invite("one")
    made = sounds(house, *COPIES)
    doers = {WorkKind.QUESTION_SOUND: made.speak}
    place = HeavyWork(house.database, house.clock, WorkSettings(look_every_s=0.02), doers, speech=True)
    await place.start()
    async with asyncio.timeout(60):
        rows: list[Work] = []
        while not rows or rows[0].state is not WorkState.FAILED:
            await asyncio.sleep(0.01)
            async with house.database.reading() as db_session:
                rows = await work.listed(db_session)
    await place.close()
    assert (rows[0].error or "").startswith(f"what {sys.executable} wrote cannot be used: ")


async def _nobody(_: float) -> None:
    """Nobody asks how far it is."""
