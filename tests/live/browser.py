"""Chromium with the drawn camera of `source.js`, and the product's candidate page in it."""

import base64
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.live.decode import FRAMES_PER_SECOND
from tests.live.harness import until

HERE = Path(__file__).parent
SOURCE = HERE / "source.js"
SENDER = HERE / "sender.html"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

PAGE_SAYS_WITHIN_S = 30.0
DEVICES_WITHIN_MS = 15_000
RECORDING_WITHIN_MS = 20_000
SAVED_WITHIN_MS = 15_000

ONWARD = ":is([data-go-on], #turn-on, #continue-interview):enabled:visible"
"What a candidate presses to come to the interview."

DOCK_ONWARD = ".dock__actions .button--primary[data-wish]:visible"
"What they press in it to come to its end."


async def page_says(page: Page, expression: str) -> None:
    """Wait until this JavaScript is true in the page. Playwright's own waiting needs `eval`, which our pages forbid."""

    async def says() -> bool:
        return bool(await page.evaluate(expression))

    await until(says, within_s=PAGE_SAYS_WITHIN_S)


def chromium_path() -> str:
    """The browser to drive: `CHROMIUM` in the environment, or the first known name on PATH. Raises RuntimeError."""
    chosen = os.environ.get("CHROMIUM")
    found = chosen or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        raise RuntimeError("no Chromium found; install it (Debian: apt install chromium) or set CHROMIUM to its path")
    return found


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """A headless Chromium of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=[*CHROMIUM_FLAGS, *flags])
        try:
            yield browser
        finally:
            await browser.close()


async def context_with_source(browser: Browser) -> BrowserContext:
    """A fresh profile whose pages have the drawn camera."""
    context = await browser.new_context(permissions=["camera", "microphone"], viewport={"width": 1024, "height": 768})
    await context.add_init_script(path=SOURCE)
    return context


@dataclass(frozen=True, slots=True)
class Source:
    """The drawn camera of one page."""

    page: Page
    "Where it runs."

    async def started_at(self) -> float:
        """Wall time, seconds, of counter 0."""
        started_ms: float = await self.page.evaluate("holdfastSource.startedAt")
        return started_ms / 1_000

    async def drawn(self) -> list[int]:
        """The counters that were given to the camera so far."""
        counters: list[int] = await self.page.evaluate("holdfastSource.drawn")
        return counters

    async def runs_on(self, seconds: float) -> None:
        """Wait until the camera's clock has gone on for that long."""
        goal = await self.counter() + seconds * FRAMES_PER_SECOND

        async def reached() -> bool:
            return await self.counter() >= goal

        await until(reached, within_s=seconds * 2 + 30, every_s=0.05)

    async def counter(self) -> int:
        """The counter that is due now, drawn or not."""
        counter: int = await self.page.evaluate("holdfastSource.counter")
        return counter

    async def stall(self, *, stalled: bool) -> None:
        """Freeze the camera, or let it go on: no frame comes at all."""
        await self.page.evaluate("stalled => { holdfastSource.stalled = stalled }", stalled)

    async def mute_camera(self, *, muted: bool) -> None:
        """Disable the track that is being sent, or enable it."""
        await self.page.evaluate(
            """muted => {
                const connection = holdfastSource.peerConnections.at(-1);
                connection.getSenders().find(({track}) => track?.kind === 'video').track.enabled = !muted;
            }""",
            muted,
        )

    async def replace_camera_track(self, *, with_nothing: bool) -> None:
        """`replaceTrack(null)` on the picture's sender, or give the same track back."""
        await self.page.evaluate(
            """async withNothing => {
                const connection = holdfastSource.peerConnections.at(-1);
                const {sender} = connection.getTransceivers().find(({receiver}) => receiver.track.kind === 'video');
                if (withNothing) holdfastSource.takenTrack = sender.track;
                await sender.replaceTrack(withNothing ? null : holdfastSource.takenTrack);
            }""",
            with_nothing,
        )

    async def start_reference(self) -> None:
        """Let Chromium's own MediaRecorder record the same source."""
        await self.page.evaluate("holdfastSource.startReference()")

    async def stop_reference(self, path: Path) -> Path:
        """Stop it and write its file."""
        encoded: str = await self.page.evaluate("holdfastSource.stopReference()")
        path.write_bytes(base64.b64decode(encoded))  # noqa: ASYNC240  a few megabytes, nothing else waits
        return path

    async def outbound(self) -> dict[str, dict[str, Any]]:
        """The sender's statistics of the latest connection: `audio`, `video`, `transport`; `connections` made so far."""
        statistics: dict[str, dict[str, Any]] = await self.page.evaluate(
            """async () => {
                const connection = holdfastSource.peerConnections.at(-1);
                const wanted = {connections: {count: holdfastSource.peerConnections.length}};
                for (const entry of (await connection.getStats()).values()) {
                    if (entry.type === 'outbound-rtp') wanted[entry.kind] = entry;
                    if (entry.type === 'candidate-pair' && entry.nominated) wanted.transport = entry;
                }
                return wanted;
            }"""
        )
        return statistics


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """The product's own page, driven as a candidate would."""

    page: Page
    "Where it is open."

    @property
    def source(self) -> Source:
        """Its camera."""
        return Source(self.page)

    def screen(self, name: str) -> Locator:
        """One of the screens that follow one another."""
        return self.page.locator(f'section[data-screen="{name}"]')

    async def open(self, url: str) -> None:
        """Open the link."""
        await self.page.goto(url)

    async def consent(self) -> None:
        """Tick and go on."""
        await self.page.locator("#consent-tick").check()
        await self.page.locator("#continue").click()

    async def start(self) -> None:
        """From wherever the preparation stands, or from the way back, to a running recording."""
        await self.press_start()
        await self.is_recording()

    async def press_start(self) -> None:
        """Go on, as often as it takes, until the interview is there; open the devices on the way."""
        interview = self.screen("interview")
        onward = self.page.locator(ONWARD)
        while True:
            await expect(interview.or_(onward).first).to_be_visible(timeout=DEVICES_WITHIN_MS)
            if await interview.is_visible():
                return
            pressed = await onward.first.element_handle()
            if pressed is not None:
                await pressed.click()
                await pressed.wait_for_element_state("hidden", timeout=DEVICES_WITHIN_MS)

    async def is_recording(self) -> None:
        """Wait for the server's word that it records, and that something is saved."""
        await expect(self.page.locator("#light")).to_have_attribute(
            "data-light", "recording", timeout=RECORDING_WITHIN_MS
        )
        await expect(self.page.locator("#saved")).to_have_attribute("data-saved", "saved", timeout=SAVED_WITHIN_MS)

    async def is_asked(self, number: int) -> None:
        """Wait for a question."""
        await expect(self.page.locator("#question-nth")).to_contain_text(f" {number} ", timeout=RECORDING_WITHIN_MS)

    async def wish(self, name: str) -> None:
        """Press one of the dock's buttons and wait until the server has moved on: `start-answer`, `end-answer`, …"""
        button = self.page.locator(f"#{name}:enabled")
        await button.click()
        await expect(button).to_be_hidden()

    async def answer(self, seconds: float) -> None:
        """Answer the question that is shown: as long as that by the camera's clock."""
        start, end = self.page.locator("#start-answer"), self.page.locator("#end-answer")
        await expect(start.or_(end).first).to_be_visible(timeout=RECORDING_WITHIN_MS)
        if await start.is_visible():
            await self.wish("start-answer")
        await self.source.runs_on(seconds)
        await self.wish("end-answer")

    async def to_the_end(self) -> None:
        """Go through what is left without a word, until there is nothing but to finish."""
        finish, onward = self.page.locator("#finish"), self.page.locator(DOCK_ONWARD)
        while True:
            await expect(finish.or_(onward).first).to_be_visible(timeout=RECORDING_WITHIN_MS)
            if await finish.is_visible():
                return
            await self.wish(await onward.get_attribute("id") or "")

    async def finish(self) -> None:
        """Go to the end, finish, and wait for the thanks."""
        await self.to_the_end()
        await self.page.locator("#finish").click()
        await self.page.locator("#confirm-yes").click()
        await expect(self.screen("thanks")).to_be_visible(timeout=SAVED_WITHIN_MS)


async def new_candidate_page(context: BrowserContext) -> CandidatePage:
    """A fresh tab for a candidate."""
    return CandidatePage(await context.new_page())


async def open_sender(context: BrowserContext, base_url: str) -> Page:
    """The plain WHIP sender, served as if from `base_url`, so that no other origin is involved."""
    page = await context.new_page()
    address = f"{base_url}/plain-sender"
    await page.route(address, lambda route: route.fulfill(path=SENDER, content_type="text/html"))
    await page.goto(address)
    return page


async def publish(page: Page, url: str, *, token: str | None = None, codec: str | None = None) -> None:
    """Publish from :func:`open_sender`'s page; returns when the connection is up. `codec`: `VP8`, `VP9`, None for any."""
    await page.evaluate("options => publish(options)", {"url": url, "token": token, "codec": codec})
