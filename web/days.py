"""Days as people choose them: where the reader is, a day begins at a moment of its own. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_of(name: str) -> tzinfo:
    """The zone of this name, as in `Europe/Berlin`; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def beginning(day: date, zone: tzinfo) -> datetime | None:
    """When a day begins there; None where that lies before the calendar."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:  # the first day begins before it where people are ahead of UTC
        return None


def end(day: date, zone: tzinfo) -> datetime | None:
    """When the next day begins there; None where that lies after the calendar."""
    return None if day == date.max else beginning(day + timedelta(days=1), zone)
