"""What is kept, from when it counts, and how it is forgotten."""

from datetime import timedelta

from db import deletion, interviews, recordings, retention
from db.models import InterviewSession
from db.states import InterviewState
from tests.db.conftest import NOW, House

LATER = NOW + timedelta(minutes=1)
NINETY_DAYS = timedelta(days=90)


async def _get(house: House, session_id: str = "one") -> InterviewSession:
    async with house.database.reading() as db_session:
        return await interviews.get_interview(db_session, session_id)


async def _finished(house: House, session_id: str, parts: int) -> None:
    await house.interview(session_id)
    for _ in range(parts):
        await house.part(session_id)
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, session_id, LATER)


async def test_what_is_kept_and_from_when_it_counts(house: House) -> None:
    await _finished(house, "finished", 1)
    await house.interview("nothing recorded")
    await house.interview("interrupted")
    await house.part("interrupted")
    await house.part("interrupted", now=NOW + timedelta(days=3))
    await house.interview("running")
    await house.part("running", closed=False)
    await _finished(house, "deleted", 1)
    async with house.database.writing() as db_session:
        await deletion.begin_deletion(db_session, "deleted", LATER)
        kept = await retention.kept(db_session)
    assert [(one.session_id, one.ended_at, one.due_at, one.candidate, one.held_because) for one in kept] == [
        ("finished", LATER, LATER + NINETY_DAYS, "John Doe", None),
        ("interrupted", LATER + timedelta(days=3), LATER + timedelta(days=93), "John Doe", None),
    ]


async def test_deleting_in_two_steps(house: House) -> None:
    await _finished(house, "one", 1)
    await _finished(house, "two", 1)
    async with house.database.writing() as db_session:
        await recordings.recording_stored(db_session, "one", "one.webm", 12_345_678, LATER, sha256="ab" * 32)
        interview = await deletion.begin_deletion(db_session, "one", LATER)
        assert interview.video_file_path == "one.webm"  # the files' names are needed until they are gone
        await deletion.begin_deletion(db_session, "one", LATER)
        assert await deletion.unfinished_deletions(db_session) == ["one"]
        assert "parts" in await deletion.remaining_rows(db_session, "one")
        await deletion.complete_deletion(db_session, "one")
        assert await deletion.remaining_rows(db_session, "one") == []
        assert await deletion.unfinished_deletions(db_session) == ["one"]  # nobody has looked yet
        await deletion.note_erased(db_session, "one", LATER)
        assert await deletion.unfinished_deletions(db_session) == []
    interview = await _get(house)
    assert (interview.state, interview.parts) == (InterviewState.DELETED, [])
    assert (interview.video_file_path, interview.video_size_mb, interview.video_uploaded_at) == (None, None, None)
    assert len((await _get(house, "two")).parts) == 1


async def test_the_paths_that_rows_know(house: House) -> None:
    await _finished(house, "one", 1)
    await _finished(house, "two", 2)
    async with house.database.writing() as db_session:
        await recordings.recording_stored(db_session, "one", "one.webm", 1, LATER, sha256="ab" * 32)
        assert await deletion.known_paths(db_session) == {
            "one.webm": "one",
            "two/0001.webm": "two",
            "two/0002.webm": "two",
        }


async def test_other_interviews_of_the_same_candidate(house: House) -> None:
    await _finished(house, "one", 1)
    await _finished(house, "somebody else's", 1)
    async with house.database.writing() as db_session:
        candidate_id = (await interviews.get_interview(db_session, "one")).candidate_id
        await interviews.add_interview(db_session, "again", house.job_id, candidate_id, [], NOW)
        assert await deletion.others(db_session, "again") == ["one"]
        assert await deletion.others(db_session, "one") == ["again"]
