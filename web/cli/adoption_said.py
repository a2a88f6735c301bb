"""What `holdfast import` says, to people and to programs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.host_row import HostRow
from db.recordings import megabytes
from media_server.aio.adoption import SETTLING_IN, Outcome, Result
from media_server.recording.adoption import AdoptionPlan, LeftFile
from web import formats

_MOVED = (Result.WOULD_BE_ADOPTED, Result.ADOPTED)
_HERE = (*_MOVED, Result.ADOPTED_BEFORE)


def beginning(root: Path, rows: Sequence[HostRow] | None, plan: AdoptionPlan) -> list[str]:
    """What is looked at."""
    table = "without a table" if rows is None else f"with {_count(len(rows), 'row')} of its table"
    return [f"{root}, {table}: {_count(len(plan.interviews), 'video')}.", ""]


def one(outcome: Outcome) -> Iterator[str]:
    """What became of one interview, or would."""
    old = outcome.interview
    heading = f"{old.candidate}: {_shown(old.path)}"
    if outcome.result not in _HERE:
        yield f"{heading}\n    {outcome.result.value.upper()}: {outcome.why}; it stays as it lies"
        return
    size = f"{formats.duration(outcome.duration_ms)}, {formats.megabytes(outcome.size_bytes)}"
    yield f"{heading}\n    {outcome.result.value} as interview {outcome.session_id}: {size}, uploaded {_moment(old.uploaded_at)}"
    if outcome.path:
        yield f"    lies at {outcome.path}"
    if old.sounds and outcome.result in _MOVED:
        broken = {sound.path for sound in outcome.broken_sounds}
        kinds = Counter(sound.kind for sound in old.sounds if sound.path not in broken)
        yield f"    with {' and '.join(_count(kinds[kind], kind) for kind in ('question', 'answer') if kinds[kind]) or 'no sound'} to be heard"
    if outcome.result in _MOVED:
        yield from (f"    doubtful: {doubt}" for doubt in old.doubts)
    yield from (f"    left: {_shown(sound.path)}: {sound.why}" for sound in outcome.broken_sounds)
    if outcome.removed:
        yield f"    {_count(len(outcome.removed), 'old file')} removed"


@dataclass(frozen=True, slots=True)
class Told:
    """A whole run."""

    plan: AdoptionPlan
    "What was to become of everything."
    done: list[Outcome]
    "What became of each interview."
    rows: Sequence[HostRow] | None
    "The table."
    root: Path
    "The old `uploads`."
    dry_run: bool
    "Whether nothing was changed."

    def ending(self) -> Iterator[str]:
        """What stays, and the totals."""
        yield ""
        if self.plan.left:
            yield "Left as they lie:"
            yield from (f"    {_shown(left.path)}: {left.why}" for left in self.plan.left)
        if self.plan.without_file:
            yield "Rows whose video does not lie there:"
            yield from (f"    {row.session_id}: {row.video_path}" for row in self.plan.without_file)
        if self.plan.left or self.plan.without_file:
            yield ""
        yield self._totals()
        if any(outcome.result in _MOVED for outcome in self.done):
            yield (
                f"Their retention counts from the old upload; nothing of this import is swept within {SETTLING_IN.days} "
                "days. Give them a job that keeps recordings for long enough, or a hold."
            )
        if self.dry_run:
            yield "Nothing was changed. The same command without --dry-run adopts them."

    def _totals(self) -> str:
        counts = self._counts()
        said = [
            f"{_count(counts['interviews'], 'interview')} of {_count(counts['candidates'], 'candidate')}",
            formats.megabytes(sum(outcome.size_bytes for outcome in self.done if outcome.result in _HERE)),
            _count(counts["sounds"], "sound"),
        ]
        results = Counter(outcome.result for outcome in self.done)
        said += [f"{number} {result.value}" for result, number in results.items()]
        said += [f"{counts['doubtful']} doubtful", f"{_count(counts['left'], 'file')} left"]
        return f"In all: {', '.join(said)}."

    def _counts(self) -> dict[str, int]:
        here = [outcome for outcome in self.done if outcome.result in _HERE]
        return {
            "interviews": len(here),
            "candidates": len({_person(outcome) for outcome in here}),
            "sounds": sum(len(outcome.interview.sounds) - len(outcome.broken_sounds) for outcome in here),
            "doubtful": sum(bool(outcome.interview.doubts) for outcome in here),
            "left": len(self.left()),
            "rows_without_file": len(self.plan.without_file),
        }

    def left(self) -> list[LeftFile]:
        """Every file that stays without having become anything."""
        videos = [
            LeftFile(outcome.interview.path, f"{outcome.result.value}: {outcome.why}")
            for outcome in self.done
            if outcome.result not in _HERE
        ]
        sounds = [sound for outcome in self.done for sound in outcome.broken_sounds]
        return [*self.plan.left, *videos, *sounds]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "dry_run": self.dry_run,
            "uploads": str(self.root),
            "rows": None if self.rows is None else len(self.rows),
            "interviews": [_interview(outcome) for outcome in self.done],
            "left": [{"path": _shown(left.path), "why": left.why} for left in self.left()],
            "rows_without_file": [
                {"session_id": row.session_id, "video_file_path": row.video_path} for row in self.plan.without_file
            ],
            "totals": self._counts() | {"by_result": Counter(outcome.result.value for outcome in self.done)},
        }


def _interview(outcome: Outcome) -> dict[str, Any]:
    old = outcome.interview
    broken = {sound.path for sound in outcome.broken_sounds}
    return {
        "session_id": outcome.session_id or None,
        "result": outcome.result.value,
        "why": outcome.why or None,
        "candidate": old.candidate,
        "source": _shown(old.path),
        "video_file_path": outcome.path or None,
        "video_size_mb": megabytes(outcome.size_bytes),
        "duration_ms": outcome.duration_ms,
        "video_uploaded_at": old.uploaded_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "questions": [each.index for each in old.sounds if each.kind == "question" and each.path not in broken],
        "answers": [each.index for each in old.sounds if each.kind == "answer" and each.path not in broken],
        "doubts": list(old.doubts),
        "removed": [_shown(path) for path in outcome.removed],
    }


def _person(outcome: Outcome) -> str:
    row = outcome.interview.row
    return (row and (row.email or row.candidate_id)) or outcome.session_id


def _shown(path: str) -> str:
    """It on one line, whatever bytes a name may have."""
    plain = path.encode("utf-8", "replace").decode()
    return "".join(each if each.isprintable() else "?" for each in plain)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
