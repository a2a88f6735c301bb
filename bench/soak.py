"""Interviews for half an hour, with faults all the while: does anything grow, and is every gap one that was made?

Replayed senders (through relays) and one page in Chromium are cut off, taken over, lossy and silent at random, workers are
killed, HR watches, downloads and exports; interviews end, are joined, and new ones begin. Every few seconds the server is
measured from outside.

    python -m bench.soak --minutes 30
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from bench.capture_rtp import know_vp9
from bench.kill_points import workers_of
from bench.process import ProcessMeter, resident_megabytes
from bench.publisher import Dump
from bench.report import print_table, print_verdict
from bench.soak_gaps import Fault, unexplained
from bench.soak_people import CODEC, Page, Sender, watch_for
from tests.live.browser import chromium, context_with_source
from tests.live.harness import Server, running_server

SAMPLE_EVERY_S: Final = 5.0
WARM_UP: Final = 0.25
"Of the whole: pools and caches fill."
MOST_MORE: Final = {"memory, MB": 25.0, "file descriptors": 12.0, "threads": 2.0, "tasks": 25.0}
"Between the beginning and the end: what single moments differ by. A leak of one in each connection would be far more."
KINDS: Final = ("cut", "takeover", "loss", "pause", "worker", "watch")


@dataclass(frozen=True, slots=True)
class Sample:
    """The server at a moment."""

    at_s: float
    "Since it began."
    figures: tuple[float, ...]
    "In the order of :data:`MOST_MORE`."


@dataclass
class Soaked:
    """What came of it."""

    samples: list[Sample] = field(default_factory=list)
    "In order, those of the warm-up left out."
    faults: list[Fault] = field(default_factory=list)
    "That were made."
    gaps: int = 0
    "Stretches in which something is missing."
    unexplained: list[str] = field(default_factory=list)
    "Those that no fault explains."
    interviews: int = 0
    "That were begun."
    cores: float = 0.0
    "Of the server, on average."

    def column(self, name: str) -> list[float]:
        """One figure over time."""
        place = list(MOST_MORE).index(name)
        return [sample.figures[place] for sample in self.samples]


@dataclass(frozen=True, slots=True)
class Course:
    """One figure, from its beginning to its end."""

    begins: float
    middle: float
    ends: float
    per_hour: float
    "Slope of the line that fits best."

    @classmethod
    def of(cls, times: Sequence[float], values: Sequence[float]) -> "Course":
        """Medians of the first, the middle and the last fifth."""
        fifth = max(1, len(values) // 5)
        half = (len(values) - fifth) // 2
        slope = statistics.linear_regression(times, values).slope * 3_600 if len(values) > 2 else 0.0
        begins, middle, ends = values[:fifth], values[half : half + fifth], values[-fifth:]
        return cls(statistics.median(begins), statistics.median(middle), statistics.median(ends), slope)


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens, and for how long."""

    minutes: float = 30.0
    "All of it."
    publishers: int = 8
    "Replayed senders."
    seed: int = 1
    "For everything that is left to chance."
    browser: bool = True
    "Whether a page in Chromium is one more."
    fault_every_s: float = 4.0
    "On average."
    interview_s: tuple[float, float] = (45.0, 180.0)
    "How long a sender's interview is."


async def measure(wanted: Plan, folder: Path) -> Soaked:
    """Let it all happen."""
    know_vp9()
    soaked, moments = Soaked(), random.Random(wanted.seed)
    settings = {"HOLDFAST_WORK__RETRY_AFTER_S": "1"}
    async with running_server(folder, settings=settings) as server, aiohttp.ClientSession() as http:
        token, dump = await server.add_user(), Dump.load(CODEC)
        job = await server.add_job()
        senders = [
            Sender(
                *(server, http, token, job, dump, random.Random(moments.random()), soaked.faults),
                interview_s=wanted.interview_s,
            )
            for _ in range(wanted.publishers)
        ]
        async with contextlib.AsyncExitStack() as stack:
            page = await _page(stack, server, job, soaked) if wanted.browser else None
            tasks = [asyncio.ensure_future(sender.send_for_ever()) for sender in senders]
            tasks.append(asyncio.ensure_future(_disturb(server, http, token, senders, page, moments, wanted)))
            try:
                await _watch(server, wanted.minutes * 60, soaked, http, tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(sender.leave() for sender in senders))
        soaked.interviews = sum(sender.begun for sender in senders) + (page is not None)
        soaked.gaps, soaked.unexplained = unexplained(server, soaked.faults)
    return soaked


