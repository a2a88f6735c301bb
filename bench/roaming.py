"""Another network in the middle of an interview: recorded again after how long, with what lost, without a touch?

The relay between page and server moves to another port of another address, and nothing passes on the old path any
more. Two ways: `moved`, the page has to find the new place (Wi-Fi to mobile); `remapped`, the page's packets arrive
from another place (a NAT that forgot its mapping). The browser is told nothing in either case.
"""

import argparse
import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.report import print_table, print_verdict
from bench.stage import Stage, bad_network, stage
from tests.live.harness import QUESTIONS
from tests.live.network import BadNetwork
from tests.live.ordeal import OPTIONS, ROAM, ROAM_S, SHORTEST_S, Candidate, Planned, look_into
from tests.live.places import Moment, holes
from tests.live.tab import ChromiumTab

WITHIN_S = 8.0
HOLE_S = 0.5
"Shorter ones are a busy encoder's, or the change was not felt."
ADDRESSES = ("127.0.0.2", "127.0.0.3")
WAYS: dict[str, Callable[[BadNetwork, str], None]] = {"moved": BadNetwork.move, "remapped": BadNetwork.rebind}


@dataclass(slots=True)
class Change:
    """Changes the network, each time to another address."""

    how: Callable[[BadNetwork, str], None]
    "What is done to it."
    addresses: Iterator[str] = field(default_factory=lambda: itertools.cycle(ADDRESSES))
    "Where to."

    def __call__(self, network: BadNetwork) -> None:
        """Change it."""
        self.how(network, next(self.addresses))


@dataclass(frozen=True, slots=True)
class Roamed:
    """One change."""

    way: str
    "One of WAYS."
    again_after_s: float
    "From the change to the first picture after what is missing; 0 when nothing is."
    lost_s: float
    "How much picture is missing."
    untouched: bool
    "Whether nobody had to press, and it went on at the same place."


async def measure(seed: int) -> list[Roamed]:
    """An interview for each way, in which the network changes once in each answer."""
    found: list[Roamed] = []
    async with stage() as it:
        for way, how in WAYS.items():
            async with bad_network(seed) as network:
                found += await roam(it, network, way, Change(how))
    return found


async def roam(it: Stage, network: BadNetwork, way: str, change: Change) -> list[Roamed]:
    """One interview, through to its recording."""
    interview = await it.server.add_interview(it.job, more=OPTIONS)
    tab = await ChromiumTab.of(await it.context(), network, change)
    changes = [Planned(ROAM, question, thinking=False, after_s=SHORTEST_S) for question in range(1, len(QUESTIONS) + 1)]
    ordeal = await Candidate(it.server, interview, tab, it.hr_token).go_through(changes)
    await tab.close()
    outcome = await look_into(it.server, interview, it.hr_token, ordeal, it.folder)
    found: list[Roamed] = []
    for one in ordeal.interruptions:
        missing = holes(outcome.stretches, Moment(one.loaded_at, one.last_drawn), ROAM_S, at_least_s=HOLE_S)
        again_after_s = max((ended for _, ended in missing), default=0.0)
        lost_s = sum(ended - began for began, ended in missing)
        found.append(Roamed(way, again_after_s, lost_s, one.presses == 0 and one.place_kept))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.seed))
    print_table(
        "the network changes",
        ("how", "recorded again after s", "lost s", "untouched"),
        [(one.way, one.again_after_s, one.lost_s, "yes" if one.untouched else "NO") for one in found],
    )
    for way in WAYS:
        mine = [one for one in found if one.way == way]
        worst, lost = max(one.again_after_s for one in mine), max(one.lost_s for one in mine)
        print_verdict(
            f"{way}: recorded again within {WITHIN_S:g} s (worst {worst:.2f} s, {lost:.2f} s lost)",
            met=worst < WITHIN_S,
        )
    print_verdict("without a press, at the same place", met=all(one.untouched for one in found))


if __name__ == "__main__":
    main()
