"""What an MP4 of a recording costs: a replayed sender is recorded, its part joined to itself, and exported.

python -m bench.export --minutes 5 --priority spare
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.capture_rtp import know_vp9
from bench.publisher import Dump, Publisher
from bench.report import print_table
from media_server.aio.export_job import Job, Outcome
from media_server.aio.exports import WORKER
from media_server.aio.worker_process import SPARE, Priority, run_worker
from tests.live.harness import running_server
from tests.live.scenarios import part_closed
from tests.media_server.test_assembly_worker import join

CODEC = "VP9"
RECORDED_S = 20.0
PRIORITIES = {"spare": SPARE, "usual": Priority(0, "BATCH")}


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took."""

    minutes: float
    "Length of the recording."
    webm_mb: float
    "Its size."
    mp4_mb: float
    "That of the MP4."
    seconds: float
    "Wall time."
    cpu_s: float
    "User and system time of the process that made it."


async def measure(minutes: float, priority: Priority, folder: Path) -> Cost:
    """Record, join, export."""
    part = await _recorded(folder)
    copies = max(1, round(minutes * 60 / RECORDED_S))
    recording = folder / "joined.webm"
    length_ms = sum(length for _, length in join([part] * copies, recording).lengths)
    source = os.open(recording, os.O_RDONLY)
    output = os.open(folder / "export.mp4", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        told = await run_worker(WORKER, Job(source, output, length_ms).encode(), [source, output], priority=priority)
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        size = os.fstat(source).st_size
    finally:
        os.close(source)
        os.close(output)
    outcome = Outcome.decode(told)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(length_ms / 60_000, size / 1e6, outcome.size_bytes / 1e6, seconds, cpu_s)


async def _recorded(folder: Path) -> Path:
    async with running_server(folder) as server, aiohttp.ClientSession() as http:
        await server.add_user()
        interview = await server.add_interview(await server.add_job(), consented=True)
        publisher = Publisher(Dump.load(CODEC), CODEC)
        await publisher.connect(http, server.whip_url(interview), interview.token)
        sending = asyncio.ensure_future(publisher.send_for_ever())
        await asyncio.sleep(RECORDED_S)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await publisher.close(http, interview.token)
        await part_closed(server, interview, 1)
        return server.part_files(interview)[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--priority", choices=sorted(PRIORITIES), default="spare")
    arguments = parser.parse_args()
    know_vp9()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        cost = asyncio.run(measure(arguments.minutes, PRIORITIES[arguments.priority], Path(folder)))
    print_table(
        f"an MP4 of a recording ({CODEC}, 640x480, 24 fps), priority {arguments.priority}",
        ("minutes", "WebM MB", "MP4 MB", "seconds", "CPU seconds", "CPU seconds per minute"),
        [(cost.minutes, cost.webm_mb, cost.mp4_mb, cost.seconds, cost.cpu_s, cost.cpu_s / cost.minutes)],
    )


if __name__ == "__main__":
    main()
