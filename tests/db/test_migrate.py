"""The migrations build exactly the models, all at once or not at all."""

import json
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


def test_what_new_columns_say_of_old_rows(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    with migrate._connection(path, 5.0) as connection:
        command.upgrade(migrate._config(connection), "0003")
    with sqlite3.connect(path) as old:
        old.executescript(
            """
            INSERT INTO users VALUES (1, 'hr@example.org', NULL, '2026-11-24 09:00:00');
            INSERT INTO jobs (id, title, retention_days, microphone_only_allowed, answers_only, deadline_days, help_contact,
                notice_controller, notice_contact, notice_purpose, notice_recipients, created_at)
                VALUES (1, 'Lighthouse Keeper', 90, 0, 0, 7, '', '', '', '', '', '2026-11-24 09:00:00'),
                (2, 'Nurse', 90, 0, 0, 7, '', 'Example Ltd', '', 'Because.', '', '2026-11-24 09:00:00');
            INSERT INTO candidates VALUES (1, 'Zoë', NULL, NULL, 'Zoe', 'zoe', '2026-11-24 09:00:00');
            INSERT INTO interview_sessions (session_id, job_id, candidate_id, state, link_version, created_at, time_factor,
                no_timer, extra_takes) VALUES ('one', 1, 1, 'interrupted', 1, '2026-11-24 09:00:00', 1, 0, 0);
            INSERT INTO parts (session_id, number, state, source, path, started_at, duration_ms, size_bytes, bitrate_windows,
                user_agent) VALUES ('one', 1, 'closed', 'live', 'a', '2026-11-24 09:00:00', 60000, 1000, '[]', ''),
                ('one', 2, 'closed', 'live', 'b', '2026-11-24 09:00:00', 30000, 500, '[]', '');
            INSERT INTO consents (session_id, notice_version, given_at, client)
                VALUES ('one', '2026-11-1', '2026-11-24 09:00:00', 'Firefox');
            """
        )
    migrate.upgrade(path)
    with sqlite3.connect(path) as new:
        assert new.execute("SELECT recorded_ms, recorded_bytes FROM interview_sessions").fetchall() == [(90_000, 1_500)]
        assert new.execute("SELECT search_key FROM candidates").fetchall() == [("zoe",)]
        assert new.execute("SELECT title_key FROM jobs").fetchall() == [("lighthouse keeper",), ("nurse",)]
        # A job's own words were shown in every language; what was open stays open until somebody says it.
        notices = new.execute("SELECT notice_texts, notice_legal_basis, notice_unread FROM jobs").fetchall()
        words = {"purpose": "Because."}
        assert [(json.loads(texts), *rest) for texts, *rest in notices] == [
            ({}, "consent", 0),
            ({"en": words, "de": words}, "consent", 0),
        ]
        # Which words were agreed to nobody knows any more; the version that was given stays.
        consents = new.execute("SELECT notice_version, language, notice_id FROM consents").fetchall()
        assert consents == [("2026-11-1", "", None)]


def test_what_a_newer_version_knows_of_notices_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    migrate.upgrade(path)
    with sqlite3.connect(path) as new:
        new.executescript(
            """
            INSERT INTO jobs (id, title, retention_days, microphone_only_allowed, answers_only, deadline_days, help_contact,
                notice_controller, notice_contact, notice_texts, created_at) VALUES (1, 'Nurse', 90, 0, 0, 7, '', '', '',
                '{"de": {"purpose": "Darum."}, "en": {"purpose": "Because."}}', '2026-11-24 09:00:00');
            """
        )
    with migrate._connection(path, 5.0) as connection:
        command.downgrade(migrate._config(connection), "0004")
    with sqlite3.connect(path) as old:
        assert old.execute("SELECT notice_purpose, notice_recipients FROM jobs").fetchall() == [("Because.", "")]
    migrate.upgrade(path)
    assert _differences(path) == []
