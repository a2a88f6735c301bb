"""Whether interviews can be recorded now, and if not, why: what `/readyz` tells load balancers and operators."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from db import migrate
from db.engine import Database
from db.errors import DatabaseError
from media_server.aio.data_folder import DataFolder

ANSWER_WITHIN_S = 3.0
"Disk and database are asked for this long; whoever asks us has given up by then."


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps interviews from being recorded."""

    check: str
    "Which of the checks failed."
    said: str
    "A sentence for the operator."


STOPPING = Reason("running", "The server is about to end.")
NO_ANSWER = Reason("database", "The database does not answer.")
NOT_MIGRATED = Reason("migrations", "The database's tables are not those of this version; restart the server.")
NO_ROOM = Reason("room", "The disk is nearly full; nobody begins to record. Make room.")
NOT_WRITABLE = Reason("uploads", "The uploads folder is not there or cannot be written to.")
DISK_SILENT = Reason("uploads", "The disk that holds the uploads does not answer.")


class Readiness:
    """Asks disk and database. However often it is asked, only one look at the disk is under way at a time."""

    def __init__(self, database: Database, data_folder: DataFolder, *, is_stopping: Callable[[], bool]) -> None:
        self._database = database
        self._data_folder = data_folder
        self._is_stopping = is_stopping
        self._looking: asyncio.Task[list[Reason]] | None = None

    async def reasons(self) -> list[Reason]:
        """What keeps interviews from being recorded; empty when nothing does."""
        stopping = [STOPPING] if self._is_stopping() else []
        return stopping + await _examine(self._database) + await self._disk()

    async def _disk(self) -> list[Reason]:
        # A disk that hangs holds its thread for good; the next who ask wait for the same one.
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(asyncio.to_thread(_look, self._data_folder))
        try:
            return await asyncio.wait_for(asyncio.shield(self._looking), ANSWER_WITHIN_S)
        except TimeoutError:
            return [DISK_SILENT]


async def _examine(database: Database) -> list[Reason]:
    try:
        database.check_in_place()
        async with asyncio.timeout(ANSWER_WITHIN_S), database.reading() as db_session:
            at = (await db_session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    except (DatabaseError, SQLAlchemyError, OSError, TimeoutError):
        return [NO_ANSWER]
    return [] if at == await asyncio.to_thread(migrate.head) else [NOT_MIGRATED]


def _look(data_folder: DataFolder) -> list[Reason]:
    """Blocking."""
    if not os.access(data_folder.uploads_path, os.W_OK | os.X_OK):
        return [NOT_WRITABLE]
    try:
        return [] if data_folder.has_room_for(0) else [NO_ROOM]
    except OSError:  # it has gone in this moment
        return [NOT_WRITABLE]
