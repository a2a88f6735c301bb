"""The request's columns in a platform's own table: real SQLite, and a real PostgreSQL where one is installed."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from db import host_table
from db.host_table import COLUMNS, CannotMigrate, Migrated, add_video_columns

ALL = tuple(COLUMNS)
TABLE = "CREATE TABLE interview_sessions (session_id VARCHAR(64) PRIMARY KEY, ended_at TIMESTAMP)"
ROW = "INSERT INTO interview_sessions (session_id) VALUES ('one')"


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "platform.db"
    with sqlite3.connect(path) as connection:
        connection.execute(TABLE)
        connection.execute(ROW)
    connection.close()
    return path


def columns(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    found = {row[1]: row[2] for row in connection.execute("PRAGMA table_info(interview_sessions)")}
    connection.close()
    return found


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_the_columns_are_added_once_and_rows_stay(sqlite_file: Path, driver: str) -> None:
    url = f"{driver}:///{sqlite_file}"
    assert add_video_columns(url, dry_run=True) == Migrated(ALL, ())
    assert set(columns(sqlite_file)) == {"session_id", "ended_at"}
    assert add_video_columns(url) == Migrated(ALL, ())
    assert columns(sqlite_file) == {
        "session_id": "VARCHAR(64)",
        "ended_at": "TIMESTAMP",
        "video_file_path": "TEXT",
        "video_size_mb": "FLOAT",
        "video_uploaded_at": "DATETIME",
    }
    assert add_video_columns(url) == Migrated((), ALL)
    connection = sqlite3.connect(sqlite_file)
    assert connection.execute("SELECT * FROM interview_sessions").fetchall() == [("one", None, None, None, None)]
    connection.close()


def test_what_is_there_already_is_left(sqlite_file: Path) -> None:
    connection = sqlite3.connect(sqlite_file)
    connection.execute("ALTER TABLE interview_sessions ADD COLUMN Video_Size_MB NUMERIC")
    connection.close()
    assert add_video_columns(f"sqlite:///{sqlite_file}") == Migrated((ALL[0], ALL[2]), (ALL[1],))
    assert columns(sqlite_file)["Video_Size_MB"] == "NUMERIC"


def test_a_database_without_the_table_or_none_at_all_is_told(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.db").executescript("CREATE TABLE other (id)").connection.close()
    for url, said in (
        ("nonsense", "This is no database URL."),
        ("mysql://x/y", "mysql is not known here"),
        ("sqlite://", "There is no SQLite database"),
        (f"sqlite:///{tmp_path}/none.db", f"There is no SQLite database {tmp_path}/none.db."),
        (f"sqlite:///{tmp_path}/empty.db", "There is no table interview_sessions in this database."),
    ):
        with pytest.raises(CannotMigrate) as refused:
            add_video_columns(url)
        assert str(refused.value).startswith(said)
    assert not (tmp_path / "none.db").exists()


def test_a_table_that_somebody_holds_is_left_whole(sqlite_file: Path) -> None:
    holder = sqlite3.connect(sqlite_file)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CannotMigrate, match=r"database is locked\. Nothing was changed\."):
        add_video_columns(f"sqlite:///{sqlite_file}?timeout=0.1")
    holder.close()
    assert set(columns(sqlite_file)) == {"session_id", "ended_at"}


def test_three_or_none(sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy import Text

    monkeypatch.setattr(host_table, "COLUMNS", {"video_file_path": Text(), "not a name": Text()})
    with pytest.raises(CannotMigrate, match="Nothing was changed"):
        add_video_columns(f"sqlite:///{sqlite_file}")
    assert set(columns(sqlite_file)) == {"session_id", "ended_at"}


# --- PostgreSQL ------------------------------------------------------------------------


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _run_program(command: Sequence[str | Path]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd="/")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """A server of its own, on a socket in a folder; returns a URL without the database's name."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    # Not below pytest's own folders, which nobody else may enter.
    folder = Path(tempfile.mkdtemp(prefix="holdfast-pg-"))
    as_user: list[str | Path] = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:  # it refuses to run as root
        shutil.chown(folder, "postgres")
    data = folder / "data"
    _run_program([*as_user, programs / "initdb", "-D", data, "-A", "trust", "-U", "us", "--no-sync"])
    control: list[str | Path] = [*as_user, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    _run_program([*control, "-o", f"-k {folder} -h '' -F", "start"])
    yield f"postgresql://us@/{{}}?host={folder}"
    _run_program([*control, "-m", "immediate", "stop"])
    shutil.rmtree(folder)


def _run(url: str, *statements: str) -> list[tuple[object, ...]]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            results = [connection.execute(text(statement)) for statement in statements]
            return [tuple(row) for row in results[-1]] if results[-1].returns_rows else []
    finally:
        engine.dispose()


KINDS = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'interview_sessions'"


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg", "postgres"])
def test_postgresql_gets_them_too(postgresql: str, driver: str) -> None:
    name = f"platform_{driver.replace('+', '_')}"
    _run(postgresql.format("postgres"), f"CREATE DATABASE {name}")
    url = postgresql.format(name)
    given = url.replace("postgresql:", f"{driver}:")
    with pytest.raises(CannotMigrate, match="There is no table interview_sessions"):
        add_video_columns(given)
    _run(url, TABLE, ROW)
    assert add_video_columns(given, dry_run=True) == Migrated(ALL, ())
    assert add_video_columns(given) == Migrated(ALL, ())
    kinds = {str(name): kind for name, kind in _run(url, KINDS)}
    assert [kinds[name] for name in ALL] == ["text", "double precision", "timestamp without time zone"]
    assert add_video_columns(given) == Migrated((), ALL)
    assert len(_run(url, "SELECT * FROM interview_sessions")) == 1


def test_a_postgresql_that_is_not_there_is_told_without_the_password(postgresql: str) -> None:
    for url in ("postgresql://u:secret@127.0.0.1:1/x", postgresql.format("none")):
        with pytest.raises(CannotMigrate, match=r"Nothing was changed\.") as refused:
            add_video_columns(url)
        assert "secret" not in str(refused.value)


def test_a_table_that_somebody_holds_is_not_waited_for(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_table, "LOCK_WITHIN_S", 1)
    _run(postgresql.format("postgres"), "CREATE DATABASE held")
    url = postgresql.format("held")
    _run(url, TABLE)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as holder:
        holder.execute(text("SELECT * FROM interview_sessions"))
        with pytest.raises(CannotMigrate, match="lock timeout"):
            add_video_columns(url)
    engine.dispose()
    assert len(_run(url, KINDS)) == 2
