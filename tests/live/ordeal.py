"""A whole interview that is interrupted again and again, and what is found in its recording afterwards.

Tests assert on it, benchmarks print it; the browser is whichever :class:`Tab` is given.
"""

import asyncio
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from db.clock import SystemClock
from tests.live import tab as there
from tests.live.decode import FRAMES_PER_SECOND, Decoded, decode, events
from tests.live.harness import QUESTIONS, Interview, Server, until
from tests.live.places import Moment, Stretch, heard_at, seen_at, stretches
from tests.live.scenarios import OPEN, part_rows
from tests.live.tab import Tab

CLOCK = SystemClock()

KINDS = ("reload", "crash", "cut", "kill")
"A reloaded page, a tab that crashed, a path that is gone, a server that was killed and started again."
RESTART = "restart"
"A server that was asked to stop, and started again."
ROAM = "roam"
"The path changes, and nobody looks for ROAM_S: what was recorded tells whether a new one was found."
ROAM_S = 12.0
OPTIONS = ("--think", "unlimited", "--answer", "unlimited", "--takes", "2")
"So that every answer begins and ends where somebody pressed."

SHORTEST_S, LONGEST_S = 3.0, 8.0
CALM_S = 4.0
"Recorded without trouble before each press that is looked for later."
LAST_S = 16.0
"Recorded at the end, where sound and picture are compared."
READY_WITHIN_S = 120.0

# What is promised.
MOST_MISSING_S = 1.0
MARK_WITHIN_MS = 100.0


@dataclass(frozen=True, slots=True)
class Planned:
    """An interruption that is to come."""

    kind: str
    "One of KINDS, RESTART or ROAM."
    question: int
    "While this one is shown."
    thinking: bool
    "Before its answer; otherwise in it."
    after_s: float
    "Recorded seconds before it."


@dataclass(frozen=True, slots=True)
class Interruption:
    """One that has happened."""

    planned: Planned
    "What was planned."
    at: float
    "Wall time, seconds."
    loaded_at: float
    "Which page load."
    last_drawn: int
    "The last counter that was drawn before it."
    part: int
    "Number of the part that was being written."
    resumed_s: float
    "Until the page said, of a new part, that it is recorded."
    presses: int
    "What the candidate had to press for that."
    place_kept: bool
    "Whether it went on at the same step of the same question."


@dataclass(frozen=True, slots=True)
class Pressed:
    """Where an answer begins or ends, as it was in the tab."""

    question: int
    "Its index."
    edge: str
    "`start` or `end`."
    moment: Moment
    "When."


@dataclass(slots=True)
class Ordeal:
    """What happened."""

    interruptions: list[Interruption] = field(default_factory=list)
    "In order."
    presses: list[Pressed] = field(default_factory=list)
    "In order."
    loads: list[float] = field(default_factory=list)
    "Wall times of counter 0 of every page load."
    stops_s: list[float] = field(default_factory=list)
    "How long the server took to stop, whenever it was asked to."


@dataclass(frozen=True, slots=True)
class Lost:
    """What one interruption cost."""

    interruption: Interruption
    "Which."
    before_s: float
    "Seconds that were drawn before it and are not in the recording."
    in_all_s: float
    "Seconds between the last picture before it and the first one after it."


