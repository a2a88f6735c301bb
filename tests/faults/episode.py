"""One fault, from before it to after it: what every activity came to."""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from tests.faults.injections import ASKED, INJECTIONS
from tests.faults.matrix import Activity, Fault
from tests.faults.place import PATIENCE_S, REFUSED, Place, Template, open_place, saved_beyond
from tests.live.harness import until

HOLE_MS = 400
"Two packets farther apart than this have something missing between them."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one activity."""

    said: str
    "All sentences that the person, or the operator, could read."
    went_on: bool
    "Whether it was brought to its end, by itself or when asked again as the sentence says."
    kept: bool
    "Whether everything that was saved before is still there."
    facts: dict[str, Any]
    "What was found, for the message of a test that fails."


async def run_episode(template: Template, fault: Fault, folder: Path, seconds: float) -> dict[Activity, Outcome]:
    """Inject it, lift it, and look what became of everybody."""
    async with open_place(template, folder) as place:
        saved_before = place.saved_ms
        async with INJECTIONS[fault](place, seconds):
            pass
        for activity in ASKED:
            seen = place.seen[activity]
            if seen.status >= REFUSED:
                await place.ask_until_done(activity)
        await place.until_state(Activity.JOINING, "ready")
        await place.until_state(Activity.UPLOADING, "ready")
        await saved_beyond(place, max(saved_before, place.saved_ms) + 1_000)
        announced = place.saved_ms
        await place.ask_until_done(Activity.RECORDING)
        await place.until_state(Activity.RECORDING, "ready")
        deleted = await _deleted(place)
        return {
            Activity.RECORDING: _recorded(place, announced),
            Activity.JOINING: _stored(place, Activity.JOINING, 7_000),
            Activity.DELETING: Outcome(_said(place, Activity.DELETING), deleted, kept=True, facts={}),
            Activity.UPLOADING: _stored(place, Activity.UPLOADING, 3_500),
        }


async def _deleted(place: Place) -> bool:
    """What could not be deleted is deleted by the next sweep, which may be minutes away, or by the next start."""

    async def is_gone() -> bool:
        return place.state(Activity.DELETING) == "deleted" and not place.files_of(Activity.DELETING)

    if not await is_gone():
        await place.server.stop()
        await place.server.start()
    await until(is_gone, within_s=PATIENCE_S, every_s=0.2)
    return True


def _said(place: Place, activity: Activity) -> str:
    return "\n".join([*place.seen[activity].said, place.log()])


def _stored(place: Place, activity: Activity, least_ms: int) -> Outcome:
    length, holes, packets = _read(place, activity)
    facts = {"length_ms": length, "holes": holes, "packets": packets}
    return Outcome(_said(place, activity), went_on=True, kept=length >= least_ms, facts=facts)


def _recorded(place: Place, announced: int) -> Outcome:
    """Everything that was announced as saved is in the file, and every hole in it is written down."""
    length, holes, packets = _read(place, Activity.RECORDING)
    session_id = place.seen[Activity.RECORDING].interview.session_id
    gaps = place.server.rows(
        "SELECT track, start_ms, end_ms, reason FROM gaps JOIN parts ON parts.id = part_id WHERE session_id = ?",
        session_id,
    )
    parts = place.server.rows("SELECT number, end_reason FROM parts WHERE session_id = ?", session_id)
    facts = {
        "length_ms": length,
        "announced_ms": announced,
        "holes": holes,
        "gaps": gaps,
        "parts": parts,
        "packets": packets,
    }
    is_whole = length >= announced and all(_is_explained(hole, gaps) for hole in holes)
    return Outcome(_said(place, Activity.RECORDING), went_on=len(parts) == 1, kept=is_whole, facts=facts)


def _is_explained(hole: tuple[int, int], gaps: list[dict[str, Any]]) -> bool:
    return any(gap["start_ms"] - HOLE_MS <= hole[0] and hole[1] <= gap["end_ms"] + HOLE_MS for gap in gaps)


def _read(place: Place, activity: Activity) -> tuple[int, list[tuple[int, int]], int]:
    """Length, holes and packets of what is there as the recording now."""
    rows = place.server.rows(
        "SELECT video_file_path FROM interview_sessions WHERE session_id = ?", place.seen[activity].interview.session_id
    )
    path = place.server.data / rows[0]["video_file_path"]
    with av.open(str(path)) as container:
        moments = sorted(
            round(float(packet.pts * packet.time_base) * 1_000)
            for packet in container.demux(video=0)
            if packet.pts is not None
        )
        length = round((container.duration or 0) / 1_000)
    holes = [(one, other) for one, other in pairwise(moments) if other - one > HOLE_MS]
    return length, holes, len(moments)


def told(outcome: Outcome) -> str:
    """The facts, readable."""
    return json.dumps(outcome.facts, indent=1, default=str)
