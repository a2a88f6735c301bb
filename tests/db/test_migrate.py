"""The migrations build exactly the models, all at once or not at all."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from db import migrate
from db.errors import DatabaseUnusable
from db.models import Base


def _differences(path: Path) -> list[Any]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = list(compare_metadata(context, Base.metadata))
    engine.dispose()
    return differences


def _deletion_rules(path: Path) -> set[tuple[str, str, str | None]]:
    # Alembic does not compare ON DELETE on SQLite.
    engine = create_engine(f"sqlite:///{path}")
    inspector = inspect(engine)
    rules = {
        (table, column, key["options"].get("ondelete"))
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
        for column in key["constrained_columns"]
    }
    engine.dispose()
    return rules


def test_the_migrations_make_exactly_the_models(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    migrate.upgrade(path)
    assert _differences(path) == []
    assert _deletion_rules(path) == {
        (table.name, column.name, key.ondelete)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
    }


def test_a_model_without_its_migration_would_be_noticed(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    migrate.upgrade(path)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE marks")
    connection.execute("DROP INDEX ix_parts_state")
    connection.commit()
    connection.close()
    assert len(_differences(path)) >= 2


def test_status_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    with pytest.raises(FileNotFoundError):
        migrate.migration_status(path)
    path.touch()
    assert migrate.migration_status(path).current is None
    assert not migrate.migration_status(path).up_to_date
    migrate.upgrade(path)
    status = migrate.migration_status(path)
    assert status.up_to_date
    assert status.known
    migrate.upgrade(path)  # nothing left to do
    assert migrate.migration_status(path) == status


def test_a_failing_migration_leaves_the_old_database(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE parts (something_else TEXT)")  # in the way of the first migration
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseUnusable, match="already exists"):
        migrate.upgrade(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("parts",)]
    connection.close()


def test_references_to_nothing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "holdfast.db"
    migrate.upgrade(path)
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO job_members VALUES (7, 7, 'owner')")
    connection.execute("DELETE FROM alembic_version")
    connection.commit()
    connection.close()
    monkeypatch.setattr(command, "upgrade", lambda *_: None)
    with pytest.raises(DatabaseUnusable, match="2 references"):
        migrate.upgrade(path)
