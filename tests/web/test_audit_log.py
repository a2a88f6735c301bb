# ruff: noqa: ASYNC110  what is waited for lies in the database and in the log
"""The queue before the audit: nobody waits, nothing is written twice, and a database that is busy loses nothing."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from db import audit_chain
from db.audit import Actor, ActorKind, AuditEvent
from db.engine import Database
from db.errors import DatabaseBusy
from db.models import AuditRow
from db.settings import DatabaseSettings
from web import audit_log
from web.audit_log import AuditLog, Once

HR = Actor(ActorKind.USER, "hr@example.org")


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 9, 10, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def utc_now(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "holdfast.db", DatabaseSettings(busy_timeout_s=0.1))
    yield database
    await database.close()


async def _rows(database: Database) -> list[tuple[str, dict[str, object]]]:
    async with database.reading() as db_session:
        rows = await db_session.scalars(select(AuditRow).order_by(AuditRow.number))
        return [(row.event, json.loads(row.details)) for row in rows]


async def test_the_same_within_a_second_is_one_row(database: Database, clock: _Clock) -> None:
    log = AuditLog(database, clock)
    for _ in range(3):
        log.note(AuditEvent.SIGN_IN_FAILED, HR, details={"by": "password"})
    log.note(AuditEvent.SIGN_IN_FAILED, HR, details={"by": "link"})
    await log.flush()
    log.note(AuditEvent.SIGN_IN_FAILED, HR, details={"by": "password"})
    await log.flush()
    await log.flush()
    assert await _rows(database) == [
        ("sign_in_failed", {"by": "password", "times": 3}),
        ("sign_in_failed", {"by": "link"}),
        ("sign_in_failed", {"by": "password"}),
    ]


async def test_once_an_hour_and_once_for_ever_hold_beyond_a_restart(database: Database, clock: _Clock) -> None:
    first = AuditLog(database, clock)
    second = AuditLog(database, clock)  # as after a restart: it remembers nothing

    async def twice(log: AuditLog) -> None:
        for _ in range(2):
            log.note(AuditEvent.PLAYED, HR, session_id="one", once=Once.AN_HOUR)
            log.note(AuditEvent.LINK_OPENED, HR, session_id="one", details={"device": "phone"}, once=Once.EVER)
            await log.flush()

    await twice(first)
    await twice(second)
    assert [event for event, _ in await _rows(database)] == ["played", "link_opened"]
    clock.now += timedelta(hours=1)
    await twice(second)
    assert [event for event, _ in await _rows(database)] == ["played", "link_opened", "played"]
    second.note(AuditEvent.PLAYED, Actor(ActorKind.USER, "other@example.org"), session_id="one", once=Once.AN_HOUR)
    second.note(AuditEvent.PLAYED, HR, session_id="two", once=Once.AN_HOUR)
    await second.flush()
    assert len(await _rows(database)) == 5


async def test_a_busy_database_keeps_nobody_waiting_and_loses_nothing(database: Database, clock: _Clock) -> None:
    log = AuditLog(database, clock)
    holder = sqlite3.connect(database.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    log.note(AuditEvent.PLAYED, HR, session_id="one", once=Once.AN_HOUR)
    with pytest.raises(DatabaseBusy):
        await log.flush()
    log.note(AuditEvent.DOWNLOADED, HR, session_id="one")
    holder.execute("COMMIT")
    holder.close()
    await log.flush()
    assert [event for event, _ in await _rows(database)] == ["played", "downloaded"]


async def test_the_queue_has_a_bound_and_says_what_it_lost(
    database: Database, clock: _Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "MOST_WAITING", 5)
    monkeypatch.setattr(audit_log, "MOST_AT_ONCE", 2)  # several transactions
    log = AuditLog(database, clock)
    for number in range(8):
        log.note(AuditEvent.PLAYED, HR, session_id=f"{number}", once=Once.AN_HOUR)
    await log.flush()
    rows = await _rows(database)
    assert sorted(event for event, _ in rows) == ["audit_lost", *["played"] * 5]
    assert ("audit_lost", {"rows": 3}) in rows


async def test_what_is_remembered_has_a_bound(
    database: Database, clock: _Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "MOST_KNOWN", 2)
    log = AuditLog(database, clock)
    for _ in range(2):
        for number in range(5):
            log.note(AuditEvent.PLAYED, HR, session_id=f"{number}", once=Once.AN_HOUR)
        await log.flush()
    assert len(log._known) <= 2
    assert len(await _rows(database)) == 5


async def test_it_writes_by_itself_and_at_the_end_and_says_where_the_chain_ends(
    database: Database, clock: _Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(audit_log, "EVERY_S", 0.01)
    async with AuditLog(database, clock) as log:
        log.note(AuditEvent.PLAYED, HR, session_id="one")
        while not await _rows(database):
            await asyncio.sleep(0.01)  # it comes by itself; the test's own time limit is the bound
        assert _heads(caplog) == []  # a start that fails says that alone
        await log.say_head()
        clock.now += timedelta(days=1)
        while len(_heads(caplog)) < 2:
            await asyncio.sleep(0.01)
        monkeypatch.setattr(audit_log, "EVERY_S", 3600.0)
        log.note(AuditEvent.DOWNLOADED, HR, session_id="one")
    assert [event for event, _ in await _rows(database)] == ["played", "downloaded"]
    heads = _heads(caplog)
    assert [number for number, _ in heads] == [1, 1, 2]  # when the server answers, on the next day, at the end
    async with database.reading() as db_session:
        verdict = await audit_chain.verify(db_session)
    assert heads[-1] == (verdict.head.number, verdict.head.hash)


def _heads(caplog: pytest.LogCaptureFixture) -> list[tuple[object, object]]:
    return [
        record.args
        for record in caplog.records
        if record.msg == audit_log.HEAD_SAID and isinstance(record.args, tuple) and len(record.args) == 2
    ]
