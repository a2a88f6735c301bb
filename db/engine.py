"""One SQLite file: one connection that writes, a few that read."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from db import migrate
from db.clock import Clock, SystemClock
from db.errors import DatabaseAway
from db.scrubbing import scrub
from db.settings import DatabaseSettings
from db.sqlite_errors import in_our_words

# What a connection needs to be as safe as contract.md says: FULL syncs the log at every commit, and where
# fsync alone does not reach the platter (macOS) fullfsync asks for F_FULLFSYNC.
# What is deleted is overwritten: a row's text would lie in the file otherwise, see `db.scrubbing`.
_PRAGMAS = (
    "synchronous = FULL",
    "fullfsync = ON",
    "checkpoint_fullfsync = ON",
    "foreign_keys = ON",
    "secure_delete = ON",
)


class Database:
    """The database of one data folder. Make it with :meth:`open`.

    Rows stay readable after their session has ended; what was not loaded raises instead of loading.
    """

    def __init__(self, path: Path, settings: DatabaseSettings) -> None:
        """Wire the connections; nothing is opened yet."""
        self.path = path
        self._file = _identity(path)
        self._busy_timeout_s = settings.busy_timeout_s
        # One writer, so that tasks of this process queue in order instead of polling SQLite's lock.
        self._writer = _engine(path, settings, connections=1, begin="BEGIN IMMEDIATE", pragmas=_PRAGMAS)
        self._reader = _engine(
            path, settings, connections=settings.readers, begin="BEGIN", pragmas=(*_PRAGMAS, "query_only = ON")
        )
        self.on_wait: Callable[[float], None] = lambda _: None
        "Hears how many seconds each writer waited for its turn; for the metrics."
        self._clock: Clock = SystemClock()
        self._write_session = async_sessionmaker(self._writer, expire_on_commit=False)
        self._read_session = async_sessionmaker(self._reader, expire_on_commit=False)

    @classmethod
    async def open(cls, path: Path, settings: DatabaseSettings | None = None) -> Self:
        """Open the file, made with mode 0600 when it is missing, and run the migrations.

        Raises DatabaseTooNew, DatabaseUnusable, DatabaseBusy, DiskFull; OSError when the file cannot be made.
        """
        settings = settings or DatabaseSettings()
        await asyncio.to_thread(_prepare, path, settings)
        return cls(path, settings)

    def check_in_place(self) -> None:
        """Raises DatabaseAway: what is written to a file that was moved away, or replaced, would go with the process."""
        if _identity(self.path) != self._file:
            raise DatabaseAway("holdfast.db is not where it was; put it back, or restart on the one that lies there.")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One consistent view of the database; an attempt to write raises. Raises DatabaseAway and DatabaseBusy."""
        with in_our_words():
            async with self._read_session() as db_session:
                yield db_session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction (`BEGIN IMMEDIATE`): committed and on disk on leaving, undone by an exception.

        Raises DatabaseBusy, DiskFull and DatabaseAway, all with nothing changed. Never nest: the inner one would wait
        for the outer.
        """
        self.check_in_place()
        with in_our_words():
            began = self._clock.monotonic()
            async with self._write_session() as db_session, db_session.begin():
                # Takes the write lock now: what is read from here on stays true until the commit.
                await db_session.connection()
                self.on_wait(self._clock.monotonic() - began)
                yield db_session

    async def scrub(self) -> None:
        """Leave nothing of deleted rows in the files. Raises DatabaseBusy, DiskFull: it is to be tried again then."""
        await asyncio.to_thread(scrub, self.path, self._busy_timeout_s)

    async def close(self) -> None:
        """Close every connection. May be called twice."""
        await self._reader.dispose()
        await self._writer.dispose()


def _engine(
    path: Path, settings: DatabaseSettings, *, connections: int, begin: str, pragmas: tuple[str, ...]
) -> AsyncEngine:
    engine = create_async_engine(
        # `rw`: a file that is away for a moment is not made anew, empty.
        URL.create("sqlite+aiosqlite", database=path.absolute().as_uri(), query={"mode": "rw", "uri": "true"}),
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": settings.busy_timeout_s},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.close()  # nobody else would: the pool has not seen it yet, and it holds a thread
            raise

    @event.listens_for(engine.sync_engine, "invalidate")
    def end_transaction(connection: Any, _record: Any, _error: BaseException | None) -> None:
        # A task was cancelled while SQLite worked for it. Closing alone leaves its lock for as long as a cursor of it is
        # remembered anywhere, and whoever writes next finds the database locked. This comes before the closing, in the
        # connection's own thread.
        driver = connection.driver_connection
        if driver._connection is not None:  # noqa: SLF001  what is public waits, and nobody may wait here
            driver._tx.put_nowait((None, driver._connection.rollback))  # noqa: SLF001  the same

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _prepare(path: Path, settings: DatabaseSettings) -> None:
    # SQLite gives the log beside the file the mode of the file.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    migrate.upgrade(path, busy_timeout_s=settings.busy_timeout_s)
