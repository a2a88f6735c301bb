"""When a piece of work that failed is tried again. The whole rule is here; `aio/work` carries it out."""

from datetime import datetime, timedelta

GROWS = 4
"Each wait is so many times the one before."
LONGEST_WAIT = timedelta(hours=6)


def retry_at(attempts: int, most_attempts: int, first_wait_s: float, now: datetime) -> datetime | None:
    """When to try again after so many attempts that failed; None when that was often enough."""
    if attempts >= most_attempts:
        return None
    try:
        wait = timedelta(seconds=first_wait_s * GROWS ** (attempts - 1))
    except OverflowError:
        wait = LONGEST_WAIT
    return now + min(wait, LONGEST_WAIT)
