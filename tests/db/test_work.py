"""What heavy work is due, read from the other tables, and what is remembered of it."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import deletion, interviews, recordings, work
from db.models import QuestionSound, Take, WorkState
from db.recordings import JoinedRecording
from db.work import Task, WorkKind, common_codec
from tests.db.conftest import NOW, House

JOIN = Task(WorkKind.JOIN, "one")
CUT = Task(WorkKind.ANSWER_SOUND, "one", "1/1")


async def wanted(house: House, *, speech: bool = False) -> list[Task]:
    async with house.database.reading() as db_session:
        return await work.wanted(db_session, speech=speech)


async def due(house: House, *tasks: Task, after: timedelta = timedelta(), running: Collection[Task] = ()) -> list[Task]:
    async with house.database.reading() as db_session:
        return await work.due(db_session, tasks, NOW + after, running=running)


async def rows(house: House) -> list[tuple[str, WorkState, int, str | None]]:
    async with house.database.reading() as db_session:
        return [(row.subject, row.state, row.attempts, row.error) for row in await work.listed(db_session)]


@asynccontextmanager
async def writing(house: House) -> AsyncIterator[AsyncSession]:
    async with house.database.writing() as db_session:
        yield db_session


async def finished(house: House, codecs: list[str | None]) -> None:
    await house.interview()
    for codec in codecs:
        number = await house.part()
        async with writing(house) as db_session:
            (await recordings.get_part(db_session, "one", number)).video_codec = codec
    async with writing(house) as db_session:
        await interviews.finish(db_session, "one", NOW)


async def ready(house: House, *takes: Take) -> None:
    """Two parts, joined; with a mark where each take begins."""
    await finished(house, ["VP9", "VP9"])
    async with writing(house) as db_session:
        db_session.add_all(takes)
        for take in takes:
            await recordings.add_mark(
                db_session, "one", 1, 5, "take", question_index=take.question_index, take=take.number
            )
        joined = JoinedRecording("one.webm", 1, "0" * 64, {1: 1, 2: 1})
        await recordings.recording_joined(db_session, "one", joined, NOW)


def take(index: int, number: int, *, chosen: bool = True) -> Take:
    return Take(session_id="one", question_index=index, number=number, chosen=chosen)


# --- what is due -----------------------------------------------------------------


async def test_a_finished_interview_is_to_be_joined(house: House) -> None:
    await house.interview()
    await house.part()
    assert await wanted(house) == []
    async with writing(house) as db_session:
        await interviews.finish(db_session, "one", NOW)
    assert await wanted(house) == [JOIN]


async def test_parts_of_another_codec_are_transcoded_first(house: House) -> None:
    await finished(house, ["VP9", "VP8", None, "VP9", "VP8"])
    assert await wanted(house) == [Task(WorkKind.TRANSCODE, "one", number) for number in ("2", "5")]
    async with writing(house) as db_session:
        for number in (2, 5):
            (await recordings.get_part(db_session, "one", number)).video_codec = "VP9"
    assert await wanted(house) == [JOIN]


def test_the_recording_gets_the_codec_that_most_of_it_has() -> None:
    assert common_codec([("VP8", 10), ("VP9", 20), ("VP9", 1), (None, 500)]) == "VP9"
    assert common_codec([("VP8", 10), ("VP9", 10)]) == "VP8"
    assert common_codec([("AV1", 90), ("VP9", 10)]) == "VP9", "nothing is made into AV1"
    assert common_codec([("AV1", 90), ("AV1", 10)]) == "AV1"
    assert common_codec([(None, 1)]) is None
    assert common_codec([]) is None


async def test_the_chosen_takes_of_a_recording_are_to_be_cut(house: House) -> None:
    await ready(house, take(1, 1, chosen=False), take(1, 2), take(2, 1))
    answers = [Task(WorkKind.ANSWER_SOUND, "one", subject) for subject in ("1/2", "2/1")]
    assert await wanted(house) == answers
    async with writing(house) as db_session:
        await work.begin(db_session, answers[0], NOW)
        await work.succeed(db_session, answers[0], NOW)
    assert await wanted(house) == answers[1:]
    async with house.database.reading() as db_session:
        assert await work.answer_sounds(db_session, "one") == {(1, 2)}


async def test_choosing_another_take_later_asks_for_it_and_choosing_back_again_too(house: House) -> None:
    await ready(house, take(1, 1, chosen=False), take(1, 2))
    first, second = (Task(WorkKind.ANSWER_SOUND, "one", subject) for subject in ("1/1", "1/2"))
    for task, chosen in ((second, 2), (first, 1), (second, 2)):
        async with writing(house) as db_session:
            for number in (1, 2):
                (await db_session.get_one(Take, ("one", 1, number))).chosen = number == chosen
        assert await wanted(house) == [task]
        async with writing(house) as db_session:
            await work.begin(db_session, task, NOW)
            await work.succeed(db_session, task, NOW)
            await work.forget_other_takes(db_session, task)
        assert await wanted(house) == []


async def test_a_take_without_a_mark_is_not_asked_for(house: House) -> None:
    await ready(house)
    async with writing(house) as db_session:
        db_session.add(take(1, 1))
    assert await wanted(house) == []


async def test_mute_questions_get_a_voice_where_there_is_one(house: House) -> None:
    await house.interview()
    questions = [Task(WorkKind.QUESTION_SOUND, "one", index) for index in ("1", "2")]
    assert await wanted(house) == []
    assert await wanted(house, speech=True) == questions
    async with writing(house) as db_session:
        interview = await interviews.get_interview(db_session, "one")
        interview.questions[0].sound = QuestionSound.UPLOADED
    assert await wanted(house, speech=True) == questions[1:]
    await house.part()
    async with writing(house) as db_session:
        await interviews.finish(db_session, "one", NOW)
    assert await wanted(house, speech=True) == [JOIN]


# --- what became of it -------------------------------------------------------------


async def test_what_runs_waits_or_was_given_up_is_not_begun(house: House) -> None:
    await finished(house, ["VP9", "VP9"])
    assert await due(house, JOIN) == [JOIN]
    async with writing(house) as db_session:
        assert await work.begin(db_session, JOIN, NOW) == 1
    assert await due(house, JOIN, running=[JOIN]) == []
    # Its end could not be written down: nobody is at it.
    assert await due(house, JOIN) == [JOIN]
    async with writing(house) as db_session:
        await work.fail(db_session, JOIN, NOW, "no luck", NOW + timedelta(minutes=1))
    assert await rows(house) == [("", WorkState.WAITING, 1, "no luck")]
    assert await due(house, JOIN, after=timedelta(seconds=59)) == []
    assert await due(house, JOIN, after=timedelta(seconds=60)) == [JOIN]
    async with writing(house) as db_session:
        assert await work.begin(db_session, JOIN, NOW) == 2
        await work.fail(db_session, JOIN, NOW, "never", None)
    assert await due(house, JOIN, after=timedelta(days=999)) == []
    assert await rows(house) == [("", WorkState.FAILED, 2, "never")]


async def test_an_operator_gives_it_another_chance(house: House) -> None:
    await finished(house, ["VP9", "VP9"])
    async with writing(house) as db_session:
        await work.begin(db_session, JOIN, NOW)
        await work.fail(db_session, JOIN, NOW, "never", None)
        assert await work.try_again(db_session) == 1
    assert await due(house, JOIN) == [JOIN]
    assert await rows(house) == [("", WorkState.WAITING, 0, "never")]


async def test_what_a_crash_left_running_is_tried_again_but_not_for_ever(house: House) -> None:
    await finished(house, ["VP9", "VP9"])
    for attempt in (1, 2):
        async with writing(house) as db_session:
            assert await work.begin(db_session, JOIN, NOW) == attempt
            await work.recover(db_session, 2, NOW)
        assert await due(house, JOIN) == ([JOIN] if attempt == 1 else [])
    assert await rows(house) == [("", WorkState.FAILED, 2, work.STOPPED)]


async def test_what_could_not_be_tried_was_no_attempt(house: House) -> None:
    await finished(house, ["VP9", "VP9"])
    async with writing(house) as db_session:
        await work.begin(db_session, JOIN, NOW)
        await work.note_progress(db_session, JOIN, 0.5)
        await work.postpone(db_session, JOIN, "no room", NOW + timedelta(minutes=1))
    assert await rows(house) == [("", WorkState.WAITING, 0, "no room")]
    assert await due(house, JOIN) == []


async def test_rows_that_nobody_asks_for_any_more_are_forgotten(house: House) -> None:
    await finished(house, ["VP9", "VP9"])
    async with writing(house) as db_session:
        for task in (JOIN, CUT):
            await work.begin(db_session, task, NOW)
            await work.fail(db_session, task, NOW, "no luck", None)
    async with writing(house) as db_session:
        assert await work.settled(db_session, [JOIN]) == [CUT]
        await work.forget(db_session, [CUT])
    assert [subject for subject, *_ in await rows(house)] == [""]


async def test_a_deleted_interview_leaves_no_rows_and_its_work_ends_quietly(house: House) -> None:
    await finished(house, ["VP9", "VP9"])
    async with writing(house) as db_session:
        await work.begin(db_session, JOIN, NOW)
        await deletion.begin_deletion(db_session, "one", NOW)
        await deletion.complete_deletion(db_session, "one")
        for ended in (work.succeed(db_session, JOIN, NOW), work.fail(db_session, JOIN, NOW, "x", None)):
            await ended
    assert await rows(house) == []
    assert await wanted(house, speech=True) == []


async def test_a_lost_row_loses_nothing(house: House) -> None:
    await finished(house, ["VP9", "VP9"])
    async with writing(house) as db_session:
        await work.begin(db_session, JOIN, NOW)
        await db_session.delete((await work.listed(db_session))[0])
    assert await due(house, *await wanted(house)) == [JOIN]
