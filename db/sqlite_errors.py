"""SQLite's error codes in our words (https://www.sqlite.org/rescode.html)."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from db.errors import DatabaseBusy, DatabaseUnusable, DiskFull


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise DatabaseBusy, DiskFull or DatabaseUnusable for what SQLite says about them; let all else through."""
    try:
        yield
    except DBAPIError as error:
        match _code(error):
            case sqlite3.SQLITE_BUSY:
                raise DatabaseBusy("Another process holds the database's write lock.") from error
            case sqlite3.SQLITE_FULL:
                raise DiskFull("The disk has no room for the database.") from error
            case sqlite3.SQLITE_NOTADB:
                raise DatabaseUnusable("holdfast.db is not a database; restore it from a backup.") from error
            case sqlite3.SQLITE_CORRUPT:
                raise DatabaseUnusable("holdfast.db is damaged; restore it from a backup.") from error
            case _:
                raise


def _code(error: DBAPIError) -> int | None:
    # The lower byte is the kind of error, the rest says where it happened.
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None
