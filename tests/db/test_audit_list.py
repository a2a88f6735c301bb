"""What of the audit is asked for, and who may see what of it."""

from datetime import timedelta

import pytest

from db import audit, audit_list, jobs, people
from db.audit import SYSTEM, Actor, ActorKind, AuditEvent
from db.audit_list import Wanted
from db.models import JobRole
from tests.db.conftest import NOW, House

HR, OTHER = Actor(ActorKind.USER, "hr@example.org"), Actor(ActorKind.USER, "stranger@example.org")
HOUR = timedelta(hours=1)


async def _numbers(house: House, wanted: Wanted, limit: int = 50, before: int | None = None) -> list[int]:
    async with house.database.reading() as db_session:
        return [row.number for row in await audit_list.page(db_session, wanted, limit, before)]


async def _fill(house: House) -> None:
    await house.interview("one")
    async with house.database.writing() as db_session:
        theirs = await people.add_job(db_session, "Ferryman", house.stranger_id, NOW)
        await jobs.set_member(db_session, theirs.id, "hr@example.org", JobRole.RECRUITER)
        for event, actor, session_id, job_id in (
            (AuditEvent.SIGNED_IN, HR, None, None),  # 1
            (AuditEvent.SIGNED_IN, OTHER, None, None),
            (AuditEvent.PLAYED, HR, "one", None),  # 3
            (AuditEvent.PLAYED, HR, "one", None),
            (AuditEvent.DOWNLOADED, OTHER, "one", None),  # 5
            (AuditEvent.JOB_CHANGED, OTHER, None, theirs.id),
            (AuditEvent.SETTINGS_CHANGED, SYSTEM, None, None),  # 7
        ):
            last = await audit.head(db_session)
            now = NOW + last.number * HOUR
            await audit.record(db_session, event, now, actor=actor, session_id=session_id, job_id=job_id)


async def test_filters_and_pages(house: House) -> None:
    await _fill(house)
    assert await _numbers(house, Wanted()) == [7, 6, 5, 4, 3, 2, 1]
    assert await _numbers(house, Wanted(), limit=2) == [7, 6]
    assert await _numbers(house, Wanted(), limit=2, before=6) == [5, 4]
    assert await _numbers(house, Wanted(session_id="one")) == [5, 4, 3]
    assert await _numbers(house, Wanted(person="stranger@example.org")) == [6, 5, 2]
    assert await _numbers(house, Wanted(event="signed_in")) == [2, 1]
    assert await _numbers(house, Wanted(since=NOW + 2 * HOUR, until=NOW + 4 * HOUR)) == [4, 3]


async def test_an_owner_sees_their_jobs_and_their_own_account(house: House) -> None:
    await _fill(house)
    mine = Wanted(owner_id=house.owner_id, owner_email="hr@example.org")
    assert await _numbers(house, mine) == [5, 4, 3, 1]
    theirs = Wanted(owner_id=house.stranger_id, owner_email="stranger@example.org")
    assert await _numbers(house, theirs) == [6, 2]
    async with house.database.reading() as db_session:
        assert await audit_list.owns_jobs(db_session, house.owner_id)
        assert not await audit_list.owns_jobs(db_session, 99)


async def test_all_in_order_a_few_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.audit.BATCH", 2)
    await _fill(house)
    async with house.database.reading() as db_session:
        rows = [row.number async for row in audit_list.in_order(db_session, Wanted(session_id="one"))]
    assert rows == [3, 4, 5]


async def test_who_looked_and_who_has_copies(house: House) -> None:
    await _fill(house)
    async with house.database.reading() as db_session:
        downloaded, played = await audit_list.looks(db_session, "one")
    assert (downloaded.event, downloaded.actor_name, downloaded.times) == ("downloaded", "stranger@example.org", 1)
    assert (played.event, played.actor_name, played.times) == ("played", "hr@example.org", 2)
    assert (played.first_at, played.last_at) == (NOW + 2 * HOUR, NOW + 3 * HOUR)
