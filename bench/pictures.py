"""Pictures of every page, with a drawn candidate: for the README, and to be looked at.

Each screen is photographed at 360 and 1440 pixels, light and dark.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Literal

from playwright.async_api import BrowserContext, Page

from bench.stage import Stage, stage
from tests.live.browser import CandidatePage, page_says
from tests.live.harness import OWNER, Interview

PORTRAIT = Path(__file__).parent / "portrait.js"
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = {360: 740, 1440: 900}
TALKS_FOR_S = 8.0
ANSWERS_FOR_S = 5.0
TIME_AND_TAKES = ("--think", "30", "--answer", "120", "--takes", "2")


class Album:
    """Takes pictures into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def take(self, page: Page, name: str) -> None:
        """One screen in both widths and both themes."""
        for theme in THEMES:
            # Without motion, or a colour is caught on its way from one theme to the other.
            await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for width, height in WIDTHS.items():
                await page.set_viewport_size({"width": width, "height": height})
                await page.screenshot(path=self._folder / f"{name}-{width}-{theme}.png", full_page=True)


async def candidate_pages(scene: Stage, album: Album, interview: Interview) -> None:
    """Everything that a candidate sees, from the notice to the thanks."""
    context = await scene.browser.new_context(permissions=["camera", "microphone"])
    await context.add_init_script(path=PORTRAIT)
    candidate = CandidatePage(await context.new_page())
    await candidate.open(scene.server.candidate_url(interview))
    await preparation(candidate, album)
    await first_question(candidate, album)
    await second_question(candidate, album)
    await next_question(candidate, 3)
    await candidate.finish()
    await album.take(candidate.page, "thanks")
    await context.close()


async def preparation(candidate: CandidatePage, album: Album) -> None:
    """What comes before the recording."""
    await candidate.screen("notice").wait_for()
    await album.take(candidate.page, "notice")
    await candidate.consent()
    await candidate.page.locator("#start:visible, #turn-on:visible").first.wait_for()
    await album.take(candidate.page, "devices")
    for screen in ("expectations", "practice"):
        await candidate.page.locator("[data-go-on]:visible").click()
        await candidate.screen(screen).wait_for()
        await album.take(candidate.page, screen)


async def first_question(candidate: CandidatePage, album: Album) -> None:
    """Think, answer, answer again, pause."""
    await candidate.start()
    await album.take(candidate.page, "thinking")
    await candidate.wish("start-answer")
    await asyncio.sleep(TALKS_FOR_S)
    await album.take(candidate.page, "interview")
    await candidate.wish("end-answer")
    await album.take(candidate.page, "answered")
    await candidate.wish("retake")
    await asyncio.sleep(ANSWERS_FOR_S)
    await candidate.wish("end-answer")
    await album.take(candidate.page, "takes")
    await candidate.wish("pause")
    await album.take(candidate.page, "paused")


async def second_question(candidate: CandidatePage, album: Album) -> None:
    """Answer it, with a reload in the middle."""
    await candidate.wish("go-on")
    await next_question(candidate, 2)
    await candidate.page.reload()
    await candidate.screen("back").wait_for()
    await album.take(candidate.page, "back")
    await candidate.start()
    await asyncio.sleep(ANSWERS_FOR_S)


async def next_question(candidate: CandidatePage, number: int) -> None:
    """From the end of an answer, or from the middle of it, into the next answer."""
    if await candidate.page.locator("#end-answer").is_visible():
        await candidate.wish("end-answer")
    await candidate.wish("next-question")
    await candidate.is_asked(number)
    await candidate.wish("start-answer")
    await asyncio.sleep(ANSWERS_FOR_S)


async def hr_pages(scene: Stage, album: Album, interview: Interview, password: str) -> None:
    """Sign-in, list, results, jobs, invitation, account, the API to read."""
    context = await scene.browser.new_context()
    page = await context.new_page()
    await page.goto(f"{scene.server.base_url}/hr/sign-in")
    await album.take(page, "sign-in")
    await sign_in(page, password)
    await album.take(page, "list")
    await page.goto(f"{scene.server.base_url}/hr/interviews/{interview.session_id}")
    await page.locator("#video").wait_for()
    await page_says(page, "document.querySelector('video').readyState >= 2")
    await album.take(page, "results")
    others = {
        "jobs": "/hr/jobs",
        "job": f"/hr/jobs/{scene.job}",
        "new-job": "/hr/jobs/new",
        "invite": "/hr/invite",
        "account": "/hr/account",
        "reference": "/api/reference",
    }
    for name, path in others.items():
        await page.goto(scene.server.base_url + path)
        await page.wait_for_load_state("networkidle")
        await album.take(page, name)
    await check_page(context, scene, album)
    await context.close()


async def sign_in(page: Page, password: str) -> None:
    """Through the form, as people do."""
    await page.get_by_label("E-mail").fill(OWNER)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/hr")


async def check_page(context: BrowserContext, scene: Stage, album: Album) -> None:
    """The page that tries a device."""
    page = await context.new_page()
    await page.goto(f"{scene.server.base_url}/check")
    await album.take(page, "check")


async def run(folder: Path) -> None:
    """Take them all."""
    album = Album(folder)
    async with stage() as scene:
        interview = await scene.server.add_interview(scene.job, more=TIME_AND_TAKES)
        await candidate_pages(scene, album, interview)
        await hr_pages(scene, album, interview, "correct horse battery staple")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("bench/results/pictures"))
    folder = parser.parse_args().folder
    asyncio.run(run(folder))
    print(f"{len(list(folder.glob('*.png')))} pictures are in {folder}")


if __name__ == "__main__":
    main()
