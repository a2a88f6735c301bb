"""When work that failed is tried again."""

from datetime import UTC, datetime, timedelta

from media_server.recording.attempts import LONGEST_WAIT, retry_at

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_each_wait_is_longer_than_the_one_before_and_then_it_is_given_up() -> None:
    waits = [retry_at(attempts, 5, 60, NOW) for attempts in range(1, 6)]
    assert waits == [*(NOW + timedelta(minutes=minutes) for minutes in (1, 4, 16, 64)), None]


def test_no_wait_is_longer_than_six_hours() -> None:
    assert retry_at(40, 100, 60, NOW) == NOW + LONGEST_WAIT
    assert retry_at(9_000, 10_000, 1e300, NOW) == NOW + LONGEST_WAIT
