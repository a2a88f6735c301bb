"""Plays WebM files in a real browser: do they open, seek and play to their end, and is sound with the picture?"""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Error, Page

PLAYER = Path(__file__).parent / "player.html"
ORIGIN = "http://127.0.0.1:9"  # nobody listens; every request is answered by the routes below
PAIR_WITHIN_MS = 500
UNPLAYABLE = Path(__file__).resolve().parents[2] / "bench" / "results" / "unplayable"
"Where files go that a browser refused, so that they can be looked into."


@dataclass(frozen=True, slots=True)
class Played:
    """What Chromium made of a file."""

    duration_s: float
    "The duration it shows."
    ended_at_s: float
    "Where playing ended."
    middle_s: float | None
    "The frame that a seek to the middle showed; None when no frame came."

    @property
    def seeks(self) -> bool:
        """True when a seek to the middle showed a frame from around there."""
        return self.middle_s is not None and abs(self.middle_s - self.duration_s / 2) < 1.0

    @property
    def plays_to_its_end(self) -> bool:
        """True when playing reached the duration."""
        return abs(self.ended_at_s - self.duration_s) < 0.5


@dataclass
class Player:
    """A page that plays."""

    page: Page

    async def check(self, path: Path) -> Played:
        """Load, seek, play to the end. Raises Playwright's error with the reason when it does not."""
        with kept_when_refused(path):
            seen: dict[str, Any] = await self.page.evaluate("url => check(url)", await self._serve(path))
        return Played(seen["duration"], seen["endedAt"], seen["middle"])

    async def sound_late_ms(self, path: Path, from_s: float, to_s: float) -> list[float]:
        """Play a stretch in real time: for each flash that was shown, how much later its beep was heard."""
        with kept_when_refused(path):
            seen: dict[str, Any] = await self.page.evaluate(
                "([url, from, to]) => measure(url, from, to)", [await self._serve(path), from_s, to_s]
            )
        late: list[float] = []
        for flash in seen["flashes"]:
            nearest = min((beep - flash["shown"] for beep in seen["beeps"]), key=abs, default=None)
            if nearest is not None and abs(nearest) < PAIR_WITHIN_MS:
                late.append(nearest)
        return late

    async def _serve(self, path: Path) -> str:
        # A fresh page each time: a media element source cannot be made twice of one element.
        address = f"{ORIGIN}/{path.name}"
        await self.page.route(address, lambda route: route.fulfill(path=path, content_type="video/webm"))
        await self.page.goto(f"{ORIGIN}/player")
        return address


@contextmanager
def kept_when_refused(path: Path) -> Iterator[None]:
    """Copy the file aside when the browser raises an error about it, and say where."""
    try:
        yield
    except Error as error:
        UNPLAYABLE.mkdir(parents=True, exist_ok=True)
        kept = shutil.copy(path, UNPLAYABLE / f"{path.parent.name}-{path.stat().st_mtime_ns}-{path.name}")
        error.add_note(f"the file was kept: {kept}")
        raise


@asynccontextmanager
async def player(browser: Browser) -> AsyncIterator[Player]:
    """A player in a profile of its own."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.route(f"{ORIGIN}/player", lambda route: route.fulfill(path=PLAYER, content_type="text/html"))
    try:
        yield Player(page)
    finally:
        await context.close()
