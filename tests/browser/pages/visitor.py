"""What people do in front of a page, and what they see."""

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Error, Locator, Page, expect

from tests.live.browser import CandidatePage

EXPECTED = re.compile(
    r"Failed to load resource: the server responded with a status of (400|401|403|404|409|412|422|503)"
    r"|The Cross-Origin-Opener-Policy header has been ignored, because the URL's origin was untrustworthy"
)
"What Chromium itself writes of refused requests and of pages without TLS; some tests are about just these."


MOST_TABS = 20
"A screen that needs more to get anywhere is no screen for the keyboard."


class Visitor:
    """A page, and what its console complains of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.candidate = CandidatePage(page)
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", self._hear_error)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED.match(message.text):
            self.complaints.append(message.text)

    def _hear_error(self, error: Error) -> None:
        self.complaints.append(str(error))

    async def sees(self, name: str) -> Locator:
        """Wait for one of the candidate's screens."""
        screen = self.candidate.screen(name)
        await expect(screen).to_be_visible()
        return screen

    async def reaches_devices(self, link: str) -> None:
        """Open the link and agree."""
        await self.page.goto(link)
        await self.sees("notice")
        await self.candidate.consent()
        await self.sees("devices")

    async def records(self, link: str) -> None:
        """Open the link, agree, start, and wait until something is saved."""
        await self.reaches_devices(link)
        await self.candidate.start()

    async def has_saved(self, seconds: int) -> None:
        """Wait until the page says that this much of the interview is saved, below ten seconds."""
        await expect(self.page.locator("#saved-said")).to_have_text(re.compile(rf"0:0[{seconds}-9]"), timeout=20_000)

    async def signs_in(self, url: str, email: str, password: str) -> None:
        """As somebody of HR."""
        await self.page.goto(f"{url}/hr")
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("heading", name="Interviews", exact=True)).to_be_visible()

    async def tabs_to(self, selector: str) -> None:
        """Go there with the Tab key alone."""
        for _ in range(MOST_TABS):
            await self.page.keyboard.press("Tab")
            if await self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    async def has_no_barriers(self) -> None:
        """What axe finds on the page as it is now, in light and in dark: nothing."""
        for scheme in ("light", "dark"):
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found: dict[str, Any] = (await Axe().run(self.page)).response
            barriers = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
            assert not barriers, f"in the {scheme} theme: {barriers}"

    async def fits(self) -> None:
        """Nothing sticks out of a phone's screen."""
        await self.page.set_viewport_size({"width": 360, "height": 740})
        width: int = await self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{width} pixels wide"


async def record_in_one_go(browser: Browser, link: str) -> None:
    """A short interview in a browser profile of its own, from the link to its end."""
    context = await browser.new_context()
    visitor = Visitor(await context.new_page())
    await visitor.records(link)
    await visitor.has_saved(2)
    await visitor.candidate.finish()
    await context.close()


def static_text(name: str) -> str:
    """A file of web/static."""
    return (Path(__file__).parents[3] / "web" / "static" / name).read_text()
