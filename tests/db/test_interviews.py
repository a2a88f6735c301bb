"""Interviews: their states, who sees them, what is agreed to."""

from datetime import timedelta

import pytest

from db import interviews, listing, people
from db.errors import Conflict, NotFound, NothingRecorded
from db.listing import Wanted
from db.models import InterviewSession, Job
from db.states import IllegalTransition, InterviewEvent, InterviewState
from tests.db.conftest import NOW, House

LATER = NOW + timedelta(minutes=5)


async def _get(house: House, session_id: str = "one") -> InterviewSession:
    async with house.database.reading() as db_session:
        return await interviews.get_interview(db_session, session_id)


async def test_an_interview_as_it_is_set_up(house: House) -> None:
    await house.interview(consented=False)
    interview = await _get(house)
    assert interview.state is InterviewState.INVITED
    assert interview.link_version == 1
    assert [(question.index, question.text) for question in interview.questions] == [(1, "Who?"), (2, "Why?")]
    assert (interview.job.title, interview.candidate.name) == ("Lighthouse keeper", "John Doe")
    assert (interview.video_file_path, interview.video_size_mb, interview.video_uploaded_at) == (None, None, None)


async def test_a_session_id_is_taken_once_and_may_be_any_text(house: House) -> None:
    odd = "host/../42 ü\N{SNOWMAN}"
    await house.interview(odd)
    assert (await _get(house, odd)).session_id == odd
    with pytest.raises(Conflict):
        await house.interview(odd)


async def test_an_interview_needs_its_job_and_its_candidate(house: House) -> None:
    async with house.database.writing() as db_session:
        candidate = await people.identify_candidate(db_session, "John Doe", "John_Doe", NOW)
        with pytest.raises(NotFound, match="job"):
            await interviews.add_interview(db_session, "two", 999, candidate.id, [], NOW)
        with pytest.raises(NotFound, match="candidate"):
            await interviews.add_interview(db_session, "two", house.job_id, 999, [], NOW)


async def test_only_members_of_the_job_see_it(house: House) -> None:
    await house.interview()
    async with house.database.reading() as db_session:
        assert (await interviews.get_interview_for(db_session, "one", house.owner_id)).session_id == "one"
        with pytest.raises(NotFound):
            await interviews.get_interview_for(db_session, "one", house.stranger_id)
        with pytest.raises(NotFound):
            await interviews.get_interview_for(db_session, "unknown", house.owner_id)
        assert len((await listing.page(db_session, house.owner_id, Wanted(), limit=9)).rows) == 1
        assert (await listing.page(db_session, house.stranger_id, Wanted(), limit=9)).rows == []


async def test_the_list_tells_state_length_and_size(house: House) -> None:
    for session_id in ("one", "two", "gone"):
        await house.interview(session_id)
    await house.part("one")
    await house.part("one")
    async with house.database.writing() as db_session:
        await interviews.apply_event(db_session, "gone", InterviewEvent.DELETE, NOW)
    async with house.database.reading() as db_session:
        summaries = {line.session_id: line for line in await listing.all_interviews(db_session)}
    assert set(summaries) == {"one", "two"}
    assert summaries["one"].state is InterviewState.INTERRUPTED
    assert (summaries["one"].duration_ms, summaries["one"].size_bytes) == (120_000, 4_691_356)
    assert (summaries["two"].duration_ms, summaries["two"].candidate) == (0, "John Doe")


async def test_an_illegal_event_changes_nothing(house: House) -> None:
    await house.interview(consented=False)
    async with house.database.writing() as db_session:
        with pytest.raises(IllegalTransition):
            await interviews.apply_event(db_session, "one", InterviewEvent.FINISH, LATER)
    interview = await _get(house)
    assert (interview.state, interview.ended_at) == (InterviewState.INVITED, None)


