"""How many interviews this machine records at once: more and more, until something falls behind.

Captured interviews are replayed over real ICE, DTLS and SRTP into a real server, with its real disk. The senders use the
same cores, so a server whose candidates are elsewhere takes more than this says, never less.

    python -m bench.capacity --step 10 --most 200
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.capture_rtp import know_vp9
from bench.process import ProcessMeter
from bench.publisher import Dump, Publisher
from bench.report import print_table
from db.clock import SystemClock
from db.engine import Database
from db.interviews import give_consent
from tests.live.harness import REPOSITORY, Interview, Server, running_server
from web.invitations import NewInterview, links_for, set_up

SHARE = 0.7
"Of what went well: the rest is for bursts of keyframes, joins, and whatever else the machine does."
MOST_LOST = 0.001
"On this machine's own loopback a lost packet is one that nobody took in time."
MOST_LOOP_LAG_S = 0.25
MOST_DISK_LAG_S = 2.0
LEAST_SENT = 0.9
"Of the packets that one interview alone sends; below that it is the senders that cannot do more."
EACH_PROCESS = 10
"Interviews that one process sends."
SETTLE_S = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """So many at once, for a while."""

    interviews: int
    "How many."
    seconds: float
    "For how long."
    packets: int
    "Taken in that time."
    lost: int
    "Given up in that time."
    loop_lag_s: float
    "The event loop's, the bucket that 99 of 100 answers lie below."
    disk_lag_s: float
    "The worst that was seen."
    cores: float
    "That the server used."

    def trouble(self, packets_alone: float) -> str:
        """What fell behind; empty while nothing did. `packets_alone`: of one interview, a second."""
        each = self.packets / self.seconds / self.interviews
        if self.lost > MOST_LOST * self.packets:
            return "packets lost"
        if self.loop_lag_s > MOST_LOOP_LAG_S:
            return "the event loop is late"
        if self.disk_lag_s > MOST_DISK_LAG_S:
            return "the disk is behind"
        if each < LEAST_SENT * packets_alone:
            return "the senders cannot send more"
        return ""


@dataclass
class Senders:
    """Processes that send."""

    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def add(self, server: Server, targets: Sequence[Interview]) -> None:
        """Begin to send to these; returns when all are connected. Raises RuntimeError when one is not let in."""
        for first in range(0, len(targets), EACH_PROCESS):
            some = [(server.whip_url(one), one.token) for one in targets[first : first + EACH_PROCESS]]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.capacity", "--send"),
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self.processes.append(process)
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(some).encode() + b"\n")
            if (await process.stdout.readline()).strip() != b"up":
                raise RuntimeError("a sender was not let in")

    async def end(self) -> None:
        """End them."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def send(line: str) -> None:
    """The sending process: connect to all, say so, send until killed."""
    know_vp9()
    dump = Dump.load("VP9")
    async with aiohttp.ClientSession() as http:
        publishers = []
        for url, token in json.loads(line):
            publisher = Publisher(dump, "VP9")
            await asyncio.wait_for(publisher.connect(http, url, token), 60)
            publishers.append(publisher)
        print("up", flush=True)
        await asyncio.gather(*(publisher.send_for_ever() for publisher in publishers))


async def add_interviews(server: Server, job: int, first: int, count: int) -> list[Interview]:
    """Add them beside the server, in one go."""
    key = (server.data / "server.key").read_bytes()
    now = SystemClock().utc_now()
    ids = [f"capacity-{number}" for number in range(first, first + count)]
    database = await Database.open(server.data / "holdfast.db")
    try:
        async with database.writing() as db_session:
            for session_id in ids:
                await set_up(db_session, NewInterview(session_id, job, session_id, questions=("Well?",)), now)
                await give_consent(db_session, session_id, "bench", "command line", now)
    finally:
        await database.close()
    return [Interview(one, links_for(key, "", one, 1).token, "") for one in ids]


async def scraped(http: aiohttp.ClientSession, server: Server) -> dict[str, float]:
    """The samples of /metrics, by name and labels."""
    async with http.get(f"{server.base_url}/metrics") as response:
        lines = (await response.text()).splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, value in samples}


