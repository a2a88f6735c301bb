"""A task that is cancelled in the middle of a transaction leaves the database to the next."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import Database
from db.settings import DatabaseSettings


async def _write(database: Database) -> None:
    async with database.writing() as db_session:
        for _ in range(3):
            (await db_session.execute(text("SELECT n FROM written LIMIT 1"))).first()  # its cursor may be remembered
            await db_session.execute(text("INSERT INTO written VALUES (1)"))


@pytest.mark.parametrize("step_ms", [0, 0.2, 0.5, 1, 2])
async def test_whoever_writes_next_finds_no_lock(tmp_path: Path, step_ms: float) -> None:
    database = await Database.open(tmp_path / "holdfast.db", DatabaseSettings(busy_timeout_s=2))
    async with database.writing() as db_session:
        await db_session.execute(text("CREATE TABLE written (n INTEGER)"))
    for turns in range(25):
        cancelled = asyncio.create_task(_write(database))
        for _ in range(turns):
            await asyncio.sleep(step_ms / 1_000 / 10)
        cancelled.cancel()
        with suppress(asyncio.CancelledError):
            await cancelled
        await _write(database)
    async with database.reading() as db_session:
        rows = await db_session.scalar(text("SELECT COUNT(*) FROM written"))
    assert rows is not None
    assert rows % 3 == 0, "each transaction is there whole or not at all"
    assert rows >= 75
    await database.close()
