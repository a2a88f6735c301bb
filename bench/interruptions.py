"""One interview, interrupted again and again, in a real browser: what is missing, and is every answer at its mark?

Reloads, crashed tabs, cut paths and killed servers in random order. At the end there has to be one recording that
plays, with every answer where its mark says, by its picture and by its sound.

    python -m bench.interruptions --seed 1
    python -m bench.interruptions --firefox
"""

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.report import print_table, print_verdict
from bench.stage import bad_network
from tests.live.browser import chromium, context_with_source
from tests.live.firefox import firefox_tab
from tests.live.harness import running_server
from tests.live.ordeal import (
    KINDS,
    MARK_WITHIN_MS,
    MOST_MISSING_S,
    OPTIONS,
    Candidate,
    Ordeal,
    Outcome,
    in_step,
    look_into,
    plan,
)
from tests.live.playback import Played, player
from tests.live.tab import ChromiumTab, Tab

IN_CHROMIUM, IN_FIREFOX = 10, 4
MEDIAN_WITHIN_MS = 20.0
ALL_WITHIN_MS = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """One interview."""

    ordeal: Ordeal
    "What was done."
    outcome: Outcome
    "What is there."
    played: Played
    "What Chromium makes of it."


@asynccontextmanager
async def chromium_tab(seed: int) -> AsyncIterator[Tab]:
    """A tab in Chromium, with a relay before the server."""
    async with chromium() as browser, bad_network(seed) as network:
        yield await ChromiumTab.of(await context_with_source(browser), network)


async def measure(kinds: list[str], seed: int, *, firefox: bool, folder: Path) -> Result:
    """Have the interview, then look at what is left of it."""
    async with running_server(folder) as server:
        hr_token = await server.add_user()
        interview = await server.add_interview(await server.add_job(), more=OPTIONS)
        async with firefox_tab() if firefox else chromium_tab(seed) as tab:
            candidate = Candidate(server, interview, tab, hr_token)
            ordeal = await candidate.go_through(plan(kinds, seed))
        outcome = await look_into(server, interview, hr_token, ordeal, folder)
        async with chromium() as browser, player(browser) as chromium_player:
            played = await chromium_player.check(outcome.path)
        return Result(ordeal, outcome, played)


def print_interruptions(result: Result) -> None:
    """One line each."""
    print_table(
        "what each interruption cost",
        (
            "n",
            "what",
            "question",
            "step",
            "missing before s",
            "recording again after s",
            "in all s",
            "presses",
            "place",
        ),
        [
            (
                number,
                one.interruption.planned.kind,
                one.interruption.planned.question,
                "thinking" if one.interruption.planned.thinking else "answering",
                one.before_s,
                one.interruption.resumed_s,
                one.in_all_s,
                one.interruption.presses,
                "kept" if one.interruption.place_kept else "LOST",
            )
            for number, one in enumerate(result.outcome.lost, 1)
        ],
    )


def print_marks(result: Result) -> None:
    """One line each."""
    print_table(
        "marks against picture and sound; later than them, ms",
        ("question", "edge", "mark s", "against picture", "against sound"),
        [(one.pressed.question, one.pressed.edge, one.marked_s, *one.off_ms) for one in result.outcome.found],
    )


def print_verdicts(result: Result) -> bool:
    """What was promised; whether all of it holds."""
    lost, marks, outcome = result.outcome.lost, result.outcome.found, result.outcome
    before_s = max(one.before_s for one in lost)
    over_s = max(one.in_all_s - one.interruption.resumed_s for one in lost)
    worst_ms = max(one.worst_ms for one in marks)
    median_ms, farthest_ms = in_step(outcome.late_ms) if outcome.late_ms else (float("inf"), float("inf"))
    verdicts = {
        f"less than {MOST_MISSING_S} s missing before an interruption (worst {before_s:.2f} s)": before_s
        < MOST_MISSING_S,
        f"less than {MOST_MISSING_S} s missing beside the time until recording resumed (worst {over_s:.2f} s)": over_s
        < MOST_MISSING_S,
        "at most one press to go on, none where the page stayed": all(
            one.interruption.presses == (one.interruption.planned.kind in {"reload", "crash"}) for one in lost
        ),
        "each went on at the same step of the same question": all(one.interruption.place_kept for one in lost),
        f"one recording, every picture of it decodes ({outcome.recordings} there, {outcome.leftovers} parts left over, "
        f"{len(outcome.stretches)} joined)": outcome.is_whole,
        f"it plays to its end and seeks ({result.played.duration_s:.1f} s)": result.played.plays_to_its_end
        and result.played.seeks,
        f"every answer within {MARK_WITHIN_MS:.0f} ms of its mark (worst {worst_ms:.0f} ms)": worst_ms
        <= MARK_WITHIN_MS,
        f"sound with its picture at the end (median {median_ms:.1f} ms, farthest {farthest_ms:.1f} ms, "
        f"{len(outcome.late_ms)} events)": abs(median_ms) <= MEDIAN_WITHIN_MS and abs(farthest_ms) <= ALL_WITHIN_MS,
    }
    for wanted, met in verdicts.items():
        print_verdict(wanted, met=met)
    return all(verdicts.values())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--firefox", action="store_true", help=f"in Firefox, {IN_FIREFOX} times unless told")
    parser.add_argument("--times", type=int, help=f"interruptions; {IN_CHROMIUM} in Chromium")
    parser.add_argument("--keep", type=Path, help="a folder for the data; a temporary one otherwise")
    arguments = parser.parse_args()
    times = arguments.times or (IN_FIREFOX if arguments.firefox else IN_CHROMIUM)
    kinds = [KINDS[number % len(KINDS)] for number in range(times)]
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        kept = arguments.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        result = asyncio.run(measure(kinds, arguments.seed, firefox=arguments.firefox, folder=kept))
    print_interruptions(result)
    print_marks(result)
    print_verdicts(result)


if __name__ == "__main__":
    main()
