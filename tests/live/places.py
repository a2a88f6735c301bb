"""Where in an interview's one recording something lies that happened in a tab: by its picture, and by its sound.

Each page load counts its frames anew, so a place is looked for in the parts of that page load alone.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from tests.live.decode import FRAMES_PER_EVENT, FRAMES_PER_SECOND, Decoded, Picture

NEAR_FRAMES = 24.0
"Pictures as far away as this still tell where a moment lies between them."
NEAR_S = 3.0
"And beeps."
SAME_BEEP_S = 0.3
SAME_LOAD_S = 0.001


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part, as it lies in the recording."""

    number: int
    "Of the part."
    loaded_at: float
    "Wall time, seconds, of counter 0 of the page load that it was sent from."
    pictures: tuple[Picture, ...]
    "What of it is shown."
    beeps_s: tuple[float, ...]
    "What of it is heard."

    @property
    def counted(self) -> list[tuple[int, float]]:
        """Counters with the time at which each is shown."""
        return [(picture.counter, picture.time_s) for picture in self.pictures if picture.counter is not None]

    @property
    def first_at(self) -> float:
        """Wall time of its first picture."""
        return self.loaded_at + min(counter for counter, _ in self.counted) / FRAMES_PER_SECOND

    @property
    def last_at(self) -> float:
        """Wall time of its last picture."""
        return self.loaded_at + max(counter for counter, _ in self.counted) / FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened in a tab."""

    loaded_at: float
    "Which page load: wall time of its counter 0."
    counter: float
    "What its camera's clock said, with a fraction."


def stretches(decoded: Decoded, parts: Sequence[dict[str, Any]], loads: Iterable[float]) -> list[Stretch]:
    """Take the recording apart again. `parts`: the database's rows, in order; `loads`: wall times of all page loads."""
    known = sorted(loads)
    found: list[Stretch] = []
    begin_ms = 0
    for part in parts:
        end_ms = begin_ms + int(part["duration_ms"] or 0)
        began_at = datetime.fromisoformat(part["started_at"]).replace(tzinfo=UTC).timestamp()
        found.append(
            Stretch(
                int(part["number"]),
                max((load for load in known if load <= began_at), default=known[0]),
                tuple(one for one in decoded.pictures if begin_ms <= round(one.time_s * 1_000) < end_ms),
                tuple(beep for beep in decoded.sound.beeps_s if begin_ms <= beep * 1_000 < end_ms),
            )
        )
        begin_ms = end_ms
    return found


def seen_at(all_stretches: Sequence[Stretch], moment: Moment) -> float | None:
    """Where the moment is in the picture, seconds of the recording; None when nothing near it is shown."""
    found = _nearest(all_stretches, moment)
    return None if found is None else _seen_in(found, moment)


def heard_at(all_stretches: Sequence[Stretch], moment: Moment) -> float | None:
    """Where the moment is in the sound, by the beeps around it; None when none is near."""
    found = _nearest(all_stretches, moment)
    seen = None if found is None else _seen_in(found, moment)
    if found is None or seen is None:
        return None
    told: list[float] = []
    for beep in found.beeps_s:
        counter = moment.counter + (beep - seen) * FRAMES_PER_SECOND
        own = round(counter / FRAMES_PER_EVENT) * FRAMES_PER_EVENT
        if abs(beep - seen) <= NEAR_S and abs(own - counter) / FRAMES_PER_SECOND <= SAME_BEEP_S:
            told.append(beep + (moment.counter - own) / FRAMES_PER_SECOND)
    return statistics.median(told) if told else None


def holes(
    all_stretches: Sequence[Stretch], since: Moment, within_s: float, *, at_least_s: float
) -> list[tuple[float, float]]:
    """Where pictures are missing that long, from and to, in seconds after a moment. Holes count that begin within a time."""
    mine = [one for one in all_stretches if abs(one.loaded_at - since.loaded_at) < SAME_LOAD_S]
    counters = sorted({counter for one in mine for counter, _ in one.counted})
    found = [
        ((before - since.counter) / FRAMES_PER_SECOND, (after - since.counter) / FRAMES_PER_SECOND)
        for before, after in pairwise(counters)
        if after > since.counter and before < since.counter + within_s * FRAMES_PER_SECOND
    ]
    return [(began, ended) for began, ended in found if ended - began >= at_least_s]


def _nearest(all_stretches: Sequence[Stretch], moment: Moment) -> Stretch | None:
    """The part of this page load that shows the counter nearest to it."""

    def distance(stretch: Stretch) -> float:
        return min((abs(counter - moment.counter) for counter, _ in stretch.counted), default=float("inf"))

    mine = [one for one in all_stretches if abs(one.loaded_at - moment.loaded_at) < SAME_LOAD_S]
    best = min(mine, key=distance, default=None)
    return best if best is not None and distance(best) <= NEAR_FRAMES else None


def _seen_in(stretch: Stretch, moment: Moment) -> float | None:
    told = [
        time_s + (moment.counter - counter) / FRAMES_PER_SECOND
        for counter, time_s in stretch.counted
        if abs(counter - moment.counter) <= NEAR_FRAMES
    ]
    return statistics.median(told) if told else None
