"""How long recordings are kept. The whole rule is here; `aio/recordings` carries it out."""

from datetime import datetime, timedelta


def due_at(ended_at: datetime, retention_days: int) -> datetime:
    """When the media of an interview that ended then is due for deletion."""
    return ended_at + timedelta(days=retention_days)


def is_due(ended_at: datetime, retention_days: int, now: datetime, *, keep_until: datetime | None = None) -> bool:
    """Whether that moment has come, and `keep_until` too. All datetimes carry their zone; TypeError otherwise."""
    return now >= due_at(ended_at, retention_days) and (keep_until is None or now >= keep_until)
