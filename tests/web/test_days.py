"""Days begin and end where the reader is."""

from datetime import UTC, date, datetime, tzinfo

import pytest

from web.days import beginning, end, zone_of

BERLIN, KIRITIMATI, PAGO_PAGO = (zone_of(name) for name in ("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"))


@pytest.mark.parametrize("name", ["", "Nowhere/At_All", "../etc/passwd", "/etc/passwd", "a\0b", "x" * 3_000])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert zone_of(name) is UTC


def test_a_day_has_as_many_hours_as_it_has_there() -> None:
    # Clocks go forward on this one.
    assert beginning(date(2026, 3, 29), BERLIN) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert end(date(2026, 3, 29), BERLIN) == datetime(2026, 3, 29, 22, tzinfo=UTC)


@pytest.mark.parametrize("zone", [UTC, KIRITIMATI, PAGO_PAGO])
def test_the_ends_of_the_calendar_are_no_error(zone: tzinfo) -> None:
    assert end(date.max, zone) is None
    # Before it chose its side of the date line, it was ahead of UTC.
    assert (beginning(date.min, zone) is None) is (zone is PAGO_PAGO)
