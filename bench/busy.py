"""A busy server: what do four busy processes on the server's machine do to the picture?

The estimate of the uplink is made from when this server says that packets came; a server that is late must not
look like a slow network. The browser shares the machine here, so its own trouble is in the figures as well.
"""

import argparse
import asyncio
import multiprocessing
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from bench.report import print_table, print_verdict
from bench.stage import stage
from bench.throttle import Second, watch

ENOUGH_BPS = 200_000
SETTLES_S = 10


def _spin() -> None:
    while True:
        pass


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that do nothing but use the processor."""
    spinning = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(processes)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.terminate()
            process.join()


async def measure(processes: int, seconds: int) -> list[Second]:
    """An interview that is left alone, then with busy processes beside it."""
    async with stage() as it:
        candidate, _interview = await it.recording()
        await watch(candidate.source, "settling", SETTLES_S)
        found = await watch(candidate.source, "quiet", seconds)
        with busy(processes):
            found += await watch(candidate.source, f"{processes} busy processes", seconds)
        await candidate.finish()
        return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=30, help="of each")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.processes, arguments.seconds))
    stages = {name: [one for one in found if one.stage == name] for name in dict.fromkeys(one.stage for one in found)}
    medians = {name: statistics.median(one.video_bps for one in seconds) for name, seconds in stages.items()}
    print_table(
        "picture, by the sender's own statistics",
        ("stage", "median kbps", "least kbps", "median fps", "sizes"),
        [
            (
                name,
                medians[name] / 1_000,
                min(one.video_bps for one in seconds) / 1_000,
                statistics.median(one.frames_per_second for one in seconds),
                " ".join(sorted({one.size for one in seconds})),
            )
            for name, seconds in stages.items()
        ],
    )
    print_verdict("above 200 kbps also beside them", met=min(medians.values()) > ENOUGH_BPS)


if __name__ == "__main__":
    main()
