"""Whether the audit is whole: every row's hash, every link to the row before, and the end that a log line names."""

import json
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from db.audit import BEGINNING, AuditEvent, Entry, Head, entry_hash, rows
from db.models import AuditRow

TRIGGERS: Final = {
    "audit_events_no_update": (
        "CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END"
    ),
    "audit_events_no_delete": (
        "CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events "
        "WHEN NOT EXISTS (SELECT 1 FROM audit_events WHERE event = 'audit_pruned' AND number > OLD.number "
        "AND json_extract(details, '$.through') >= OLD.number) "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END"
    ),
    "audit_events_at_the_end": (
        "CREATE TRIGGER audit_events_at_the_end BEFORE INSERT ON audit_events "
        "WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM audit_events) "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END"
    ),
}
"What keeps SQLite from changing rows, as the migration wrote it."


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong."""

    number: int | None
    "The row; None: no row in particular."
    said: str
    "What is wrong with it, in a sentence without a full stop."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole chain has found."""

    rows: int
    "How many were looked at."
    first: int
    "The number of the first one that is kept; 0: there is none."
    head: Head
    "Where it ends."
    fault: Fault | None
    "None: it is whole."


@dataclass(slots=True)
class _Walk:
    rows: int = 0
    first: int = 0
    before_first: str = BEGINNING
    last: Head = field(default_factory=lambda: Head(0, BEGINNING))
    vouched: bool = True
    known_hash: str | None = None
    fault: Fault | None = None


async def verify(db_session: AsyncSession, known: Head | None = None) -> Verdict:
    """Look at every row. `known`: where the chain ended once, as a line of the log says."""
    walk = _Walk()
    async for row in rows(db_session):
        walk.fault = _look(walk, row)
        if walk.fault:
            break
        if known is not None and row.number == known.number:
            walk.known_hash = row.hash
    fault = walk.fault or _beginning(walk) or _end(walk, known) or await _triggers(db_session)
    return Verdict(walk.rows, walk.first, walk.last, fault)


def entry_of(row: AuditRow) -> Entry:
    """What is hashed of a row."""
    return Entry(
        row.number,
        row.at,
        row.event,
        row.actor_kind,
        row.actor_name,
        row.session_id,
        row.job_id,
        row.details,
        row.previous,
    )


def _look(walk: _Walk, row: AuditRow) -> Fault | None:
    if walk.rows == 0:
        # Older rows may have been removed, as a later row then says: until it is met, nobody vouches for this one.
        walk.first, walk.before_first = row.number, row.previous
        walk.vouched = row.number == 1 and row.previous == BEGINNING
        walk.last = Head(row.number - 1, row.previous)
    if row.number != walk.last.number + 1:
        return Fault(walk.last.number + 1, f"Row {walk.last.number + 1} is missing")
    if row.previous != walk.last.hash:
        return Fault(row.number, f"Row {row.number} does not follow the row before it")
    if row.hash != entry_hash(entry_of(row)):
        return Fault(row.number, f"Row {row.number} was changed")
    if row.event == AuditEvent.AUDIT_PRUNED.value:
        pruned = json.loads(row.details)
        walk.vouched |= (pruned.get("through"), pruned.get("hash")) == (walk.first - 1, walk.before_first)
    walk.rows += 1
    walk.last = Head(row.number, row.hash)
    return None


def _beginning(walk: _Walk) -> Fault | None:
    if walk.vouched:
        return None
    if walk.first == 1:
        return Fault(1, "Row 1 does not begin the chain")
    return Fault(walk.first, f"The rows before row {walk.first} are missing, and no later row says that they may be")


def _end(walk: _Walk, known: Head | None) -> Fault | None:
    if known is None or known == walk.last or known.number < walk.first:
        return None
    if known.number > walk.last.number:
        missing = walk.last.number + 1
        return Fault(missing, f"Row {missing} is missing: the log says that row {known.number} was there")
    if walk.known_hash != known.hash:
        return Fault(known.number, f"Row {known.number} is another one than the log says")
    return None


async def _triggers(db_session: AsyncSession) -> Fault | None:
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'")
    found = {row.name: row.sql for row in await db_session.execute(query)}
    for name, statement in TRIGGERS.items():
        if found.get(name) != statement:
            return Fault(None, f"The trigger {name}, which keeps rows from being changed, is not as it was made")
    return None