async def test_consent_is_kept_with_version_time_and_client(house: House) -> None:
    await house.interview(consented=False)
    async with house.database.writing() as db_session:
        state = await interviews.give_consent(db_session, "one", "2026-11-1", "Firefox on Linux", NOW)
        assert state is InterviewState.CONSENTED
        await interviews.give_consent(db_session, "one", "2026-11-2", "Safari on iOS", LATER)
    given = [(consent.notice_version, consent.given_at, consent.client) for consent in (await _get(house)).consents]
    assert given == [("2026-11-1", NOW, "Firefox on Linux"), ("2026-11-2", LATER, "Safari on iOS")]


async def test_consent_after_the_end_is_refused_and_not_kept(house: House) -> None:
    await house.interview()
    async with house.database.writing() as db_session:
        await interviews.apply_event(db_session, "one", InterviewEvent.WITHDRAW, NOW)
        with pytest.raises(IllegalTransition):
            await interviews.give_consent(db_session, "one", "2026-11-1", "Firefox", LATER)
    assert (await _get(house)).consents == []


async def test_finishing(house: House) -> None:
    await house.interview()
    await house.part()
    async with house.database.writing() as db_session:
        assert await interviews.finish(db_session, "one", LATER) is InterviewState.COMPLETED
        assert await interviews.finish(db_session, "one", LATER + timedelta(days=1)) is InterviewState.COMPLETED
    interview = await _get(house)
    assert (interview.ended_at, interview.end_reason, interview.duration_ms) == (LATER, "finished", 60_000)


async def test_without_a_part_there_is_nothing_to_finish(house: House) -> None:
    await house.interview()
    async with house.database.writing() as db_session:
        with pytest.raises(NothingRecorded):
            await interviews.finish(db_session, "one", NOW)
        with pytest.raises(NotFound):
            await interviews.finish(db_session, "unknown", NOW)


async def test_a_link_is_renewed(house: House) -> None:
    await house.interview()
    async with house.database.writing() as db_session:
        assert await interviews.renew_link(db_session, "one") == 2
    assert (await _get(house)).link_version == 2


async def test_a_link_is_good_as_long_as_the_job_says(house: House) -> None:
    async with house.database.writing() as db_session:
        (await db_session.get_one(Job, house.job_id)).deadline_days = 3
    await house.interview()
    await house.interview("two", "Jane Doe")
    async with house.database.reading() as db_session:
        assert (await interviews.get_interview(db_session, "one")).deadline_at == NOW + timedelta(days=3)
        assert await interviews.overdue(db_session, NOW + timedelta(days=2)) == []
        assert await interviews.overdue(db_session, NOW + timedelta(days=3)) == ["one", "two"]


async def test_a_deadline_keeps_what_was_recorded(house: House) -> None:
    later = NOW + timedelta(days=8)
    await house.interview("silent", "Jane Doe")
    await house.interview("begun")
    await house.part("begun")
    await house.interview("running", "Joan Doe")
    await house.part("running", closed=False)
    async with house.database.writing() as db_session:
        assert await interviews.reach_deadline(db_session, "silent", later) is InterviewState.EXPIRED
        assert await interviews.reach_deadline(db_session, "begun", later) is InterviewState.COMPLETED
        assert await interviews.overdue(db_session, later) == ["running"]
    with pytest.raises(IllegalTransition):
        async with house.database.writing() as db_session:
            await interviews.reach_deadline(db_session, "begun", later)
    async with house.database.reading() as db_session:
        begun = await interviews.get_interview(db_session, "begun")
    assert (begun.end_reason, begun.ended_at, begun.duration_ms) == ("deadline", later, 60_000)


async def test_what_is_granted_stays_until_it_is_changed(house: House) -> None:
    await house.interview()
    async with house.database.writing() as db_session:
        await interviews.grant(db_session, "one", time_factor=1.5, extra_takes=2)
        await interviews.grant(db_session, "one", no_timer=True, extra_takes=0)
    async with house.database.reading() as db_session:
        row = await interviews.get_interview(db_session, "one")
    assert (row.time_factor, row.no_timer, row.extra_takes) == (1.5, True, 0)