def below(before: dict[str, float], after: dict[str, float], share: float) -> float:
    """The upper bound of the bucket of the loop's lag that so many of the answers in between lie below."""
    buckets = []
    for name, value in after.items():
        if match := re.fullmatch(r'holdfast_loop_lag_seconds_bucket\{le="(.*)"\}', name):
            buckets.append((float(match[1]), value - before.get(name, 0.0)))
    buckets.sort()
    wanted = share * buckets[-1][1]
    return next(bound for bound, count in buckets if count >= wanted)


async def measure(http: aiohttp.ClientSession, server: Server, interviews: int, seconds: float) -> Step:
    """Look for a while at what runs."""
    await asyncio.sleep(SETTLE_S)
    meter, before = ProcessMeter(server.pid), await scraped(http, server)
    disk_lag_s, after = 0.0, before
    async with asyncio.timeout(10 * seconds):
        while meter.read().seconds < seconds:
            await asyncio.sleep(1.0)
            after = await scraped(http, server)
            disk_lag_s = max(disk_lag_s, after["holdfast_disk_lag_seconds"])
    usage = meter.read()

    def grown(name: str) -> int:
        return round(after[f"holdfast_{name}_total"] - before[f"holdfast_{name}_total"])

    packets, lost = grown("packets_received"), grown("packets_lost")
    return Step(interviews, usage.seconds, packets, lost, below(before, after, 0.99), disk_lag_s, usage.cores)


@asynccontextmanager
async def house(folder: Path, most: int) -> AsyncIterator[tuple[Server, int]]:
    """A server that takes as many as there are, and its job."""
    async with running_server(folder, settings={"HOLDFAST_SIGNALING__MAX_LIVE_INTERVIEWS": str(most)}) as server:
        await server.add_user()
        yield server, int(await server.add_job())


async def climb(folder: Path, step: int, most: int, seconds: float) -> tuple[list[Step], str]:
    """One interview, then more and more; returns what was measured and what ended it."""
    steps: list[Step] = []
    senders = Senders()
    async with AsyncExitStack() as stack:
        server, job = await stack.enter_async_context(house(folder, most))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        stack.push_async_callback(senders.end)
        count = 0
        for wanted in [1, *range(step, most + 1, step)]:
            await senders.add(server, await add_interviews(server, job, count, wanted - count))
            count = wanted
            steps.append(await measure(http, server, count, seconds))
            alone = steps[0].packets / steps[0].seconds
            print(f"{count} at once: {steps[-1].trouble(alone) or 'well'}", file=sys.stderr, flush=True)
            if trouble := steps[-1].trouble(alone):
                return steps, trouble
    return steps, ""


def recommended(steps: Sequence[Step]) -> int:
    """What to write into the settings file."""
    alone = steps[0].packets / steps[0].seconds
    well = max((one.interviews for one in steps if not one.trouble(alone)), default=1)
    return max(1, int(SHARE * well))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=10, help="how many more each time")
    parser.add_argument("--most", type=int, default=300, help="where to stop")
    parser.add_argument("--seconds", type=float, default=15.0, help="measured each time, after 5 s to settle")
    parser.add_argument("--send", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.send:
        asyncio.run(send(sys.stdin.readline()))
        return
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        steps, trouble = asyncio.run(climb(Path(folder), arguments.step, arguments.most, arguments.seconds))
    alone = steps[0].packets / steps[0].seconds
    print_table(
        f"interviews at once on this machine ({os.cpu_count()} cores, senders on the same)",
        ("interviews", "packets/s", "lost", "loop lag p99 below s", "disk lag s", "server cores", "verdict"),
        [
            (
                one.interviews,
                one.packets / one.seconds,
                one.lost,
                one.loop_lag_s,
                one.disk_lag_s,
                one.cores,
                one.trouble(alone) or "well",
            )
            for one in steps
        ],
    )
    print(f"\n  {f'It ended because of this: {trouble}.' if trouble else 'Nothing fell behind; --most ended it.'}")
    print(
        f"  Write into the settings file, a tenth of it stays for those who come back:\n\n  [signaling]\n  max_live_interviews = {recommended(steps)}"
    )


if __name__ == "__main__":
    main()
