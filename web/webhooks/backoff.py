"""When a message that was not taken is sent again. The whole rule is here; `deliverer` carries it out."""

from datetime import datetime, timedelta
from typing import Final

GROWS: Final = 4
"Each wait is so many times the one before."
LONGEST_WAIT: Final = timedelta(hours=8)
"Ten attempts take about a day then."
SPREAD: Final = 0.2
"So much of each wait is chance: those who failed together do not come back together."
LONGEST_WISH: Final = timedelta(hours=1)
"A receiver that asks for more time (Retry-After) gets no more than that."


def again_at(
    attempts: int, most_attempts: int, first_wait_s: float, now: datetime, *, chance: float, wish_s: float = 0.0
) -> datetime | None:
    """When to send again after so many attempts that failed; None when that was often enough.

    `chance` lies between 0 and 1; `wish_s` is what the receiver asked for.
    """
    if attempts >= most_attempts:
        return None
    longest_s = LONGEST_WAIT.total_seconds()
    wait_s = min(first_wait_s * GROWS ** min(attempts - 1, 20), longest_s) * (1 - SPREAD + 2 * SPREAD * chance)
    return now + timedelta(seconds=max(wait_s, min(wish_s, LONGEST_WISH.total_seconds())))
