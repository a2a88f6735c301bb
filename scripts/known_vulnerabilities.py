"""Ask pip-audit whether a pinned dependency has a known vulnerability; where its database cannot be reached, say so and go on.

Ends with 1 only for a vulnerability that was found. Without a network it takes three seconds at most.
"""

import argparse
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What pip-audit itself asks of each pin. A mirror that serves packages alone does not have it.
ASKED = "https://pypi.org/pypi/{name}/{version}/json"
PROBED = "aiohttp"
NOT_LOOKED_UP = "could not be audited"
REACHED_WITHIN_S = 2.5
INSTALLED_WITHIN_S = 90
ANSWERED_WITHIN_S = 90
PROBE = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=2) as answer:
    sys.exit(b'"vulnerabilities"' not in answer.read())
"""


def main() -> int:
    """Probe, install pip-audit beside the environment, ask it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=_asked(), help="what is asked for to see whether the database can be reached")
    parser.add_argument("--program", type=Path, help="a pip-audit that is there already")
    arguments = parser.parse_args()
    if not _can_reach(arguments.url):
        return _skip("its database of vulnerabilities cannot be reached from here")
    program = arguments.program or _installed()
    if program is None:
        return _skip("it could not be installed")
    asked = ["--requirement", str(ROOT / "constraints.txt"), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    try:
        told = subprocess.run([program, *asked], capture_output=True, text=True, timeout=ANSWERED_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return _skip("it did not answer")
    if told.returncode == 0:
        missed = (told.stdout + told.stderr).count(NOT_LOOKED_UP)
        rest = f" {missed} of them could not be looked up." if missed else ""
        print(f"pip-audit: no dependency has a known vulnerability.{rest}")
        return 0
    # The same number stands for a database that broke off in the middle.
    if "known vulnerabilit" in told.stderr:
        print(f"pip-audit: {told.stderr.strip()}\n{told.stdout.strip()}", file=sys.stderr)
        return 1
    return _skip("it could not finish")


def _asked() -> str:
    pins = dict(line.split("==", 1) for line in (ROOT / "constraints.txt").read_text().split() if "==" in line)
    return ASKED.format(name=PROBED, version=pins[PROBED])


def _can_reach(url: str) -> bool:
    # In a process of its own: looking a name up cannot be interrupted.
    try:
        probe = subprocess.run(
            [sys.executable, "-c", PROBE, url], capture_output=True, timeout=REACHED_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return probe.returncode == 0


def _installed() -> Path | None:
    folder = ROOT / ".venv" / ".pip-audit"
    program = folder / "bin" / "pip-audit"
    if program.exists():
        return program
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "pip-audit"]
    try:
        made = subprocess.run(command, capture_output=True, timeout=INSTALLED_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    return program if made.returncode == 0 and program.exists() else None


def _skip(why: str) -> int:
    print(f"pip-audit: skipped, {why}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
