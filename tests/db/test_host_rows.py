"""An old table, read from real SQLite, from a CSV file, and from a real PostgreSQL where one is installed."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from db.host_row import HostRow
from db.host_rows import CannotRead, read_csv, read_table
from tests.db.test_host_table import _run, postgresql  # noqa: F401  a fixture

PATH = "uploads/John_Doe/interview_video_20241128_120530.webm"
THEN = datetime(2024, 11, 28, 12, 5, 30)
ROW = HostRow("7", PATH, 12.5, THEN, None, None, "John Doe", None, "3")
TABLE = (
    "CREATE TABLE interview_sessions (id INTEGER PRIMARY KEY, candidate_id INTEGER, candidate_name TEXT, "
    "video_file_path TEXT, video_size_mb FLOAT, video_uploaded_at TIMESTAMP, ended_at TIMESTAMP)"
)
INSERT = f"INSERT INTO interview_sessions VALUES (7, 3, 'John Doe', '{PATH}', 12.5, '2024-11-28 12:05:30', NULL)"
EMPTY = "INSERT INTO interview_sessions (id) VALUES (8)"


def test_sqlite_is_read_and_not_written(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    sqlite3.connect(path).executescript(f"{TABLE}; {INSERT}; {EMPTY}").connection.close()
    before = path.read_bytes()
    assert read_table(f"sqlite+aiosqlite:///{path}") == [ROW, HostRow("8")]
    assert path.read_bytes() == before


def test_a_csv_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text(
        "\ufeffSession_ID,Candidate_Name,candidate_id,video_file_path,video_size_mb,video_uploaded_at,ended_at\n"
        f"7,John Doe,3,{PATH},12.5,2024-11-28T12:05:30,\n8,,,,,,\n,,,,,,\n",
        encoding="utf-8",
    )
    assert read_csv(path) == [ROW, HostRow("8")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "The table has no column session_id or id and no column video_file_path."),
        ("id,video_file_path,ended_at\n1,x,yesterday\n", "Row 1: 'yesterday' is no moment"),
    ],
)
def test_a_csv_file_of_something_else_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "old.csv"
    path.write_text(text)
    with pytest.raises(CannotRead) as refused:
        read_csv(path)
    assert str(refused.value).startswith(said)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CannotRead, match="no CSV file in UTF-8"):
        read_csv(path)


def test_a_database_without_the_table_is_told(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.db").executescript("CREATE TABLE other (id)").connection.close()
    for url in ("nonsense", f"sqlite:///{tmp_path}/none.db", f"sqlite:///{tmp_path}/empty.db"):
        with pytest.raises(CannotRead):
            read_table(url)
    (tmp_path / "no.db").write_bytes(b"no database" * 100)
    with pytest.raises(CannotRead, match="not a database"):
        read_table(f"sqlite:///{tmp_path}/no.db")


def test_postgresql_is_read(postgresql: str) -> None:  # noqa: F811  the fixture
    _run(postgresql.format("postgres"), "CREATE DATABASE old_rows")
    url = postgresql.format("old_rows")
    _run(url, TABLE, INSERT, EMPTY)
    assert read_table(url.replace("postgresql:", "postgresql+asyncpg:")) == [ROW, HostRow("8")]
