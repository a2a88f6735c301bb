"""Watching: how long after a click on an answer its first picture shows, in a long recording.

python -m bench.seek --minutes 30
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page

from bench.report import print_table, print_verdict
from tests.browser.pages.long_recording import add_recording
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Place, open_place
from tests.browser.pages.visitor import Visitor
from tests.live.browser import chromium

WITHIN_MS = 500.0
TARGET = 7

FIRST_FRAME = """
(take) => new Promise((resolve) => {
  const button = document.querySelector(`[data-take="${take}"] [data-player-at]`);
  const video = document.getElementById("video");
  const wanted = Number(button.dataset.playerAt) / 1000;
  let pressed = 0;
  const look = (_, picture) => {
    if (picture.mediaTime > wanted - 0.1 && picture.mediaTime < wanted + 2) resolve(performance.now() - pressed);
    else video.requestVideoFrameCallback(look);
  };
  document.addEventListener("click", () => { pressed = performance.now(); video.requestVideoFrameCallback(look); }, { capture: true, once: true });
  button.click();
})
"""


@dataclass(frozen=True, slots=True)
class Click:
    """One click on an answer."""

    when: str
    "What was before it."
    question: int
    "Which answer."
    ms: float
    "From the click until its first picture was handed to the compositor."


async def measure(place: Place, browser: Browser, session_id: str, rounds: int) -> list[Click]:
    """Cold: the first click in a new profile. Warm: more clicks in the same page, forwards and backwards."""
    clicks = []
    for _ in range(rounds):
        context = await browser.new_context()
        visitor = Visitor(await context.new_page())
        await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
        await visitor.page.goto(f"{place.url}/hr/interviews/{session_id}")
        clicks.append(await _click(visitor.page, "cold", TARGET))
        clicks += [await _click(visitor.page, "warm", question) for question in (2, TARGET, 10, 3, TARGET)]
        await context.close()
    return clicks


async def _click(page: Page, when: str, question: int) -> Click:
    async with asyncio.timeout(20):
        return Click(when, question, await page.evaluate(FIRST_FRAME, f"{question}:1"))


async def run(minutes: float, rounds: int) -> list[Click]:
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        async with open_place(Path(folder) / "data") as place, chromium() as browser:
            await add_recording(place, "long", round(minutes * 60))
            return await measure(place, browser, "long", rounds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=5, help="each in a new profile")
    arguments = parser.parse_args()
    clicks = asyncio.run(run(arguments.minutes, arguments.rounds))
    groups = sorted({(click.when, click.question) for click in clicks})
    rows: list[list[str | float | int]] = []
    for when, question in groups:
        found = [click.ms for click in clicks if (click.when, click.question) == (when, question)]
        rows.append([when, question, len(found), round(statistics.median(found)), round(max(found))])
    title = f"First picture after a click, in a recording of {arguments.minutes:g} minutes"
    print_table(title, ["when", "question", "clicks", "median, ms", "worst, ms"], rows)
    met = all(click.ms < WITHIN_MS for click in clicks)
    print_verdict(f"every click shows its picture within {WITHIN_MS:.0f} ms", met=met)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
