"""Where an interview was left and taken up again: pauses and interruptions, and how long each lasted. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from db.states import PartState
from web.schema.interviews import PartTold

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


def breaks_of(parts: Sequence[PartTold], *, goes_on: bool) -> list[Break]:
    """The breaks between an interview's parts, as :func:`web.views.hr_view` tells them.

    `goes_on`: the candidate can still come back, so that a closed last part is a break that lasts.
    """
    return list(_breaks([part for part in parts if part.duration_ms or part.state is PartState.OPEN], goes_on=goes_on))


def _breaks(parts: Sequence[PartTold], *, goes_on: bool) -> Iterator[Break]:
    at_ms = 0
    for before, after in pairwise(parts):
        at_ms += before.duration_ms or 0
        if before.ended_at is not None:
            # A new connection may begin before the old one has ended: nothing is missing then.
            away = max(0, (after.started_at - before.ended_at) // _MILLISECOND)
            yield _break(before, before.ended_at, at_ms, away)
    if goes_on and parts and parts[-1].state is not PartState.OPEN and parts[-1].ended_at is not None:
        yield _break(parts[-1], parts[-1].ended_at, at_ms + (parts[-1].duration_ms or 0), None)


def _break(before: PartTold, since: datetime, at_ms: int, away_ms: int | None) -> Break:
    reason = before.end_reason or ""
    return Break(at_ms, away_ms, since, reason == PAUSED, reason)
