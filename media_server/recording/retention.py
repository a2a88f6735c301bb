"""How long recordings are kept. The whole rule is here; `aio/recordings` carries it out."""

from datetime import datetime, timedelta


def due_at(ended_at: datetime, retention_days: int) -> datetime:
    """When the media of an interview that ended then is due for deletion."""
    return ended_at + timedelta(days=retention_days)


def is_due(ended_at: datetime, retention_days: int, now: datetime) -> bool:
    """Whether that moment has come. Both datetimes carry their zone; TypeError otherwise."""
    return now >= due_at(ended_at, retention_days)
