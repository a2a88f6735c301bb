"""Jobs: settings, questions that keep their ids, members of whom one always owns it."""

from datetime import timedelta

import pytest

from db import interviews, jobs, listing, people
from db.errors import Conflict, HoldsRecordings, LastOwner, NotFound
from db.interviews import Asked
from db.jobs import Wanted
from db.models import JobRole
from db.states import InterviewEvent, InterviewState
from tests.db.conftest import NOW, House

LATER = NOW + timedelta(days=1)


async def replace(house: House, *wanted: Wanted) -> None:
    async with house.database.writing() as db_session:
        await jobs.replace_questions(db_session, house.job_id, wanted)


async def questions(house: House, job_id: int | None = None) -> list[tuple[int, int, str]]:
    async with house.database.reading() as db_session:
        job = await jobs.get_job(db_session, job_id or house.job_id)
    return [(question.id, question.position, question.text) for question in job.questions]


async def roles(house: House) -> dict[str, JobRole]:
    async with house.database.reading() as db_session:
        return {member.email: member.role for member in await jobs.members_of(db_session, house.job_id)}


async def test_settings_are_changed_one_by_one(house: House) -> None:
    async with house.database.writing() as db_session:
        await jobs.edit_job(db_session, house.job_id, {"title": "Kéeper  of lights", "retention_days": 30})
    async with house.database.reading() as db_session:
        job = await jobs.get_job(db_session, house.job_id)
    assert (job.title, job.title_key, job.retention_days, job.deadline_days) == (
        "Kéeper  of lights",
        "keeper of lights",
        30,
        7,
    )


async def test_days_that_make_no_sense_are_refused(house: House) -> None:
    async with house.database.writing() as db_session:
        with pytest.raises(ValueError, match="kept for at least one day"):
            await jobs.edit_job(db_session, house.job_id, {"retention_days": 0})
        with pytest.raises(ValueError, match="good for at least one day"):
            await jobs.edit_job(db_session, house.job_id, {"deadline_days": 0})


async def test_questions_keep_their_ids_whatever_is_moved_changed_or_left_out(house: House) -> None:
    await replace(house, Wanted("Who?"), Wanted("Why?", think_ms=None, answer_ms=90_000, max_takes=3, optional=True))
    (who, *_), (why, *_) = await questions(house)
    async with house.database.writing() as db_session:
        await jobs.note_sound(db_session, house.job_id, why, "question_q2_abc.wav")
    await replace(
        house, Wanted("Why so?", id=why, think_ms=None), Wanted("What?"), Wanted("Who?", id=who, think_ms=5_000)
    )
    (first, second, third) = await questions(house)
    assert (first, third) == ((why, 1, "Why so?"), (who, 3, "Who?"))
    async with house.database.reading() as db_session:
        moved = await jobs.get_question(db_session, house.job_id, why)
        assert (moved.think_ms, moved.answer_ms, moved.max_takes, moved.optional) == (None, None, 1, False)
        assert moved.sound_name == "question_q2_abc.wav"
    await replace(house, Wanted("Who?", id=who))
    assert await questions(house) == [(who, 1, "Who?")]
    async with house.database.reading() as db_session:
        assert await jobs.sound_names(db_session, house.job_id) == set()
        with pytest.raises(NotFound):
            await jobs.get_question(db_session, house.job_id, second[0])


async def test_a_question_is_named_once_and_is_this_jobs(house: House) -> None:
    await replace(house, Wanted("Who?"))
    ((who, *_),) = await questions(house)
    with pytest.raises(Conflict):
        await replace(house, Wanted("Who?", id=who), Wanted("Who?", id=who))
    with pytest.raises(Conflict):
        await replace(house, *[Wanted("Who?")] * (jobs.MOST_QUESTIONS + 1))
    async with house.database.writing() as db_session:
        other = await people.add_job(db_session, "Another", house.owner_id, NOW)
        with pytest.raises(NotFound):
            await jobs.replace_questions(db_session, other.id, [Wanted("Mine now", id=who)])
        with pytest.raises(NotFound):
            await jobs.note_sound(db_session, other.id, who, "x.wav")
    assert await questions(house) == [(who, 1, "Who?")]


async def test_one_owner_stays(house: House) -> None:
    async with house.database.writing() as db_session:
        with pytest.raises(LastOwner):
            await jobs.set_member(db_session, house.job_id, "hr@example.org", JobRole.RECRUITER)
        with pytest.raises(LastOwner):
            await jobs.remove_member(db_session, house.job_id, house.owner_id)
        await jobs.set_member(db_session, house.job_id, " Stranger@Example.org", JobRole.REVIEWER)
        with pytest.raises(LastOwner):
            await jobs.remove_member(db_session, house.job_id, house.owner_id)
    assert await roles(house) == {"hr@example.org": JobRole.OWNER, "stranger@example.org": JobRole.REVIEWER}
    async with house.database.writing() as db_session:
        await jobs.set_member(db_session, house.job_id, "stranger@example.org", JobRole.OWNER)
        await jobs.set_member(db_session, house.job_id, "hr@example.org", JobRole.RECRUITER)
        await jobs.remove_member(db_session, house.job_id, house.owner_id)
    assert await roles(house) == {"stranger@example.org": JobRole.OWNER}
    async with house.database.writing() as db_session:
        with pytest.raises(NotFound):
            await jobs.remove_member(db_session, house.job_id, house.owner_id)
        with pytest.raises(NotFound):
            await jobs.set_member(db_session, house.job_id, "nobody@example.org", JobRole.OWNER)
        with pytest.raises(NotFound):
            await jobs.set_member(db_session, 99, "hr@example.org", JobRole.OWNER)


