"""What was deleted leaves the database's files too: SQLite keeps freed pages, and its log keeps older ones.

`secure_delete` overwrites what a row leaves. It does not reach copies that SQLite made when it moved rows between pages,
so the file is written anew, and the log emptied. Blocking.
"""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from db.errors import DatabaseBusy, DatabaseUnusable, DiskFull

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 512 * 2**20
"Writing a larger database anew would hold up live interviews for too long; its rows alone are overwritten."


def scrub(path: Path, busy_timeout_s: float) -> None:
    """Write the database anew without what was deleted, and empty its log. Raises DatabaseError."""
    with closing(sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)) as connection:
        try:
            for pragma in ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")
            if path.stat().st_size <= MOST_BYTES:
                connection.execute("VACUUM")
            else:
                logger.warning(
                    "the database is too large to be written anew; what was deleted is overwritten where it was"
                )
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
                raise DiskFull("The disk has no room to write the database anew.") from error
            if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise DatabaseBusy("Another process holds the database's write lock.") from error
            raise DatabaseUnusable(f"The database cannot be written anew: {error}.") from error
    if busy:
        raise DatabaseBusy("Somebody still reads what was deleted.")
