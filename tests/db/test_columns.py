"""The shared column types, through a real file."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from db.engine import Database
from db.models import User, UserToken


async def _store(database: Database, moment: datetime) -> None:
    async with database.writing() as db_session:
        db_session.add(User(email="john.doe@example.org", created_at=moment))


async def test_any_zone_goes_in_and_utc_comes_out(database: Database) -> None:
    moment = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    await _store(database, moment)
    async with database.reading() as db_session:
        stored = (await db_session.scalars(select(User.created_at))).one()
        as_text = (await db_session.execute(text("SELECT created_at FROM users"))).scalar_one()
    assert stored == moment
    assert stored.tzinfo is UTC
    assert as_text == "2026-03-29 07:30:00.123456"


async def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        await _store(database, datetime(2026, 3, 29, 2, 30))


async def test_a_word_that_is_none_of_the_states_is_refused(database: Database) -> None:
    async with database.writing() as db_session:
        await db_session.execute(
            text("INSERT INTO users (id, email, created_at) VALUES (1, 'a@example.org', '2026-01-01 00:00:00.000000')")
        )
        await db_session.execute(
            text(
                "INSERT INTO user_tokens (user_id, kind, token_hash, created_at)"
                " VALUES (1, 'sesame', '00', '2026-01-01 00:00:00.000000')"
            )
        )

    async def read() -> None:
        async with database.reading() as db_session:
            await db_session.scalars(select(UserToken))

    with pytest.raises(LookupError, match="sesame"):
        await read()
