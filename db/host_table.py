"""The request's three columns in a host platform's own `interview_sessions`: SQLite or PostgreSQL, whoever made the table.

Blocking, and with no part of Holdfast's own database in it: a host platform runs it once, before or after it has us.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import URL, Connection, DateTime, Engine, Float, Inspector, Text, create_engine, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeEngine

TABLE: Final = "interview_sessions"
COLUMNS: Final[dict[str, TypeEngine[Any]]] = {
    "video_file_path": Text(),
    "video_size_mb": Float(),
    "video_uploaded_at": DateTime(),
}
"Names as the request has them; a moment is UTC."
LOCK_WITHIN_S: Final = 5
"Whoever holds the table for longer is not waited for: everybody who comes after us would wait, too."

_DRIVERS: Final = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class CannotMigrate(Exception):  # noqa: N818  it says what happened
    """Nothing was changed; the message is for the operator and says what to do."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of the columns."""

    added: tuple[str, ...]
    "Those that were missing: they are there now, unless it was a rehearsal."
    present: tuple[str, ...]
    "Those that were there before."


def add_video_columns(database_url: str, *, dry_run: bool = False) -> Migrated:
    """Add what is missing of the three columns; repeating it changes nothing. Raises CannotMigrate."""
    with connected(database_url) as (url, engine):
        try:
            with engine.begin() as connection:
                return _add(connection, dry_run=dry_run)
        except DBAPIError as error:
            raise CannotMigrate(f"{shown(url)}: {reason(error)} Nothing was changed.") from error


@contextlib.contextmanager
def connected(database_url: str) -> Iterator[tuple[URL, Engine]]:
    """The platform's database, whatever driver its own URL names. Raises CannotMigrate."""
    url = _url(database_url)
    engine = _engine(url)
    try:
        yield url, engine
    finally:
        engine.dispose()


def _url(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise CannotMigrate(
            "This is no database URL. Write sqlite:///path/to/file.db or postgresql://user:password@host/database."
        ) from None
    driver = _DRIVERS.get(url.drivername.partition("+")[0])
    if driver is None:
        raise CannotMigrate(f"{url.drivername} is not known here; SQLite and PostgreSQL are.")
    # The platform's own URL may name a driver that it has and we do not.
    url = url.set(drivername=driver)
    if driver == "sqlite" and not (url.database and os.path.isfile(url.database)):  # noqa: PTH113  a path of others
        # SQLite would make an empty database of a misspelt name.
        raise CannotMigrate(f"There is no SQLite database {url.database or ''}.")
    return url


def _engine(url: URL) -> Engine:
    try:
        return create_engine(url, poolclass=NullPool)
    except (ImportError, NoSuchModuleError):
        raise CannotMigrate(
            "PostgreSQL needs its driver, which is not installed: pip install 'holdfast[postgresql]'."
        ) from None
    except SQLAlchemyError:
        raise CannotMigrate(f"{shown(url)} cannot be used as a database URL.") from None


def _add(connection: Connection, *, dry_run: bool) -> Migrated:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WITHIN_S}s'"))
    there = _columns(inspect(connection))
    missing = tuple(name for name in COLUMNS if name not in there)
    if missing and not dry_run and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # Python's driver begins none for this: all three, or none
    for name in () if dry_run else missing:
        kind = COLUMNS[name].compile(connection.dialect)
        connection.execute(text(f"ALTER TABLE {TABLE} ADD COLUMN {name} {kind}"))
    return Migrated(missing, tuple(name for name in COLUMNS if name in there))


def _columns(inspector: Inspector) -> set[str]:
    if TABLE not in inspector.get_table_names():
        raise CannotMigrate(
            f"There is no table {TABLE} in this database. Is it the platform's own? Nothing was changed."
        )
    return {column["name"].lower() for column in inspector.get_columns(TABLE)}


def shown(url: URL) -> str:
    """It without its password."""
    return url.render_as_string(hide_password=True)


def reason(error: DBAPIError) -> str:
    """What the database said, as a sentence."""
    said = str(error.orig).strip().splitlines() or [type(error).__name__]
    return f"{said[0].strip().rstrip('.')}."
