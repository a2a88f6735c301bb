"""The system's clocks."""

from datetime import UTC, datetime, timedelta

from db.clock import SystemClock


def test_utc_now_is_aware_and_now() -> None:
    before = datetime.now(UTC)  # noqa: TID251  compared with the real thing
    now = SystemClock().utc_now()
    assert before <= now <= before + timedelta(seconds=5)
    assert now.utcoffset() == timedelta(0)


def test_monotonic_never_goes_back() -> None:
    clock = SystemClock()
    times = [clock.monotonic() for _ in range(1000)]
    assert times == sorted(times)
