"""Bring a database file to this version's tables; blocking, in-process, without an alembic.ini.

After a change of `db/models.py`, `python -m db.migrate "Say what changes"` writes the next file into `db/migrations/versions`.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from db.errors import DatabaseTooNew, DatabaseUnusable
from db.sqlite_errors import in_our_words

_FOLDER = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where a database file stands, for `holdfast doctor`."""

    current: str | None
    "The revision that the file is at; None for a file without tables."
    head: str
    "The revision that this version of Holdfast needs."
    known: bool
    "False when a newer Holdfast made the file: `current` is none of ours."

    @property
    def up_to_date(self) -> bool:
        return self.current == self.head


def upgrade(path: Path, *, busy_timeout_s: float = 5.0) -> None:
    """Run what is missing, all of it or nothing. Raises DatabaseTooNew, DatabaseUnusable, DatabaseBusy, DiskFull."""
    try:
        with in_our_words(), _connection(path, busy_timeout_s) as connection:
            _use_wal(connection)
            _upgrade(connection, path)
    except DBAPIError as error:
        raise DatabaseUnusable(f"The tables of {path} could not be brought up to date: {error.orig}") from error


def migration_status(path: Path, *, busy_timeout_s: float = 5.0) -> MigrationStatus:
    """Look, change nothing. Raises FileNotFoundError when there is no such file."""
    if not path.exists():
        raise FileNotFoundError(path)
    with in_our_words(), _connection(path, busy_timeout_s) as connection:
        return _status(connection)


def head() -> str | None:
    """The revision that this version of Holdfast needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_known(revision: str) -> bool:
    """Whether this version of Holdfast can bring tables of that revision up to date."""
    scripts = ScriptDirectory.from_config(_config())
    return revision in {script.revision for script in scripts.walk_revisions()}


def _upgrade(connection: Connection, path: Path) -> None:
    # A connection that ends without COMMIT has changed nothing.
    # Tables that are rebuilt would take their children along; the check below makes up for it.
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    status = _status(connection)
    if not status.known:
        raise DatabaseTooNew(
            f"{path} was last used by a newer Holdfast (its tables are at {status.current}, "
            f"this version knows {status.head} and older). Run that version, or restore a backup made before it."
        )
    if not status.up_to_date:
        command.upgrade(_config(connection), "head")
        _check_references(connection, path)
    connection.exec_driver_sql("COMMIT")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connection(path: Path, busy_timeout_s: float) -> Iterator[Connection]:
    # In autocommit mode the driver begins nothing by itself; BEGIN and COMMIT are ours.
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": busy_timeout_s},
    )
    with engine.connect() as connection:
        yield connection


def _use_wal(connection: Connection) -> None:
    mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar_one()
    if mode != "wal":
        raise DatabaseUnusable("SQLite cannot keep a write-ahead log here; put the data folder on a local disk.")


def _status(connection: Connection) -> MigrationStatus:
    scripts = ScriptDirectory.from_config(_config())
    head = scripts.get_current_head()
    if head is None:
        raise DatabaseUnusable("This installation has no migrations; install Holdfast again.")
    current = MigrationContext.configure(connection).get_current_revision()
    known = current is None or current in {script.revision for script in scripts.walk_revisions()}
    return MigrationStatus(current, head, known)


def _check_references(connection: Connection, path: Path) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise DatabaseUnusable(f"{path} holds {len(broken)} references to rows that are gone; it was left as it was.")


def _write_revision(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "holdfast.db"
        scripts = ScriptDirectory.from_config(_config())
        number = len(list(scripts.walk_revisions())) + 1
        if number > 1:
            upgrade(path)
        with _connection(path, 5.0) as connection:
            command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04}")


if __name__ == "__main__":
    _write_revision(sys.argv[1])