async def test_every_member_sees_the_jobs_interviews(house: House) -> None:
    await house.interview()
    for role in JobRole:
        async with house.database.writing() as db_session:
            await jobs.set_member(db_session, house.job_id, "stranger@example.org", role)
            if role is JobRole.OWNER:
                continue
            seen = await interviews.get_interview_for(db_session, "one", house.stranger_id)
            assert seen.session_id == "one"
            page = await listing.page(db_session, house.stranger_id, listing.Wanted(), limit=9)
            assert [row.session_id for row in page.rows] == ["one"]


async def test_a_copy_has_settings_questions_and_members_and_belongs_to_its_maker(house: House) -> None:
    await replace(house, Wanted("Who?", think_ms=None), Wanted("Why?", optional=True, max_takes=2))
    async with house.database.writing() as db_session:
        await jobs.edit_job(db_session, house.job_id, {"answers_only": True, "notice_contact": "0123"})
        await jobs.set_member(db_session, house.job_id, "stranger@example.org", JobRole.RECRUITER)
        await jobs.archive(db_session, house.job_id, NOW)
        copy = await jobs.copy_job(db_session, house.job_id, "Keeper, again", house.stranger_id, LATER)
    async with house.database.reading() as db_session:
        copy = await jobs.get_job(db_session, copy.id)
        members = {member.email: member.role for member in await jobs.members_of(db_session, copy.id)}
    assert (copy.title, copy.answers_only, copy.notice_contact) == ("Keeper, again", True, "0123")
    assert (copy.created_at, copy.archived_at) == (LATER, None)
    assert [(each.text, each.think_ms, each.max_takes, each.optional) for each in copy.questions] == [
        ("Who?", None, 1, False),
        ("Why?", 0, 2, True),
    ]
    assert members == {"hr@example.org": JobRole.OWNER, "stranger@example.org": JobRole.OWNER}
    assert not {each[0] for each in await questions(house)} & {each[0] for each in await questions(house, copy.id)}


async def test_the_list_counts_interviews_by_state_and_knows_the_last_thing_that_happened(house: House) -> None:
    await replace(house, Wanted("Who?"))
    await house.interview("one", consented=False)
    await house.interview("two")
    await house.part("two", now=LATER)
    await house.interview("three")
    async with house.database.writing() as db_session:
        await interviews.apply_event(db_session, "two", InterviewEvent.MEDIA_STARTED, LATER)
        await interviews.apply_event(db_session, "three", InterviewEvent.DELETE, LATER)
        quiet = await people.add_job(db_session, "Quiet", house.stranger_id, NOW)
    async with house.database.reading() as db_session:
        rows = await db_session.execute(jobs.jobs_of(house.owner_id))
        (summary,) = await jobs.summaries(db_session, [(job, role) for job, role in rows])
        everything = await jobs.all_jobs(db_session)
    assert (summary.title, summary.role, summary.questions) == ("Lighthouse keeper", JobRole.OWNER, 1)
    assert summary.interviews == {InterviewState.INVITED: 1, InterviewState.IN_PROGRESS: 1}
    assert summary.last_activity_at == LATER
    assert [(job.id, job.last_activity_at) for job in everything] == [(quiet.id, NOW), (house.job_id, LATER)]


async def test_archived_jobs_are_told_from_the_others(house: House) -> None:
    async def ids(*, archived: bool | None) -> list[int]:
        async with house.database.reading() as db_session:
            rows = await db_session.execute(jobs.jobs_of(house.owner_id, archived=archived))
            return [job.id for job, _ in rows]

    assert (await ids(archived=False), await ids(archived=True)) == ([house.job_id], [])
    async with house.database.writing() as db_session:
        await jobs.archive(db_session, house.job_id, NOW)
        await jobs.archive(db_session, house.job_id, LATER)
        assert (await jobs.get_job(db_session, house.job_id)).archived_at == NOW
    assert (await ids(archived=False), await ids(archived=True)) == ([], [house.job_id])
    async with house.database.writing() as db_session:
        await jobs.unarchive(db_session, house.job_id)
    assert await ids(archived=None) == [house.job_id]


async def test_a_job_goes_only_without_what_was_recorded(house: House) -> None:
    await replace(house, Wanted("Who?"))
    await house.interview("one")
    await house.part("one")
    await house.interview("two")
    async with house.database.writing() as db_session:
        with pytest.raises(HoldsRecordings):
            await jobs.delete_job(db_session, house.job_id)
    async with house.database.writing() as db_session:
        other = await people.add_job(db_session, "Another", house.owner_id, NOW)
        await jobs.replace_questions(db_session, other.id, [Wanted("What?")])
        candidate = await people.identify_candidate(db_session, "Jane", "Jane", NOW)
        await interviews.add_interview(
            db_session, "three", other.id, candidate.id, [Asked("W?", interviews.Allowance())], NOW
        )
        assert await jobs.interviews_without_recording(db_session, other.id) == ["three"]
        await jobs.delete_job(db_session, other.id)
    async with house.database.reading() as db_session:
        with pytest.raises(NotFound):
            await jobs.get_job(db_session, other.id)
        with pytest.raises(NotFound):
            await interviews.get_interview(db_session, "three")
        assert (await jobs.get_job(db_session, house.job_id)).questions
