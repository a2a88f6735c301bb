"""What is missing of interviews, and which fault made it."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tests.live.harness import Server

SLACK_S: Final = 12.0
"How long after a fault its consequences are noticed: a silent connection is given up after some seconds, and comes back."
BEFORE_S: Final = 2.0
"Clocks and rounding."


@dataclass
class Fault:
    """Something that was done to one interview."""

    kind: str
    "What."
    session_id: str
    "To whom; empty: to the server."
    began: float
    "Wall time, seconds."
    ended: float = float("inf")
    "Wall time at which it was over, and whoever suffered it was back."


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch in which something is missing."""

    session_id: str
    "Of which interview."
    what: str
    "`between parts`, or what the database says."
    begins: float
    "Wall time."
    ends: float
    "Wall time."


def unexplained(server: Server, faults: list[Fault]) -> tuple[int, list[str]]:
    """How many stretches are missing, and those that no fault made."""
    missing = _missing(server)
    lost = [each for each in missing if not any(made(fault, each) for fault in faults)]
    return len(missing), [
        f"{each.session_id}: {each.what}, {each.ends - each.begins:.2f} s at {datetime.fromtimestamp(each.begins, UTC):%H:%M:%S}"
        for each in lost
    ]


def made(fault: Fault, missing: Missing) -> bool:
    """Whether this fault may have made that stretch: in the same interview, and not long before it."""
    is_its = fault.session_id == missing.session_id
    return is_its and fault.began - BEFORE_S <= missing.ends and missing.begins <= fault.ended + SLACK_S


def _missing(server: Server) -> list[Missing]:
    parts = server.rows("SELECT id, session_id, started_at, ended_at FROM parts ORDER BY session_id, number")
    found = [
        Missing(after["session_id"], "between parts", _wall(before["ended_at"]), _wall(after["started_at"]))
        for before, after in itertools.pairwise(parts)
        if before["session_id"] == after["session_id"]
        and before["ended_at"]
        and _wall(before["ended_at"]) < _wall(after["started_at"])
    ]
    begun = {part["id"]: part for part in parts}
    for gap in server.rows("SELECT part_id, track, start_ms, end_ms, reason FROM gaps"):
        part = begun[gap["part_id"]]
        start = _wall(part["started_at"])
        what = f"{gap['track']} {gap['reason']}"
        found.append(Missing(part["session_id"], what, start + gap["start_ms"] / 1_000, start + gap["end_ms"] / 1_000))
    return found


def _wall(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
