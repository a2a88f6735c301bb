"""Which interviews stand beside one in the list."""

from datetime import timedelta

from db import interviews, people
from db.engine import Database
from db.models import InterviewSession
from db.neighbours import Neighbours, neighbours
from db.states import InterviewState
from tests.db.conftest import NOW


async def test_they_are_of_the_same_job_newest_first_without_deleted_ones(database: Database) -> None:
    async with database.writing() as db_session:
        user = await people.add_user(db_session, "hr@example.org", None, NOW)
        jobs = [await people.add_job(db_session, title, user.id, NOW) for title in ("Nurse", "Teacher")]
        candidate = await people.identify_candidate(db_session, "John Doe", "John_Doe", NOW)
        # `b` and `c` were made in the same second.
        for session_id, job, seconds in (("a", 0, 0), ("b", 0, 1), ("c", 0, 1), ("x", 1, 2), ("d", 0, 3), ("e", 0, 4)):
            await interviews.add_interview(
                db_session, session_id, jobs[job].id, candidate.id, [], NOW + timedelta(seconds=seconds)
            )
        (await db_session.get_one(InterviewSession, "d")).state = InterviewState.DELETED
    async with database.reading() as db_session:
        found = {session_id: await neighbours(db_session, session_id) for session_id in "abcex"}
    assert found == {
        "e": Neighbours(None, "c"),
        "c": Neighbours("e", "b"),
        "b": Neighbours("c", "a"),
        "a": Neighbours("b", None),
        "x": Neighbours(None, None),
    }
