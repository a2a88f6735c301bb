"""The engine, on real files: what it promises about safety, order and errors."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError

from db.engine import Database
from db.errors import DatabaseBusy, DatabaseTooNew, DatabaseUnusable, DiskFull
from db.models import Candidate, InterviewSession, Job, TokenKind, User, UserToken
from db.settings import DatabaseSettings
from tests.db.conftest import NOW, House


def _user(number: int) -> User:
    return User(email=f"user{number}@example.org", created_at=NOW)


async def test_both_kinds_of_connection_are_as_safe_as_promised(database: Database) -> None:
    async with database.writing() as writer, database.reading() as reader:
        for db_session in (writer, reader):
            for pragma, value in (
                ("journal_mode", "wal"),
                ("synchronous", 2),
                ("busy_timeout", 5000),
                ("foreign_keys", 1),
                ("fullfsync", 1),
            ):
                assert (await db_session.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value, pragma


async def test_the_file_and_its_log_are_for_the_owner_alone(database: Database) -> None:
    async with database.writing() as db_session:
        db_session.add(_user(1))
    files = list(database.path.parent.glob("holdfast.db*"))
    assert len(files) >= 2  # the log lies beside it
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_leaving_commits_and_an_exception_undoes(database: Database) -> None:
    async with database.writing() as db_session:
        db_session.add(_user(1))

    async def fail() -> None:
        async with database.writing() as db_session:
            db_session.add(_user(2))
            await db_session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.reading() as db_session:
        assert list(await db_session.scalars(select(User.email))) == ["user1@example.org"]


async def test_reading_cannot_write(database: Database) -> None:
    async def write() -> None:
        async with database.reading() as db_session:
            db_session.add(_user(1))
            await db_session.flush()

    with pytest.raises(OperationalError, match="readonly"):
        await write()


async def test_reading_sees_one_moment(database: Database) -> None:
    async with database.reading() as reader:
        assert (await reader.scalars(select(User))).all() == []
        async with database.writing() as writer:
            writer.add(_user(1))
        assert (await reader.scalars(select(User))).all() == []


async def test_many_writers_of_one_process_take_turns(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.writing() as db_session:
            found = len((await db_session.scalars(select(User))).all())
            await asyncio.sleep(0)  # let the others try
            db_session.add(User(email=f"user{number}@example.org", password_hash=str(found), created_at=NOW))

    await asyncio.gather(*(write(number) for number in range(20)))
    async with database.reading() as db_session:
        seen = sorted(int(found or 0) for found in await db_session.scalars(select(User.password_hash)))
    assert seen == list(range(20))  # nobody decided on a count that another was changing


async def test_a_writer_waits_for_another_process_and_then_says_busy(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "100% odd?.db", DatabaseSettings(busy_timeout_s=0.1))
    other = sqlite3.connect(database.path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            async with database.writing():
                pytest.fail("there can be only one writer")
        async with database.reading() as db_session:  # readers do not mind
            assert (await db_session.scalars(select(User))).all() == []
        other.execute("ROLLBACK")
        async with database.writing() as db_session:
            db_session.add(_user(1))
    finally:
        other.close()
        await database.close()


async def test_a_full_disk_is_named_and_undone(database: Database) -> None:
    async def fill() -> None:
        async with database.writing() as db_session:
            await db_session.execute(text("PRAGMA max_page_count = 1"))  # SQLite says FULL as it does on a full disk
            db_session.add_all(_user(number) for number in range(2000))

    with pytest.raises(DiskFull):
        await fill()
    async with database.reading() as db_session:
        assert (await db_session.scalars(select(User))).all() == []


async def test_a_cancelled_writer_leaves_the_way_free(database: Database) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with database.writing() as db_session:
            db_session.add(_user(1))
            await db_session.flush()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10), database.writing() as db_session:
        assert (await db_session.scalars(select(User))).all() == []


async def test_references_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.writing() as db_session:
            db_session.add(UserToken(user_id=99, kind=TokenKind.API, token_hash="00", created_at=NOW))


async def test_rows_outlive_their_session_and_load_nothing_by_themselves(house: House) -> None:
    await house.interview()
    async with house.database.reading() as db_session:
        interview = (await db_session.scalars(select(InterviewSession))).one()
        assert (await db_session.scalars(select(Candidate))).one().folder == "John_Doe"
    assert interview.created_at == NOW
    with pytest.raises(InvalidRequestError, match="raise"):
        _ = interview.job


async def test_opening_again_keeps_everything(house: House) -> None:
    await house.database.close()
    again = await Database.open(house.database.path)
    async with again.reading() as db_session:
        assert (await db_session.scalars(select(Job))).one().title == "Lighthouse keeper"
    await again.close()


async def test_a_newer_database_is_refused_in_plain_words(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "holdfast.db")
    await database.close()
    with sqlite3.connect(database.path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseTooNew, match="newer Holdfast"):
        await Database.open(database.path)


async def test_a_file_that_is_no_database_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    path.write_text("This is no database. " * 300)
    with pytest.raises(DatabaseUnusable, match="not a database"):
        await Database.open(path)
    assert path.read_text().startswith("This is no database")


def test_what_was_committed_survives_a_kill(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import asyncio, os, signal, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from db.engine import Database
        from db.models import User

        async def main():
            now = datetime(2026, 11, 24, tzinfo=UTC)
            database = await Database.open(Path(sys.argv[1]))
            async with database.writing() as db_session:
                db_session.add(User(email="kept@example.org", created_at=now))
            async with database.writing() as db_session:
                db_session.add(User(email="lost@example.org", created_at=now))
                await db_session.flush()
                os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
        """
    )
    path = tmp_path / "holdfast.db"
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == -9
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT email FROM users").fetchall() == [("kept@example.org",)]
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_process_that_forgets_to_close_ends_anyway(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from db.engine import Database\n"
        "async def main():\n"
        "    database = await Database.open(Path(sys.argv[1]))\n"
        "    async with database.reading() as db_session: await db_session.connection()\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "holdfast.db"], check=False, timeout=30)
    assert done.returncode == 0
