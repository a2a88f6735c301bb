"""Somebody of HR who watches an interview live, and what their browser really shows."""

import statistics
from dataclasses import dataclass

from playwright.async_api import Browser, Locator, Page

from tests.live.decode import FRAMES_PER_SECOND
from tests.live.harness import OWNER, Interview, Server, until

SHOWN_WITHIN_S = 15.0
PASSWORD = "correct horse battery staple"

READ_COUNTERS = """
(() => {
    // The counter that source.js has drawn into each picture that is really shown, and when it was.
    const video = document.getElementById('live-video');
    const canvas = new OffscreenCanvas(640, 480);
    const pen = canvas.getContext('2d', {willReadFrequently: true});
    window.shown = [];
    const read = () => {
        pen.drawImage(video, 0, 0, 640, 480);
        let bits = 0;
        for (let cell = 0; cell < 24; cell += 1) {
            const [x, y] = [32 + (cell % 8) * 72 + 36, 16 + Math.floor(cell / 8) * 72 + 36];
            bits = bits * 2 + (pen.getImageData(x, y, 1, 1).data[1] > 127 ? 1 : 0);
        }
        const [counter, check] = [Math.floor(bits / 256), bits % 256];
        if (((counter >> 8) ^ (counter & 255) ^ 0xa5) === check) window.shown.push([performance.timeOrigin + performance.now(), counter]);
        video.requestVideoFrameCallback(read);
    };
    video.requestVideoFrameCallback(read);
    window.sounding = [];
    setInterval(() => window.sounding.push([performance.timeOrigin + performance.now(), video.currentTime]), 100);
})()
"""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A tab with Interview Results, signed in."""

    page: Page
    "Where it is open."

    @classmethod
    async def open(cls, browser: Browser, server: Server, interview: Interview) -> "Viewer":
        """Sign in and open the page of the interview."""
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        await page.goto(f"{server.base_url}/hr/sign-in")
        await page.get_by_label("E-mail").fill(OWNER)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/hr")
        await page.goto(f"{server.base_url}/hr/interviews/{interview.session_id}")
        return cls(page)

    async def watch(self) -> None:
        """Press the button, and wait for the first picture."""
        await self.page.evaluate(READ_COUNTERS)
        await self.start.click()
        await until(self.shown, within_s=SHOWN_WITHIN_S)

    @property
    def start(self) -> Locator:
        """The button that begins."""
        return self.page.locator("#live-start")

    @property
    def status(self) -> Locator:
        """The sentence for whoever wonders."""
        return self.page.locator("#live-status")

    async def time_s(self) -> float:
        """Where the element is, seconds of the part."""
        time_s: float = await self.page.evaluate("document.getElementById('live-video').currentTime")
        return time_s

    async def shown(self) -> list[tuple[float, int]]:
        """What has been shown so far: (wall clock in seconds, counter)."""
        shown: list[tuple[float, int]] = await self.page.evaluate("window.shown")
        return [(at_ms / 1000, counter) for at_ms, counter in shown]

    async def behind_s(self, started_at: float, last_s: float) -> list[float]:
        """How far each picture of the last seconds was behind the camera, whose counter 0 was due at `started_at`."""
        shown = await self.shown()
        newest = shown[-1][0]
        return [at - (started_at + n / FRAMES_PER_SECOND) for at, n in shown if at > newest - last_s]

    async def shows_later_than(self, counter: int) -> bool:
        """Whether the newest picture is from after that counter."""
        shown = await self.shown()
        return bool(shown) and shown[-1][1] > counter

    async def is_live(self, started_at: float, within_s: float) -> bool:
        """Whether the newest picture is from that camera, and not older than so many seconds."""
        at, counter = (await self.shown())[-1]
        behind_s = at - (started_at + counter / FRAMES_PER_SECOND)
        now: float = await self.page.evaluate("(performance.timeOrigin + performance.now()) / 1000")
        return -1 < behind_s < within_s and now - at < 1

    async def longest_pause_s(self, last_s: float) -> float:
        """The longest time for which playing stood still within the last seconds."""
        seen: list[tuple[float, float]] = await self.page.evaluate("window.sounding")
        newest = seen[-1][0]
        recent = [(at / 1000, time_s) for at, time_s in seen if at > newest - last_s * 1000]
        longest, since = 0.0, recent[0]
        for at, time_s in recent[1:]:
            if time_s != since[1]:
                since = (at, time_s)
            longest = max(longest, at - since[0])
        return longest

    async def seek(self, ms: int) -> float:
        """Move the bar; seconds until a picture from there was shown."""
        took: float = await self.page.evaluate(
            """ms => new Promise((resolve) => {
                const [bar, video] = [document.getElementById('live-seek'), document.getElementById('live-video')];
                const began = performance.now();
                bar.value = String(ms / 100);
                bar.dispatchEvent(new Event('input'));
                bar.dispatchEvent(new Event('change'));
                const shown = (_, {mediaTime}) => {
                    if (Math.abs(mediaTime - ms / 1000) < 1) resolve((performance.now() - began) / 1000);
                    else video.requestVideoFrameCallback(shown);
                };
                video.requestVideoFrameCallback(shown);
            })""",
            ms,
        )
        return took


def middle(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)