async def _page(stack: contextlib.AsyncExitStack, server: Server, job: str, soaked: Soaked) -> Page:
    context = await context_with_source(await stack.enter_async_context(chromium()))
    interview = await server.add_interview(job, email="page@example.org")
    page = Page(server, context, interview, soaked.faults)
    stack.callback(page.network.close)
    await page.begin()
    return page


async def _watch(
    server: Server, seconds: float, soaked: Soaked, http: aiohttp.ClientSession, tasks: list["asyncio.Task[None]"]
) -> None:
    began = time.monotonic()
    meter = ProcessMeter(server.pid)
    while (passed := time.monotonic() - began) < seconds:
        await asyncio.sleep(min(SAMPLE_EVERY_S, seconds / 10))
        figures = await _figures(server, http)
        if passed >= seconds * WARM_UP:
            soaked.samples.append(Sample(passed, figures))
        for task in tasks:
            if task.done():
                task.result()  # nobody ends by themselves
    soaked.cores = meter.read().cores


async def _figures(server: Server, http: aiohttp.ClientSession) -> tuple[float, ...]:
    async with http.get(f"{server.base_url}/metrics") as response:
        text = await response.text()
    tasks = next(float(line.split()[1]) for line in text.splitlines() if line.startswith("holdfast_tasks "))
    process = Path(f"/proc/{server.pid}")
    status = (process / "status").read_text()
    threads = float(status.partition("Threads:")[2].split()[0])
    return resident_megabytes(server.pid), float(len(list((process / "fd").iterdir()))), threads, tasks


async def _disturb(
    server: Server,
    http: aiohttp.ClientSession,
    hr_token: str,
    senders: list[Sender],
    page: Page | None,
    moments: random.Random,
    wanted: Plan,
) -> None:
    """A fault every few seconds, one after the other; what each does takes its own time."""
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            await asyncio.sleep(moments.uniform(0.5, 1.5) * wanted.fault_every_s)
            kind, sender = moments.choice(KINDS), moments.choice(senders)
            if kind == "worker":
                if workers := workers_of(server.pid):
                    sender.kill_worker(moments.choice(workers))
                continue
            if kind == "watch":
                work = watch_for(server, http, hr_token, sender, moments.uniform(2, 8))
            elif page is not None and moments.random() < 1 / (len(senders) + 1):
                work = page.suffer(kind, moments)
            else:
                work = sender.suffer(kind)
            task = asyncio.ensure_future(work)
            running.add(task)
            task.add_done_callback(running.discard)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def verdicts(soaked: Soaked) -> dict[str, bool]:
    """What was promised, and whether it holds."""
    times = [sample.at_s for sample in soaked.samples]
    said = {}
    for name, most in MOST_MORE.items():
        course = Course.of(times, soaked.column(name))
        said[f"{name}: {course.begins:.1f} at the beginning, {course.ends:.1f} at the end"] = (
            course.ends - course.begins <= most
        )
    said[
        f"each of {soaked.gaps} gaps is one that a fault made ({len(soaked.unexplained)} are not)"
    ] = not soaked.unexplained
    return said


def main() -> None:
    """Soak, print, end with 1 when something grew or is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--publishers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-browser", action="store_true", help="without the page in Chromium")
    parser.add_argument("--keep", type=Path, help="a folder for the data; a temporary one otherwise")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        kept = arguments.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        wanted = Plan(arguments.minutes, arguments.publishers, arguments.seed, not arguments.no_browser)
        soaked = asyncio.run(measure(wanted, kept))
    times = [sample.at_s for sample in soaked.samples]
    courses = {name: Course.of(times, soaked.column(name)) for name in MOST_MORE}
    print_table(
        f"the server over {arguments.minutes:g} minutes, {soaked.interviews} interviews, {soaked.cores:.2f} cores",
        ("what", "beginning", "middle", "end", "slope per hour"),
        [(name, each.begins, each.middle, each.ends, each.per_hour) for name, each in courses.items()],
    )
    print_table("faults", ("what", "times"), sorted(Counter(fault.kind for fault in soaked.faults).items()))
    for each in soaked.unexplained[:20]:
        print(f"  {each}")
    all_met = verdicts(soaked)
    for said, met in all_met.items():
        print_verdict(said, met=met)
    sys.exit(0 if all(all_met.values()) else 1)


if __name__ == "__main__":
    main()
