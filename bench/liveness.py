"""Tab closed, tab crashed, network cut: how long until the part is closed, playable and seekable?"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from bench.report import print_table, print_verdict
from bench.stage import bad_network, stage
from tests.live.browser import CandidatePage
from tests.live.network import BadNetwork
from tests.live.playback import player
from tests.live.scenarios import Closing, close_tab, crash_tab, cut_network, interrupt

Event = Callable[[CandidatePage, BadNetwork], Awaitable[None]]

EVENTS: dict[str, tuple[Event, float]] = {
    "tab closed": (close_tab, 1.0),
    "tab crashed": (crash_tab, 8.0),
    "network cut": (cut_network, 8.0),
}


async def measure(repeats: int, seconds: float) -> list[tuple[str, Closing]]:
    """Let each thing happen that many times, each to a fresh interview."""
    found: list[tuple[str, Closing]] = []
    async with stage() as it, player(it.browser) as chromium_player:
        for name, (event, _) in EVENTS.items():
            for _ in range(repeats):
                async with bad_network(1) as network:
                    candidate, interview = await it.recording(network)
                    await candidate.source.runs_on(seconds)
                    closing = await interrupt(it.server, candidate, interview, chromium_player, network, event)
                    found.append((name, closing))
                    if not candidate.page.is_closed():
                        await candidate.page.context.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="of each event")
    parser.add_argument("--seconds", type=float, default=5.0, help="recorded before it")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.repeats, arguments.seconds))
    print_table(
        "from the event to a closed part",
        ("event", "closed after s", "picture missing s", "reason", "plays to its end", "seeks"),
        [
            (
                name,
                closing.seconds,
                closing.missing_s,
                closing.end_reason,
                "yes" if closing.played.plays_to_its_end else "NO",
                "yes" if closing.played.seeks else "NO",
            )
            for name, closing in found
        ],
    )
    for name, (_, within_s) in EVENTS.items():
        mine = [closing for event, closing in found if event == name]
        met = all(
            closing.seconds <= within_s and closing.played.plays_to_its_end and closing.played.seeks for closing in mine
        )
        print_verdict(f"{name}: closed, playable and seekable within {within_s:g} s", met=met)


if __name__ == "__main__":
    main()