@dataclass(frozen=True, slots=True)
class Found:
    """A mark, and where its moment really lies."""

    pressed: Pressed
    "The press."
    marked_s: float | None
    "Where the mark says, seconds of the recording."
    seen_s: float | None
    "Where the picture shows it."
    heard_s: float | None
    "Where it is heard."

    @property
    def off_ms(self) -> tuple[float | None, float | None]:
        """How much later than picture and sound the mark is; None for what was not found."""
        return _difference_ms(self.marked_s, self.seen_s), _difference_ms(self.marked_s, self.heard_s)

    @property
    def worst_ms(self) -> float:
        """The farther of the two; infinite when something was not found."""
        return max(abs(off) if off is not None else float("inf") for off in self.off_ms)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The recording, taken apart."""

    path: Path
    "Where it was downloaded to."
    recordings: int
    "How many recordings lie in the candidate's folder."
    leftovers: int
    "How many part files lie there still."
    decoded: Decoded
    "All of it, decoded."
    stretches: list[Stretch]
    "Its parts."
    lost: list[Lost]
    "Interruption by interruption."
    found: list[Found]
    "Mark by mark."
    late_ms: list[float]
    "How much later than the picture the sound is, at the end, by the file's timestamps."

    @property
    def is_whole(self) -> bool:
        """One recording, and nothing in it that does not decode."""
        return (self.recordings, self.leftovers, self.decoded.errors, self.decoded.unreadable) == (1, 0, (), 0)


def plan(kinds: Sequence[str], seed: int) -> list[Planned]:
    """Spread interruptions over the questions, in random order and at random moments."""
    chance = random.Random(seed)
    shuffled = chance.sample(list(kinds), len(kinds))
    return [
        Planned(
            kind,
            question=1 + number * len(QUESTIONS) // len(shuffled),
            thinking=chance.random() < 0.25,
            after_s=chance.uniform(SHORTEST_S, LONGEST_S),
        )
        for number, kind in enumerate(shuffled)
    ]


class Candidate:
    """Goes through the questions of one interview in one tab, whatever happens."""

    def __init__(self, server: Server, interview: Interview, tab: Tab, hr_token: str) -> None:
        self.ordeal = Ordeal()
        self._server = server
        self._interview = interview
        self._tab = tab
        self._hr_token = hr_token

    async def go_through(self, planned: Sequence[Planned]) -> Ordeal:
        """From the link to the thanks."""
        await self._tab.open(self._server.candidate_url(self._interview))
        await there.consent(self._tab)
        await there.go_on(self._tab)
        await there.recorded_and_saved(self._tab)
        await self._note_load()
        for question in range(1, len(QUESTIONS) + 1):
            mine = [one for one in planned if one.question == question]
            await self._answer(question, mine, is_last=question == len(QUESTIONS))
        await there.finish(self._tab)
        return self.ordeal

    async def _answer(self, question: int, planned: Sequence[Planned], *, is_last: bool) -> None:
        await there.shown(self._tab, "#start-answer")
        for one in (one for one in planned if one.thinking):
            await self._suffer(one)
        await there.runs_on(self._tab, CALM_S)
        await self._press(question, "start", "#start-answer")
        for one in (one for one in planned if not one.thinking):
            await self._suffer(one)
        await there.runs_on(self._tab, LAST_S if is_last else CALM_S)
        await self._press(question, "end", "#end-answer")
        # What is looked for near the press has to be recorded as well.
        await there.runs_on(self._tab, 2)
        if not is_last:
            await there.press(self._tab, "#next-question")

    async def _press(self, question: int, edge: str, selector: str) -> None:
        await there.press(self._tab, selector)
        _, counter = await there.last_press(self._tab)
        clock = await there.camera_clock(self._tab)
        self.ordeal.presses.append(Pressed(question, edge, Moment(clock.started_at, counter)))
        await self._until_moved_on(selector)

    async def _until_moved_on(self, selector: str) -> None:
        async def moved() -> bool:
            shown: bool = await self._tab.evaluate(f"document.querySelector('{selector}').checkVisibility()")
            return not shown

        await until(moved, within_s=there.SHOWN_WITHIN_S, every_s=0.05)

    async def _suffer(self, planned: Planned) -> None:
        await there.runs_on(self._tab, planned.after_s)
        place = await self._place()
        part = self._open_part()
        clock = await there.camera_clock(self._tab)
        at = CLOCK.utc_now().timestamp()
        presses = await self._interrupt(planned.kind)
        await self._until_recorded_after(0 if planned.kind == ROAM else part)
        resumed_s = CLOCK.utc_now().timestamp() - at
        await self._note_load()
        kept = await self._place() == place
        self.ordeal.interruptions.append(
            Interruption(planned, at, clock.started_at, clock.last_drawn, part, resumed_s, presses, kept)
        )

    async def _interrupt(self, kind: str) -> int:
        """Let it happen; how many presses the way back took."""
        match kind:
            case "reload":
                await self._tab.reload()
                return await there.go_on(self._tab)
            case "crash":
                await self._tab.crash()
                await self._tab.open(self._server.candidate_url(self._interview))
                return await there.go_on(self._tab)
            case "cut":
                await self._tab.cut()
            case "roam":
                await self._tab.cut()
                await there.runs_on(self._tab, ROAM_S)
            case "kill":
                await self._server.kill()
                await self._server.start()
            case "restart":
                began = CLOCK.monotonic()
                await self._server.stop()
                self.ordeal.stops_s.append(CLOCK.monotonic() - began)
                await self._server.start()
            case _:
                raise ValueError(f"no such interruption: {kind}")
        return 0

    async def _until_recorded_after(self, part: int) -> None:
        async def recorded() -> bool:
            return await there.is_recording(self._tab) and self._open_part() > part

        await until(recorded, within_s=there.RECORDING_WITHIN_S, every_s=0.05)

    def _open_part(self) -> int:
        open_parts = [row["number"] for row in part_rows(self._server, self._interview) if row["state"] == OPEN]
        return max(open_parts, default=0)

    async def _place(self) -> tuple[Any, ...]:
        flow = (await self._server.api(self._interview, self._hr_token))["flow"]
        return flow["step"], flow["question"], flow["take"]

    async def _note_load(self) -> None:
        loaded_at = (await there.camera_clock(self._tab)).started_at
        if loaded_at not in self.ordeal.loads:
            self.ordeal.loads.append(loaded_at)


async def ready(server: Server, interview: Interview, hr_token: str) -> dict[str, Any]:
    """Wait until the recording is there; the interview as HR sees it. Raises TimeoutError."""

    async def stored() -> dict[str, Any] | None:
        seen = await server.api(interview, hr_token)
        return seen if seen["state"] == "ready" else None

    seen = await until(stored, within_s=READY_WITHIN_S, every_s=0.1)
    assert seen is not None
    return seen


async def look_into(server: Server, interview: Interview, hr_token: str, ordeal: Ordeal, folder: Path) -> Outcome:
    """Wait for the recording, download it, and take it apart."""
    seen = await ready(server, interview, hr_token)
    path = await server.download(interview, hr_token, folder / f"{interview.session_id}.webm")
    decoded = await asyncio.to_thread(decode, path)
    parts = stretches(decoded, part_rows(server, interview), ordeal.loads)
    return Outcome(
        path=path,
        recordings=len(list(server.data.glob("uploads/*/interview_video_*.webm"))),
        leftovers=len(server.part_files(interview)),
        decoded=decoded,
        stretches=parts,
        lost=[lost(one, parts) for one in ordeal.interruptions],
        found=[found(pressed, parts, seen["takes"]) for pressed in ordeal.presses],
        late_ms=[event.sound_late_ms for event in events(decoded) if event.flash_s > decoded.end_s - LAST_S],
    )


def lost(interruption: Interruption, parts: Sequence[Stretch]) -> Lost:
    """What is missing around an interruption."""
    shown = [part for part in parts if part.counted]
    last_at = max((part.last_at for part in shown if part.number <= interruption.part), default=interruption.loaded_at)
    first_at = min((part.first_at for part in shown if part.number > interruption.part), default=float("inf"))
    drawn_at = interruption.loaded_at + interruption.last_drawn / FRAMES_PER_SECOND
    return Lost(interruption, max(0.0, drawn_at - last_at), max(0.0, first_at - last_at))


def found(pressed: Pressed, parts: Sequence[Stretch], takes: Sequence[dict[str, Any]]) -> Found:
    """Where the mark of a press is, and where it should be."""
    chosen = next((take for take in takes if take["question_index"] == pressed.question and take["chosen"]), {})
    marked_ms = chosen.get(pressed.edge)
    return Found(
        pressed,
        None if marked_ms is None else marked_ms / 1_000,
        seen_at(parts, pressed.moment),
        heard_at(parts, pressed.moment),
    )


def in_step(late_ms: Sequence[float]) -> tuple[float, float]:
    """The median, and the one farthest from zero."""
    return statistics.median(late_ms), max(late_ms, key=abs)


def _difference_ms(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else (one - other) * 1_000
