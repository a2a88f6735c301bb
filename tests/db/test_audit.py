"""Rows of the audit: written with what they tell of, chained, and never changed."""

import hashlib
import json
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from db import audit
from db.audit import BEGINNING, SYSTEM, Actor, ActorKind, AuditEvent, Head
from db.engine import Database
from db.models import AuditRow, User
from tests.db.conftest import NOW, House

HR = Actor(ActorKind.USER, "hr@example.org")


async def _rows(database: Database) -> list[AuditRow]:
    async with database.reading() as db_session:
        return list(await db_session.scalars(select(AuditRow).order_by(AuditRow.number)))


async def test_rows_are_numbered_and_chained(house: House) -> None:
    await house.interview("one")
    async with house.database.writing() as db_session:
        assert await audit.head(db_session) == Head(0, BEGINNING)
        await audit.record(db_session, AuditEvent.SIGNED_IN, NOW, actor=HR)
        await audit.record(
            db_session, AuditEvent.PLAYED, NOW + timedelta(seconds=1), actor=HR, session_id="one", details={"part": 1}
        )
    first, second = await _rows(house.database)
    assert (first.number, first.previous, first.session_id, first.job_id) == (1, BEGINNING, None, None)
    assert (second.number, second.previous, second.session_id, second.details) == (2, first.hash, "one", '{"part":1}')
    assert second.job_id == house.job_id  # found by the interview
    assert (second.actor_kind, second.actor_name, second.event) == ("user", "hr@example.org", "played")
    async with house.database.reading() as db_session:
        assert await audit.head(db_session) == Head(2, second.hash)


async def test_the_hash_is_what_the_protocol_says(house: House) -> None:
    async with house.database.writing() as db_session:
        await audit.record(
            db_session,
            AuditEvent.DELETED,
            NOW,
            actor=SYSTEM,
            session_id="gone",
            details={"b": None, "a": "é", "c": True},
        )
    (row,) = await _rows(house.database)
    spelled = (
        r'[1,1,"2026-11-24T09:00:00.000000Z","deleted","system","","gone",null,'
        r'"{\"a\":\"\\u00e9\",\"b\":null,\"c\":true}","' + "0" * 64 + '"]'
    )
    assert row.hash == hashlib.sha256(spelled.encode()).hexdigest()
    assert json.loads(row.details) == {"a": "é", "b": None, "c": True}


async def test_it_is_undone_with_what_it_tells_of(database: Database) -> None:
    async def fail() -> None:
        async with database.writing() as db_session:
            db_session.add(User(email="new@example.org", created_at=NOW))
            await audit.record(db_session, AuditEvent.USER_ADDED, NOW, actor=SYSTEM)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await fail()
    assert await _rows(database) == []


@pytest.mark.parametrize(
    "statement",
    [
        update(AuditRow).values(actor_name="nobody"),
        delete(AuditRow),
        insert(AuditRow).values(
            number=5, at=NOW, event="x", actor_kind="x", actor_name="", details="{}", previous="", hash=""
        ),
        text(
            "INSERT OR REPLACE INTO audit_events (number, at, event, actor_kind, actor_name, details, previous, hash) "
            "VALUES (1, '2026-11-24 09:00:00', 'x', 'x', '', '{}', '', '')"
        ),
    ],
)
async def test_sqlite_refuses_everything_but_adding_at_the_end(database: Database, statement: object) -> None:
    async with database.writing() as db_session:
        await audit.record(db_session, AuditEvent.SIGNED_IN, NOW, actor=HR)
    before = [row.hash for row in await _rows(database)]
    with pytest.raises(DBAPIError, match="only ever added to") as refused:
        async with database.writing() as db_session:
            await db_session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(refused.value.orig, sqlite3.IntegrityError)
    assert [row.hash for row in await _rows(database)] == before


async def test_an_interview_may_go_and_its_rows_stay(house: House) -> None:
    await house.interview("one")
    async with house.database.writing() as db_session:
        await audit.record(db_session, AuditEvent.INVITED, NOW, actor=HR, session_id="one")
    async with house.database.writing() as db_session:
        await db_session.execute(text("DELETE FROM interview_sessions"))
        await db_session.execute(text("DELETE FROM job_members"))
        await db_session.execute(text("DELETE FROM jobs"))
    (row,) = await _rows(house.database)
    assert (row.session_id, row.job_id) == ("one", house.job_id)
