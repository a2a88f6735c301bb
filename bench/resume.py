"""The link is opened again: how long until the interview is recorded again, and how many presses does that take?

The tab is closed, and the same link is opened in a new one of the same profile, which may use camera and microphone
without asking; the candidate presses as soon as there is something to press. Recorded is what the page says on the
server's word.
"""

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass

from bench.report import print_table, print_verdict
from bench.stage import bad_network, stage
from tests.live import tab as there
from tests.live.scenarios import part_closed, part_rows
from tests.live.tab import ChromiumTab

WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Resumed:
    """One time."""

    asked_s: float
    "From opening the link until there was something to press."
    recording_s: float
    "Until it was recorded."
    presses: int
    "That it took."


async def measure(repeats: int) -> list[Resumed]:
    """Close and open again and again."""
    found: list[Resumed] = []
    async with stage() as it, bad_network(1) as network:
        interview = await it.interview()
        link = it.server.candidate_url(interview)
        tab = await ChromiumTab.of(await it.context(), network)
        await tab.open(link)
        await there.consent(tab)
        await there.go_on(tab)
        await there.recorded_and_saved(tab)
        for number in range(1, repeats + 1):
            await there.runs_on(tab, 3)
            await tab.close()
            await part_closed(it.server, interview, len(part_rows(it.server, interview)))
            began = time.monotonic()
            await tab.open(link)
            await there.shown(tab, "#continue-interview")
            asked_s = time.monotonic() - began
            presses = await there.go_on(tab)
            await there.recorded(tab)
            found.append(Resumed(asked_s, time.monotonic() - began, presses))
            print(f"  {number}: {found[-1].recording_s:.2f} s", flush=True)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.repeats))
    print_table(
        "from opening the link again",
        ("n", "something to press after s", "recording after s", "presses"),
        [(number, one.asked_s, one.recording_s, one.presses) for number, one in enumerate(found, 1)],
    )
    times = [one.recording_s for one in found]
    said = f"median {statistics.median(times):.2f} s, worst {max(times):.2f} s"
    print_verdict(f"recording within {WITHIN_S:g} s ({said})", met=max(times) < WITHIN_S)
    print_verdict("one press", met=all(one.presses == 1 for one in found))


if __name__ == "__main__":
    main()
