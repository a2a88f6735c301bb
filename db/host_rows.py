"""What an old installation's table `interview_sessions` says: read from SQLite, PostgreSQL or a CSV file, never written.

Blocking. Columns are taken by the names that the request has, and by those that such tables usually have besides.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from db.host_row import HostRow
from db.host_table import TABLE, CannotMigrate, connected, reason, shown

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "session_id": ("session_id", "id"),
    "video_path": ("video_file_path",),
    "size_mb": ("video_size_mb",),
    "uploaded_at": ("video_uploaded_at",),
    "ended_at": ("ended_at", "completed_at"),
    "started_at": ("started_at",),
    "candidate": ("candidate_name", "candidate"),
    "email": ("candidate_email", "email"),
    "candidate_id": ("candidate_id",),
}
"By our word, the columns that may hold it: the first that is there does."
NEEDED: Final = ("session_id", "video_path")


class CannotRead(Exception):  # noqa: N818  it says what happened
    """The table cannot be read; the message is for the operator and says what to do."""


def read_table(database_url: str) -> list[HostRow]:
    """All rows of a platform's own table. Raises CannotRead."""
    try:
        with connected(database_url) as (url, engine):
            try:
                with engine.connect() as connection:
                    inspector = inspect(connection)
                    if TABLE not in inspector.get_table_names():
                        raise CannotRead(f"There is no table {TABLE} in this database.")
                    wanted = _wanted([column["name"] for column in inspector.get_columns(TABLE)])
                    quote = connection.dialect.identifier_preparer.quote
                    listed = ", ".join(quote(name) for name in wanted.values())
                    found = connection.execute(text(f"SELECT {listed} FROM {TABLE}"))  # noqa: S608  names of its own
                    return list(_rows(dict(zip(wanted, row, strict=True)) for row in found))
            except DBAPIError as error:
                raise CannotRead(f"{shown(url)}: {reason(error)}") from error
    except CannotMigrate as error:
        raise CannotRead(str(error)) from error


def read_csv(path: Path) -> list[HostRow]:
    """All rows of the table as a CSV file with a head. Raises CannotRead and OSError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            wanted = _wanted(reader.fieldnames or ())
            return list(_rows({ours: row[theirs] for ours, theirs in wanted.items()} for row in reader))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CannotRead(f"{path} is no CSV file in UTF-8: {error}.") from error


def _wanted(there: Iterable[str]) -> dict[str, str]:
    by_lower = {name.strip().lower(): name for name in there}
    wanted = {
        ours: next(by_lower[each] for each in theirs if each in by_lower)
        for ours, theirs in COLUMNS.items()
        if any(each in by_lower for each in theirs)
    }
    missing = [" or ".join(COLUMNS[each]) for each in NEEDED if each not in wanted]
    if missing:
        raise CannotRead(f"The table has no column {' and no column '.join(missing)}.")
    return wanted


def _rows(found: Iterable[Mapping[str, Any]]) -> Iterator[HostRow]:
    for row in found:
        session_id = _text(row["session_id"])
        if session_id is None:
            continue
        yield HostRow(
            session_id=session_id,
            video_path=_text(row["video_path"]),
            size_mb=_number(row.get("size_mb")),
            uploaded_at=_moment(row.get("uploaded_at"), session_id),
            ended_at=_moment(row.get("ended_at"), session_id),
            started_at=_moment(row.get("started_at"), session_id),
            candidate=_text(row.get("candidate")),
            email=_text(row.get("email")),
            candidate_id=_text(row.get("candidate_id")),
        )


def _text(value: object) -> str | None:
    return (str(value).strip() or None) if value is not None else None


def _number(value: object) -> float | None:
    try:
        return float(str(value)) if value not in {None, ""} else None
    except ValueError:
        return None


def _moment(value: object, session_id: str) -> datetime | None:
    if isinstance(value, datetime):
        return value
    said = _text(value)
    if said is None:
        return None
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        raise CannotRead(f"Row {session_id}: {said!r} is no moment, such as 2024-11-28 12:05:30.") from None
