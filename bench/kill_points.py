"""`kill -9` at random moments over the whole life of interviews: do database and disk agree after every restart?

Several lives run at once (`bench/lives`), so that each kill meets other steps; now and then a worker is killed first.
After each restart everything is compared: every row has its file, every file its row, recordings have the SHA-256
that was told, nothing that was announced as saved is missing, what was deleted is gone, the audit's chain is whole.

    python -m bench.kill_points --points 200 --seed 1
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from bench.agreement import disagreements
from bench.capture_rtp import know_vp9
from bench.lives import CODEC, Ground, Life
from bench.publisher import Dump
from bench.report import print_table, print_verdict
from tests.live.harness import running_server, until

LIVES: Final = 3
LONGEST_S: Final = 3.0
MOST_S: Final = 10.0
AGREES_WITHIN_S: Final = 90.0
LOOK_EVERY_S: Final = 0.3
OF_WORKERS: Final = 0.3
WORKER_WITHIN_S: Final = 3.0
PATIENCE: Final = aiohttp.ClientTimeout(total=60)
SETTINGS: Final = {"HOLDFAST_WORK__RETRY_AFTER_S": "0.5"}
"What a killed worker left is tried again at once: otherwise lives would mostly wait."


@dataclass
class Found:
    """What came of it."""

    points: int = 0
    "Kills of the server."
    workers: int = 0
    "Workers that were killed before it."
    stages: Counter[str] = field(default_factory=Counter)
    "What lives did in these moments."
    lived: int = 0
    "Interviews that went through to their end."
    wrong: list[str] = field(default_factory=list)
    "What did not agree."
    start_s: float = 0.0
    "How long the latest start took."


async def measure(points: int, seed: int, folder: Path, *, say: bool = False) -> Found:
    """Kill again and again."""
    know_vp9()
    moments, found = random.Random(seed), Found()
    async with running_server(folder, settings=SETTINGS) as server, aiohttp.ClientSession(timeout=PATIENCE) as http:
        hr_token = await server.add_user()
        ground = Ground(server, http, hr_token, await server.add_job(), Dump.load(CODEC))
        ground.up.set()
        lives = [Life(ground, random.Random(moments.random())) for _ in range(LIVES)]
        living = [asyncio.ensure_future(life.live_for_ever()) for life in lives]
        try:
            for point in range(1, points + 1):
                await _kill(ground, lives, moments, found)
                await _judge(ground, lives, found, point)
                if say:
                    print(f"  {point}: {', '.join(life.stage for life in lives)}", flush=True)
                for task in living:
                    if task.done():
                        task.result()  # what no life expects ends it all
                ground.up.set()
        finally:
            for task in living:
                task.cancel()
            await asyncio.gather(*living, return_exceptions=True)
        found.lived = sum(life.lived for life in lives)
    return found


async def _kill(ground: Ground, lives: list[Life], moments: random.Random, found: Found) -> None:
    # Where a start takes long, a step does, too: nobody would get beyond the same one for ever.
    await asyncio.sleep(moments.uniform(0.05, min(MOST_S, max(LONGEST_S, 2 * found.start_s))))
    if moments.random() < OF_WORKERS and await _killed_a_worker(ground, moments):
        found.workers += 1
        await asyncio.sleep(moments.uniform(0, 1))
    found.stages.update(life.stage for life in lives)
    ground.up.clear()
    await ground.server.kill()
    ground.fell.set()
    found.points += 1
    grown_old = [life for life in lives if life.swept is not None]
    for life in grown_old:
        _grow_old(ground.server.data / "holdfast.db", life.interview.session_id if life.interview else "")
    began = asyncio.get_running_loop().time()
    await ground.server.start()
    found.start_s = asyncio.get_running_loop().time() - began
    for life in grown_old:
        if life.swept is not None:
            life.swept.set()


async def _killed_a_worker(ground: Ground, moments: random.Random) -> bool:
    """Wait for one that works, and kill it at a moment of its life."""

    async def working() -> list[int]:
        return workers_of(ground.server.pid)

    try:
        workers = await until(working, within_s=WORKER_WITHIN_S)
    except TimeoutError:
        return False
    await asyncio.sleep(moments.uniform(0, 0.5))
    with contextlib.suppress(ProcessLookupError):
        os.kill(moments.choice(workers), signal.SIGKILL)
        return True
    return False


async def _judge(ground: Ground, lives: list[Life], found: Found, point: int) -> None:
    """Look until it agrees: what the start and the work after it still do takes a moment."""
    promises = {session_id: told for life in lives for session_id, told in life.told.items()}
    loop = asyncio.get_running_loop()
    given_up_at = loop.time() + AGREES_WITHIN_S
    while wrong := await disagreements(ground.server.data, promises):
        if loop.time() > given_up_at:
            found.wrong += [f"after kill {point} ({', '.join(life.stage for life in lives)}): {each}" for each in wrong]
            return
        await asyncio.sleep(LOOK_EVERY_S)


def _grow_old(database: Path, session_id: str) -> None:
    """Its end was a year ago. Nobody else has the database open just now."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE interview_sessions SET ended_at = datetime('now', '-365 days') WHERE session_id = ?", (session_id,)
        )


def workers_of(pid: int) -> list[int]:
    """The processes that a server has started and that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return found


def main() -> None:
    """Kill, print, and end with 1 when anything disagreed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the data; a temporary one otherwise")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        kept = arguments.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        found = asyncio.run(measure(arguments.points, arguments.seed, kept, say=True))
    print_table("what lives did when the server was killed", ("step", "times"), sorted(found.stages.items()))
    for each in found.wrong:
        print(f"  {each}")
    print_verdict(
        f"database and disk agree after {found.points} kills of the server ({found.workers} of a worker before it, "
        f"{found.lived} interviews lived to their end)",
        met=not found.wrong,
    )
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
