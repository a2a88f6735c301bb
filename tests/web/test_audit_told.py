"""Rows of the audit as text."""

import csv
import io
import json
from datetime import UTC, datetime

from db.models import AuditRow
from web.audit_told import COLUMNS, AuditFormat, heading, line

ROW = AuditRow(
    number=1,
    at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    event="played",
    actor_kind="user",
    actor_name="=HYPERLINK(1)",
    session_id='-one, "two"\nthree',
    job_id=None,
    details='{"a":"\\u00e9"}',
    previous="0" * 64,
    hash="1" * 64,
)


def test_json_lines() -> None:
    assert heading(AuditFormat.JSONL) == ""
    text = line(ROW, AuditFormat.JSONL)
    assert text.count("\n") == 1
    told = json.loads(text)
    assert tuple(told) == COLUMNS
    assert (told["at"], told["details"], told["job_id"]) == ("2026-11-24T09:00:00.000000Z", '{"a":"\\u00e9"}', None)


def test_csv_that_no_spreadsheet_runs() -> None:
    text = heading(AuditFormat.CSV) + line(ROW, AuditFormat.CSV)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert tuple(row) == COLUMNS
    assert row["actor_name"] == "'=HYPERLINK(1)"
    assert row["session_id"] == '\'-one, "two"\nthree'
    assert row["job_id"] == ""
