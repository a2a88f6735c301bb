"""SQLite's error codes in our words (https://www.sqlite.org/rescode.html)."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from db.errors import DatabaseAway, DatabaseBusy, DatabaseError, DatabaseUnusable, DiskFull


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise DatabaseBusy, DiskFull, DatabaseAway or DatabaseUnusable for what SQLite says about them; let all else through."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:  # what a new connection meets comes without the wrapping
        ours = _ours(_code(error))
        if ours is None:
            raise
        raise ours from error


_AWAY: Final = DatabaseAway, "holdfast.db cannot be read or written; put it back, or look at its disk."
_WORDS: Final[Mapping[int, tuple[type[DatabaseError], str]]] = {
    sqlite3.SQLITE_BUSY: (DatabaseBusy, "Another process holds the database's write lock."),
    sqlite3.SQLITE_FULL: (DiskFull, "The disk has no room for the database."),
    sqlite3.SQLITE_IOERR: _AWAY,
    sqlite3.SQLITE_CANTOPEN: _AWAY,
    sqlite3.SQLITE_NOTADB: (DatabaseUnusable, "holdfast.db is not a database; restore it from a backup."),
    sqlite3.SQLITE_CORRUPT: (DatabaseUnusable, "holdfast.db is damaged; restore it from a backup."),
}


def _ours(code: int | None) -> DatabaseError | None:
    if code is None:
        return None
    # The lower byte is the kind of error, the rest says where it happened.
    kind, sentence = _AWAY if code == sqlite3.SQLITE_READONLY_DBMOVED else _WORDS.get(code & 0xFF, (None, ""))
    return None if kind is None else kind(sentence)


def _code(error: DBAPIError | sqlite3.Error) -> int | None:
    code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorcode", None)
    return code if isinstance(code, int) else None
