"""Whoever tampers with the audit is found out: each way of it, with the triggers out of the way."""

import json
import sqlite3
from datetime import timedelta

import pytest

from db import audit, audit_chain
from db.audit import BEGINNING, SYSTEM, Actor, ActorKind, AuditEvent, Entry, Head, entry_hash
from db.audit_chain import TRIGGERS, Verdict
from db.engine import Database
from tests.db.conftest import NOW

ROWS = 6
HR = Actor(ActorKind.USER, "hr@example.org")


async def _filled(database: Database) -> Head:
    async with database.writing() as db_session:
        for number in range(ROWS):
            now = NOW + timedelta(seconds=number)
            await audit.record(db_session, AuditEvent.PLAYED, now, actor=HR, session_id="one", details={"n": number})
        return await audit.head(db_session)


def _tamper(database: Database, *statements: str, triggers: bool = True) -> None:
    """As somebody would who has the file: the triggers go, and come back afterwards."""
    with sqlite3.connect(database.path) as connection:
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for statement in TRIGGERS.values() if triggers else ():
            connection.execute(statement)
    connection.close()


async def _verdict(database: Database, known: Head | None = None) -> Verdict:
    async with database.reading() as db_session:
        return await audit_chain.verify(db_session, known)


async def test_an_empty_chain_is_whole(database: Database) -> None:
    assert await _verdict(database) == Verdict(0, 0, Head(0, BEGINNING), None)
    found = await _verdict(database, Head(3, "f" * 64))
    assert found.fault is not None
    assert found.fault.said == "Row 1 is missing: the log says that row 3 was there"


async def test_a_whole_chain(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.audit.BATCH", 2)  # several readings
    head = await _filled(database)
    assert await _verdict(database, head) == Verdict(ROWS, 1, head, None)
    async with database.writing() as db_session:  # a head of earlier days is still in it
        await audit.record(db_session, AuditEvent.SIGNED_OUT, NOW, actor=HR)
    assert (await _verdict(database, head)).fault is None


@pytest.mark.parametrize(
    ("statements", "number", "said"),
    [
        (["UPDATE audit_events SET actor_name = 'x@example.org' WHERE number = 3"], 3, "Row 3 was changed"),
        (["UPDATE audit_events SET details = '{}' WHERE number = 3"], 3, "Row 3 was changed"),
        (["UPDATE audit_events SET at = '2020-01-01 00:00:00.000000' WHERE number = 6"], 6, "Row 6 was changed"),
        (["UPDATE audit_events SET job_id = 7 WHERE number = 1"], 1, "Row 1 was changed"),
        (["DELETE FROM audit_events WHERE number = 4"], 4, "Row 4 is missing"),
        (
            [
                "DELETE FROM audit_events WHERE number = 4",
                "UPDATE audit_events SET number = number - 1 WHERE number > 4",
            ],
            4,
            "Row 4 does not follow the row before it",
        ),
        (
            [
                "UPDATE audit_events SET number = 99 WHERE number = 2",
                "UPDATE audit_events SET number = 2 WHERE number = 3",
                "UPDATE audit_events SET number = 3 WHERE number = 99",
            ],
            2,
            "Row 2 does not follow the row before it",
        ),
        (
            ["DELETE FROM audit_events WHERE number < 3"],
            3,
            "The rows before row 3 are missing, and no later row says that they may be",
        ),
        (["UPDATE audit_events SET previous = 'x' WHERE number = 1"], 1, "Row 1 was changed"),
    ],
)
async def test_what_breaks_the_chain(database: Database, statements: list[str], number: int, said: str) -> None:
    await _filled(database)
    _tamper(database, *statements)
    fault = (await _verdict(database)).fault
    assert fault is not None
    assert (fault.number, fault.said) == (number, said)


async def test_a_tail_cut_off_is_found_by_the_head_in_the_log(database: Database) -> None:
    head = await _filled(database)
    _tamper(database, "DELETE FROM audit_events WHERE number > 4")
    assert (await _verdict(database)).fault is None  # what is left is a chain
    fault = (await _verdict(database, head)).fault
    assert fault is not None
    assert (fault.number, fault.said) == (5, "Row 5 is missing: the log says that row 6 was there")


async def test_a_chain_written_anew_is_found_by_the_head_in_the_log(database: Database) -> None:
    head = await _filled(database)
    _tamper(database, "DELETE FROM audit_events")
    await _filled(database)
    assert (await _verdict(database, head)).fault is None  # the same rows once more are the same chain
    _tamper(database, "DELETE FROM audit_events")
    async with database.writing() as db_session:
        for _ in range(ROWS):
            await audit.record(db_session, AuditEvent.PLAYED, NOW, actor=SYSTEM)
    assert (await _verdict(database)).fault is None
    fault = (await _verdict(database, head)).fault
    assert fault is not None
    assert (fault.number, fault.said) == (6, "Row 6 is another one than the log says")


@pytest.mark.parametrize("name", sorted(TRIGGERS))
async def test_a_trigger_that_is_gone_or_another_one_is_noticed(database: Database, name: str) -> None:
    head = await _filled(database)
    with sqlite3.connect(database.path) as connection:
        connection.execute(f"DROP TRIGGER {name}")
    fault = (await _verdict(database, head)).fault
    assert fault is not None
    assert (fault.number, fault.said) == (
        None,
        f"The trigger {name}, which keeps rows from being changed, is not as it was made",
    )
    with sqlite3.connect(database.path) as connection:
        connection.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON audit_events BEGIN SELECT 1; END")
    connection.close()
    assert (await _verdict(database, head)).fault == fault


async def test_old_rows_may_go_when_the_chain_says_so(database: Database) -> None:
    head = await _filled(database)
    async with database.writing() as db_session:
        await audit.prune(db_session, 4, NOW)
    found = await _verdict(database, head)
    assert (found.rows, found.first, found.fault) == (3, 5, None)
    with sqlite3.connect(database.path) as connection:
        last = connection.execute("SELECT event, details FROM audit_events WHERE number = 7").fetchone()
    connection.close()
    assert last[0] == "audit_pruned"
    assert json.loads(last[1])["through"] == 4
    assert (await _verdict(database, Head(2, "of a row that is gone"))).fault is None


def test_an_entry_is_hashed_by_all_that_it_is() -> None:
    entry = Entry(1, NOW, "played", "user", "hr@example.org", "one", 1, "{}", BEGINNING)
    others = [
        Entry(2, NOW, "played", "user", "hr@example.org", "one", 1, "{}", BEGINNING),
        Entry(1, NOW + timedelta(microseconds=1), "played", "user", "hr@example.org", "one", 1, "{}", BEGINNING),
        Entry(1, NOW, "deleted", "user", "hr@example.org", "one", 1, "{}", BEGINNING),
        Entry(1, NOW, "played", "operator", "hr@example.org", "one", 1, "{}", BEGINNING),
        Entry(1, NOW, "played", "user", "", "one", 1, "{}", BEGINNING),
        Entry(1, NOW, "played", "user", "hr@example.org", None, 1, "{}", BEGINNING),
        Entry(1, NOW, "played", "user", "hr@example.org", "one", None, "{}", BEGINNING),
        Entry(1, NOW, "played", "user", "hr@example.org", "one", 1, '{"a":1}', BEGINNING),
        Entry(1, NOW, "played", "user", "hr@example.org", "one", 1, "{}", "1" * 64),
    ]
    assert len({entry_hash(each) for each in [entry, *others]}) == 10
