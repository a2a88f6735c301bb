"""Where an interview was left and taken up again: pauses and interruptions, and how long each lasted. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from web.views import View

PAUSED = "paused"
"Why a part ended that the candidate paused after."

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Break:
    """Time between two parts, in which nothing was recorded."""

    at_ms: int
    "Where in the recording it lies; the parts are closed up there."
    away_ms: int | None
    "How long it lasted; None while it lasts."
    since: datetime
    "When it began."
    is_pause: bool
    "The candidate asked for it."
    reason: str
    "Why the part before it ended (docs/protocol.md)."


def breaks_of(parts: Sequence[View], *, goes_on: bool) -> list[Break]:
    """The breaks between an interview's parts, as :func:`web.views.hr_view` tells them.

    `goes_on`: the candidate can still come back, so that a closed last part is a break that lasts.
    """
    return list(_breaks([part for part in parts if part["duration_ms"] or part["state"] == "open"], goes_on=goes_on))


def _breaks(parts: Sequence[View], *, goes_on: bool) -> Iterator[Break]:
    at_ms = 0
    for before, after in pairwise(parts):
        at_ms += before["duration_ms"] or 0
        if before["ended_at"] is not None and after["started_at"] is not None:
            # A new connection may begin before the old one has ended: nothing is missing then.
            away = max(0, (after["started_at"] - before["ended_at"]) // _MILLISECOND)
            yield _break(before, at_ms, away)
    if goes_on and parts and parts[-1]["state"] != "open" and parts[-1]["ended_at"] is not None:
        yield _break(parts[-1], at_ms + (parts[-1]["duration_ms"] or 0), None)


def _break(before: View, at_ms: int, away_ms: int | None) -> Break:
    reason = before["end_reason"] or ""
    return Break(at_ms, away_ms, before["ended_at"], reason == PAUSED, reason)
