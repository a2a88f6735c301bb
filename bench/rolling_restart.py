"""SIGTERM and start again under live interviews: do all go on by themselves, and is nothing lost beyond that?

One interview goes through the candidate's page in Chromium; the others are replayed senders that connect again by
themselves when their connection ends, as the page does. Each ends with one recording.

    python -m bench.rolling_restart --publishers 4
"""

import argparse
import asyncio
import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bench.capture_rtp import know_vp9
from bench.publisher import Dump, Publisher
from bench.report import print_table, print_verdict
from bench.stage import Stage, bad_network, stage
from tests.live.harness import QUESTIONS, Interview, Server
from tests.live.ordeal import OPTIONS, RESTART, SHORTEST_S, Candidate, Ordeal, Outcome, Planned, look_into, ready
from tests.live.scenarios import part_rows
from tests.live.tab import ChromiumTab

STOP_WITHIN_S = 10.0
MOST_MISSING_S = 1.0
TRY_AGAIN_S = 0.5
CODEC = "VP9"


@dataclass(slots=True)
class Steadfast:
    """A replayed sender that connects again whenever its connection has ended."""

    server: Server
    "Where to."
    interview: Interview
    "What it is recorded for."
    dump: Dump
    "What it sends."
    connected_at: list[float] = field(default_factory=list)
    "Wall times at which a connection stood."
    ended_at: list[float] = field(default_factory=list)
    "Wall times at which one had ended."

    async def send_for_ever(self, http: aiohttp.ClientSession) -> None:
        """Until cancelled; then the server is told."""
        token = self.interview.token
        while True:
            publisher = Publisher(self.dump, CODEC)
            try:
                await publisher.connect(http, self.server.whip_url(self.interview), token)
            except (aiohttp.ClientError, RuntimeError):
                await publisher.abandon()
                await asyncio.sleep(TRY_AGAIN_S)
                continue
            self.connected_at.append(time.time())
            try:
                await publisher.send_until_ended()
            except asyncio.CancelledError:
                await publisher.close(http, token)
                raise
            self.ended_at.append(time.time())
            await publisher.abandon()


@dataclass(frozen=True, slots=True)
class Survived:
    """What is there of one replayed sender."""

    parts: int
    "How many."
    away_s: list[float]
    "Between one part's end and the next one's beginning."
    missing_s: float
    "The most that a part is shorter than the time from its beginning to its end."


@dataclass(frozen=True, slots=True)
class Result:
    """All of it."""

    ordeal: Ordeal
    "What happened in Chromium."
    outcome: Outcome
    "What is there of it."
    survived: list[Survived]
    "The replayed senders."


async def measure(publishers: int, restarts: int) -> Result:
    """Restart in the middle of it all."""
    know_vp9()
    dump = Dump.load(CODEC)
    async with stage() as it, bad_network(1) as network, aiohttp.ClientSession() as http:
        senders = [Steadfast(it.server, await add(it, number), dump) for number in range(publishers)]
        sending = [asyncio.ensure_future(sender.send_for_ever(http)) for sender in senders]
        interview = await it.server.add_interview(it.job, more=OPTIONS)
        tab = await ChromiumTab.of(await it.context(), network)
        candidate = Candidate(it.server, interview, tab, it.hr_token)
        planned = [
            Planned(RESTART, 1 + number % len(QUESTIONS), thinking=False, after_s=SHORTEST_S)
            for number in range(restarts)
        ]
        try:
            ordeal = await candidate.go_through(planned)
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
        await tab.close()
        outcome = await look_into(it.server, interview, it.hr_token, ordeal, it.folder)
        return Result(ordeal, outcome, [await survived(it, sender.interview, http) for sender in senders])


async def add(it: Stage, number: int) -> Interview:
    """An interview for a replayed sender."""
    email = f"jane.doe.{number}@example.org"
    return await it.server.add_interview(it.job, candidate=f"Jane Doe {number}", email=email, consented=True)


async def survived(it: Stage, interview: Interview, http: aiohttp.ClientSession) -> Survived:
    """Finish it, wait for its recording, and look at what its parts say."""
    url = f"{it.server.base_url}/api/interviews/{interview.session_id}/finish"
    async with http.post(url, headers={"Authorization": f"Bearer {interview.token}"}) as response:
        response.raise_for_status()
    await ready(it.server, interview, it.hr_token)
    rows = part_rows(it.server, interview)
    return Survived(
        len(rows),
        [wall(after["started_at"]) - wall(before["ended_at"]) for before, after in itertools.pairwise(rows)],
        max(wall(row["ended_at"]) - wall(row["started_at"]) - row["duration_ms"] / 1_000 for row in rows),
    )


def wall(text: Any) -> float:
    """A time of the database, as seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--publishers", type=int, default=4)
    parser.add_argument("--restarts", type=int, default=2)
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.publishers, arguments.restarts))
    print_table(
        "in Chromium, restart by restart",
        ("n", "stopped after s", "missing before s", "recording again after s", "in all s", "presses", "place"),
        [
            (
                number,
                stopped_s,
                one.before_s,
                one.interruption.resumed_s,
                one.in_all_s,
                one.interruption.presses,
                "kept" if one.interruption.place_kept else "LOST",
            )
            for number, (one, stopped_s) in enumerate(zip(result.outcome.lost, result.ordeal.stops_s, strict=True), 1)
        ],
    )
    print_table(
        "replayed senders",
        ("n", "parts", "away s, longest", "missing of a part s"),
        [
            (number, one.parts, max(one.away_s, default=None), one.missing_s)
            for number, one in enumerate(result.survived, 1)
        ],
    )
    print_verdicts(result, arguments.restarts)


def print_verdicts(result: Result, restarts: int) -> None:
    """What was promised."""
    stopped_s = max(result.ordeal.stops_s)
    print_verdict(f"stopped within {STOP_WITHIN_S:g} s (worst {stopped_s:.2f} s)", met=stopped_s < STOP_WITHIN_S)
    untouched = all(one.interruption.presses == 0 and one.interruption.place_kept for one in result.outcome.lost)
    print_verdict("the page goes on by itself, at the same place", met=untouched)
    on = all(one.parts == restarts + 1 for one in result.survived)
    print_verdict("so do all the others, with one part more for each restart", met=on)
    before_s = max(one.before_s for one in result.outcome.lost)
    missing_s = max((one.missing_s for one in result.survived), default=0.0)
    print_verdict(
        f"less than {MOST_MISSING_S} s missing beyond the reconnect (page {before_s:.2f} s, others {missing_s:.2f} s)",
        met=max(before_s, missing_s) < MOST_MISSING_S,
    )
    print_verdict("one recording each, and it decodes", met=result.outcome.is_whole)


if __name__ == "__main__":
    main()
