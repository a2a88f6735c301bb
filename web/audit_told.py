"""Rows of the audit as programs read them: JSON lines and CSV, with all that a row's hash is made of. Pure."""

import csv
import io
import json
from enum import StrEnum
from typing import Final

from db.audit import moment
from db.models import AuditRow

COLUMNS: Final = (
    "number",
    "at",
    "event",
    "actor_kind",
    "actor_name",
    "session_id",
    "job_id",
    "details",
    "previous",
    "hash",
)

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
"What a spreadsheet would take for a formula."


class AuditFormat(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    CSV = "csv"


MEDIA_TYPES: Final = {AuditFormat.JSONL: "application/x-ndjson", AuditFormat.CSV: "text/csv"}


def told(row: AuditRow) -> dict[str, object]:
    """A row, its details as the text that is hashed."""
    return {
        "number": row.number,
        "at": moment(row.at),
        "event": row.event,
        "actor_kind": row.actor_kind,
        "actor_name": row.actor_name,
        "session_id": row.session_id,
        "job_id": row.job_id,
        "details": row.details,
        "previous": row.previous,
        "hash": row.hash,
    }


def heading(form: AuditFormat) -> str:
    """What stands above the rows."""
    return _csv_line(list(COLUMNS)) if form is AuditFormat.CSV else ""


def line(row: AuditRow, form: AuditFormat) -> str:
    """One row, with its end of line."""
    match form:
        case AuditFormat.JSONL:
            return json.dumps(told(row), ensure_ascii=False) + "\n"
        case AuditFormat.CSV:
            return _csv_line([_harmless(value) for value in told(row).values()])


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def _csv_line(values: list[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()
