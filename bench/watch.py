"""Watching an interview while it is recorded: how far behind the camera, how quickly back to its start, at what cost.

The sender draws a frame counter into each picture; the viewer's page reads it from what Chromium really shows. Then
more viewers, who fetch what a page would, watch beside it, and the interview must not have a gap.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.process import ProcessMeter
from bench.report import print_table, print_verdict
from bench.stage import Stage, stage
from tests.live.browser import CandidatePage
from tests.live.decode import Decoded, decode
from tests.live.harness import Interview
from tests.live.scenarios import gap_rows
from tests.live.watching import Viewer

BEHIND_S = 4.0
SEEK_S = 0.5
SEEKS = 5
HOLE_S = 0.1
"The longest time between two pictures that is none: the sender skips one or two by itself."


@dataclass(frozen=True, slots=True)
class Watched:
    """What one run found."""

    behind_s: list[float]
    "Picture by picture, the only viewer."
    crowded_s: list[float]
    "The same beside the other viewers."
    seeks_s: list[float]
    "From the change of the bar to the picture, all to 0:00."
    alone_cores: float
    "CPU of the server with the interview alone."
    one_cores: float
    "With one viewer."
    crowd_cores: float
    "With all of them."
    received: int
    "Octets that the others were sent."
    gaps: int
    "Rows of gaps in the database."
    decoded: Decoded
    "The recording."


@contextlib.asynccontextmanager
async def crowd(it: Stage, interview: Interview, count: int) -> AsyncIterator[list[int]]:
    """Viewers without a browser: each hears the news and fetches what is new, as a page does."""
    received = [0] * count
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {it.hr_token}"}) as http:
        root = f"{it.server.base_url}/api/interviews/{interview.session_id}/watch"
        watching = [asyncio.ensure_future(_watch(http, root, received, place)) for place in range(count)]
        try:
            yield received
        finally:
            for task in watching:
                task.cancel()
            for outcome in await asyncio.gather(*watching, return_exceptions=True):
                if not isinstance(outcome, asyncio.CancelledError):
                    raise TypeError(f"a viewer ended by itself: {outcome!r}")


async def _watch(http: aiohttp.ClientSession, root: str, received: list[int], place: int) -> None:
    position: int | None = None
    while True:
        async with http.get(root, timeout=aiohttp.ClientTimeout(total=None)) as news:
            async for line in news.content:
                if line.startswith(b"data: "):
                    end: int = json.loads(line.removeprefix(b"data: "))["parts"][-1]["end"]
                    if position is not None and end > position:
                        received[place] += await _fetch(http, f"{root}/parts/1/clusters?start={position}&end={end}")
                    position = end


async def _fetch(http: aiohttp.ClientSession, url: str) -> int:
    async with http.get(url, raise_for_status=True) as octets:
        return len(await octets.read())


async def cores(it: Stage, candidate: CandidatePage, seconds: float) -> float:
    """CPU of the server while the interview runs on."""
    meter = ProcessMeter(it.server.pid)
    await candidate.source.runs_on(seconds)
    return meter.read().cores


async def measure(viewers: int, seconds: float) -> Watched:
    """One interview, one real viewer, then more."""
    async with stage() as it:
        candidate, interview = await it.recording()
        await candidate.source.runs_on(3)
        alone = await cores(it, candidate, seconds)
        viewer = await Viewer.open(it.browser, it.server, interview)
        await viewer.watch()
        await candidate.source.runs_on(3)
        started_at = await candidate.source.started_at()
        one = await cores(it, candidate, seconds)
        behind = await viewer.behind_s(started_at, seconds - 1)
        async with crowd(it, interview, viewers) as received:
            crowded = await cores(it, candidate, seconds)
            crowded_s = await viewer.behind_s(started_at, seconds - 1)
        seeks = []
        for _ in range(SEEKS):
            seeks.append(await viewer.seek(0))
            await viewer.page.get_by_role("button", name="Back to live").click()
            await candidate.source.runs_on(2)
        await candidate.finish()
        path = await it.server.download(interview, it.hr_token, it.folder / "interview.webm")
        gaps = len(gap_rows(it.server, interview))
        decoded = await asyncio.to_thread(decode, Path(path))
        return Watched(behind, crowded_s, seeks, alone, one, crowded, sum(received), gaps, decoded)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=10, help="beside the one in Chromium")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each of three stretches")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.viewers, arguments.seconds))
    print_table(
        f"watching live; {arguments.viewers} more viewers were sent {found.received / 1e6:.1f} MB",
        ("what", "median", "worst"),
        [
            ("behind the camera, one viewer, s", statistics.median(found.behind_s), max(found.behind_s)),
            (
                f"behind the camera beside {arguments.viewers} more, s",
                statistics.median(found.crowded_s),
                max(found.crowded_s),
            ),
            ("back to 0:00, s", statistics.median(found.seeks_s), max(found.seeks_s)),
            ("server, cores: interview alone", found.alone_cores, None),
            ("server, cores: with one viewer", found.one_cores, None),
            (f"server, cores: with {arguments.viewers + 1} viewers", found.crowd_cores, None),
        ],
    )
    whole = found.gaps == 0 and found.decoded.sound.holes_s + found.decoded.sound.concealed_s < HOLE_S
    print_verdict(f"under {BEHIND_S:g} s behind the camera", met=max(found.behind_s + found.crowded_s) < BEHIND_S)
    print_verdict(f"back to 0:00 in under {SEEK_S:g} s", met=max(found.seeks_s) < SEEK_S)
    print_verdict("the interview has no gap", met=whole and not found.decoded.errors)


if __name__ == "__main__":
    main()
