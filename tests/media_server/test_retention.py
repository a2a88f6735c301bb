"""The retention rule."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from media_server.recording.retention import due_at, is_due

ENDED = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_ninety_days_to_the_moment() -> None:
    due = due_at(ENDED, 90)
    assert due == datetime(2027, 2, 22, 9, 0, tzinfo=UTC)
    assert not is_due(ENDED, 90, due - timedelta(microseconds=1))
    assert is_due(ENDED, 90, due)


def test_the_zone_of_the_asker_does_not_matter() -> None:
    due = due_at(ENDED, 1).astimezone(timezone(timedelta(hours=9)))
    assert is_due(ENDED, 1, due)
    assert not is_due(ENDED, 1, due - timedelta(seconds=1))


def test_none_at_all() -> None:
    assert is_due(ENDED, 0, ENDED)


def test_a_moment_needs_its_zone() -> None:
    with pytest.raises(TypeError):
        is_due(ENDED, 90, datetime(2027, 2, 22))
