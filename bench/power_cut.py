"""Cut the power from many recordings and count what is missing of what was announced as saved.

python -m bench.power_cut --traces 10000
"""

import argparse
import sys
import time

from bench.report import print_table, print_verdict
from tests.media_server.webm.power_cut import Outcome, PromiseBroken, Trace


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=10_000)
    parser.add_argument("--first-seed", type=int, default=0, help="a trace is its seed: give a broken one to repeat it")
    arguments = parser.parse_args()
    began = time.perf_counter()
    outcomes: list[Outcome] = []
    broken: list[str] = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.traces):
        try:
            outcomes.append(Trace(seed).run())
        except PromiseBroken as error:
            broken.append(f"seed {seed}: {error}")
    _print(outcomes, broken, time.perf_counter() - began)
    return 1 if broken else 0


def _print(outcomes: list[Outcome], broken: list[str], seconds: float) -> None:
    print_table(
        "Power cuts, simulated: synced writes plus any subset of unsynced pages",
        ["what", "count"],
        [
            ["recordings", len(outcomes) + len(broken)],
            ["power cuts, those while mending included", sum(outcome.cuts for outcome in outcomes)],
            ["blocks written", sum(outcome.written for outcome in outcomes)],
            ["blocks announced as saved", sum(outcome.announced for outcome in outcomes)],
            ["blocks there after mending", sum(outcome.kept for outcome in outcomes)],
            ["recordings that lost something announced", len(broken)],
            ["seconds", round(seconds)],
        ],
    )
    for line in broken[:10]:
        print(f"  {line}")
    print_verdict("everything announced as saved is readable after mending, always", met=not broken)


if __name__ == "__main__":
    sys.exit(main())
