"""The fault matrix at full length: disks that hang for 10 s, databases that are gone for a minute, real processes.

python -m bench.faults
"""

import argparse
import asyncio
import tempfile
import traceback
from pathlib import Path

from bench.report import print_table, print_verdict
from tests.faults.episode import Outcome, run_episode
from tests.faults.matrix import MATRIX, Activity, Fault
from tests.faults.place import Template, make_template

SECONDS = {Fault.DISK_SLOW: 10.0, Fault.LOOP_BLOCKED: 8.0}
"How long a fault lasts; all others a minute."
USUALLY_S = 60.0


async def measure(faults: list[Fault], folder: Path, seconds: float | None) -> dict[tuple[Fault, Activity], Outcome]:
    """One fault after the other."""
    (folder / "template").mkdir()
    template = await make_template(folder / "template")
    outcomes: dict[tuple[Fault, Activity], Outcome] = {}
    for fault in faults:
        lasts = SECONDS.get(fault, USUALLY_S) if seconds is None else seconds
        for activity, outcome in (await _episode(template, fault, folder / fault.name, lasts)).items():
            outcomes[fault, activity] = outcome
    return outcomes


async def _episode(template: Template, fault: Fault, folder: Path, seconds: float) -> dict[Activity, Outcome]:
    await asyncio.to_thread(folder.mkdir)
    try:
        return await run_episode(template, fault, folder, seconds)
    except Exception:  # noqa: BLE001  one fault that is not borne hides no other
        traceback.print_exc()
        return {}


def main() -> None:
    """Inject and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fault", choices=[fault.name for fault in Fault], nargs="+")
    parser.add_argument("--seconds", type=float, help="how long each lasts; otherwise as long as the manual says")
    arguments = parser.parse_args()
    faults = [Fault[name] for name in arguments.fault] if arguments.fault else list(Fault)
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        outcomes = asyncio.run(measure(faults, Path(folder), arguments.seconds))
    cells = [(fault, activity) for fault in faults for activity in Activity]
    rows = [(fault, activity, *_judged(fault, activity, outcomes.get((fault, activity)))) for fault, activity in cells]
    print_table("what faults do to what goes on", ("fault", "while", "kept", "went on", "said", "facts"), rows)
    met = [row for row in rows if row[2:5] == ("yes", "yes", "yes")]
    print_verdict(
        f"{len(met)} of {len(cells)} cells: nothing saved is lost, it goes on, it is said", met=len(met) == len(cells)
    )


def _judged(fault: Fault, activity: Activity, outcome: Outcome | None) -> tuple[str, str, str, str]:
    if outcome is None:
        return "-", "-", "-", "the episode did not end"
    facts = ", ".join(f"{name} {value}" for name, value in outcome.facts.items() if isinstance(value, int))
    gaps = len(outcome.facts.get("gaps", ()))
    said = MATRIX[fault][activity].told in outcome.said
    return _word(outcome.kept), _word(outcome.went_on), _word(said), f"{facts}, gaps {gaps}" if facts else ""


def _word(truth: bool) -> str:
    return "yes" if truth else "NO"


if __name__ == "__main__":
    main()
