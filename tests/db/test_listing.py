"""Many interviews: what a search finds, in which order, page by page."""

from datetime import timedelta

import pytest

from db import interviews, listing, people
from db.engine import Database
from db.listing import Page, Position, Sort, Wanted
from db.states import InterviewEvent, InterviewState
from tests.db.conftest import NOW

PEOPLE = ["Zoë Müller", "ana Beispiel", "John Doe", "Jane Doe", "Ömer Çelik", "李雷"]


@pytest.fixture
async def owner(database: Database) -> int:
    """Somebody with two jobs: a lighthouse with an interview of everybody's, and a bakery with one."""
    async with database.writing() as db_session:
        owner = await people.add_user(db_session, "owner@example.org", None, NOW)
        other = await people.add_user(db_session, "other@example.org", None, NOW)
        job = await people.add_job(db_session, "Lighthouse Keeper", owner.id, NOW)
        bakery = await people.add_job(db_session, "Bäcker", owner.id, NOW)
        elsewhere = await people.add_job(db_session, "Elsewhere", other.id, NOW)
        for number, name in enumerate(PEOPLE):
            candidate = await people.identify_candidate(
                db_session, name, f"f{number}", NOW, email=f"p{number}@example.org"
            )
            await interviews.add_interview(
                db_session, f"session-{number}", job.id, candidate.id, [], NOW + timedelta(minutes=number)
            )
        await interviews.add_interview(db_session, "baker", bakery.id, candidate.id, [], NOW)
        await interviews.add_interview(db_session, "hidden", elsewhere.id, candidate.id, [], NOW)
        await interviews.apply_event(db_session, "session-1", InterviewEvent.CONSENT, NOW)
        await interviews.apply_event(db_session, "session-2", InterviewEvent.DELETE, NOW)
    return owner.id


async def found(database: Database, owner: int, wanted: Wanted, limit: int = 99, after: Position | None = None) -> Page:
    async with database.reading() as db_session:
        return await listing.page(db_session, owner, wanted, limit=limit, after=after)


async def ids(database: Database, owner: int, wanted: Wanted) -> list[str]:
    return [row.session_id for row in (await found(database, owner, wanted)).rows]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("muller", {"session-0"}),
        ("MÜLLER zoe", {"session-0"}),
        ("doe", {"session-3"}),  # John's is deleted
        ("celik", {"session-4"}),
        ("李", {"session-5", "baker"}),
        ("p1@example", {"session-1"}),
        ("backer", {"baker"}),
        ("baker", {"baker"}),
        ("session-3", {"session-3"}),
        ("keeper ana", {"session-1"}),
        ("%", set()),
        ("_", set()),
        ("elsewhere", set()),
        ("nobody", set()),
        ("  ", {"session-0", "session-1", "session-3", "session-4", "session-5", "baker"}),
    ],
)
async def test_a_search_finds(database: Database, owner: int, search: str, expected: set[str]) -> None:
    assert set(await ids(database, owner, Wanted(search=search))) == expected


async def test_filters(database: Database, owner: int) -> None:
    consented = Wanted(states=frozenset({InterviewState.CONSENTED}))
    assert await ids(database, owner, consented) == ["session-1"]
    later = Wanted(since=NOW + timedelta(minutes=3), until=NOW + timedelta(minutes=5))
    assert await ids(database, owner, later) == ["session-4", "session-3"]
    (baker,) = (await found(database, owner, Wanted(search="baker"))).rows
    assert await ids(database, owner, Wanted(job_id=baker.job_id)) == ["baker"]


async def test_counts_leave_the_state_filter_out(database: Database, owner: int) -> None:
    async with database.reading() as db_session:
        counted = await listing.counts(db_session, owner, Wanted(states=frozenset({InterviewState.READY})))
        doe = await listing.counts(db_session, owner, Wanted(search="doe"))
    assert counted == {InterviewState.INVITED: 5, InterviewState.CONSENTED: 1}
    assert doe == {InterviewState.INVITED: 1}


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_together_are_the_whole(database: Database, owner: int, sort: Sort, descending: bool) -> None:
    wanted = Wanted(sort=sort, descending=descending)
    whole = await ids(database, owner, wanted)
    assert len(whole) == 6
    seen: list[str] = []
    after = None
    for _ in range(9):
        page = await found(database, owner, wanted, limit=1, after=after)
        seen += [row.session_id for row in page.rows]
        after = page.next
        if after is None:
            break
    assert seen == whole
    assert await ids(database, owner, Wanted(sort=sort, descending=not descending)) == whole[::-1]


async def test_names_sort_without_case_and_accents(database: Database, owner: int) -> None:
    wanted = Wanted(sort=Sort.NAME, descending=False, search="keeper")
    rows = (await found(database, owner, wanted)).rows
    assert [row.candidate for row in rows] == ["ana Beispiel", "Jane Doe", "Ömer Çelik", "Zoë Müller", "李雷"]


async def test_what_needs_an_eye_comes_first(database: Database, owner: int) -> None:
    async with database.writing() as db_session:
        await interviews.apply_event(db_session, "session-1", InterviewEvent.MEDIA_STARTED, NOW)
    assert (await ids(database, owner, Wanted(sort=Sort.STATE, descending=False)))[0] == "session-1"
