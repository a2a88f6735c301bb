"""`kill -9` of the server at random moments of a live Chromium interview: what is missing, and does it play?

The candidate's page draws a frame counter; missing = last counter drawn before the kill minus last
counter in the file after the restart. The same interview goes on after each kill.
"""

import argparse
import asyncio
import random

from bench.report import print_table, print_verdict
from bench.stage import stage
from tests.live.playback import player
from tests.live.scenarios import Killed, go_on, kill_and_restart

MOST_MISSING_S = 1.0


async def measure(kills: int, seed: int, longest_s: float) -> list[tuple[float, Killed]]:
    """Kill again and again; (seconds into the part, what was found)."""
    moments = random.Random(seed)
    found: list[tuple[float, Killed]] = []
    async with stage() as it, player(it.browser) as chromium_player:
        candidate, interview = await it.recording()
        for number in range(1, kills + 1):
            seconds = moments.uniform(0.5, longest_s)
            await candidate.source.runs_on(seconds)
            killed = await kill_and_restart(it.server, candidate, interview, chromium_player)
            found.append((seconds, killed))
            print(f"  kill {number}: {killed.missing_s:.2f} s missing", flush=True)
            if number < kills:
                candidate = await go_on(it.server, candidate.page.context, interview)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=12.0, help="seconds of recording before a kill, at most")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.kills, arguments.seed, arguments.longest))
    print_table(
        "kill -9 at random moments",
        ("kill", "after s", "missing s", "sound behind s", "duration s", "plays to its end", "seeks"),
        [
            (
                number,
                seconds,
                killed.missing_s,
                killed.sound_behind_s,
                killed.played.duration_s,
                "yes" if killed.played.plays_to_its_end else "NO",
                "yes" if killed.played.seeks else "NO",
            )
            for number, (seconds, killed) in enumerate(found, 1)
        ],
    )
    worst = max(killed.missing_s for _, killed in found)
    print_verdict(f"never more than {MOST_MISSING_S} s missing (worst {worst:.2f} s)", met=worst <= MOST_MISSING_S)
    plays = all(killed.played.plays_to_its_end and killed.played.seeks for _, killed in found)
    print_verdict("every file opens, plays to its end and seeks without a human", met=plays)


if __name__ == "__main__":
    main()
