"""Interview Results: an MP4 that is asked for, followed and downloaded; a ZIP of everything."""

import re
import zipfile
from pathlib import Path

import av
import pytest
import pytest_asyncio
from aiohttp import ClientSession, FormData
from playwright.async_api import Page, Route, expect

from db import interviews
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Invitation, Place
from tests.browser.pages.reducer import call
from tests.browser.pages.visitor import Visitor
from tests.media_server.foreign import recorded

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def stored(place: Place) -> Invitation:
    """An interview with a recording of four seconds."""
    invitation = await place.invite(candidate="Zoë Müller")
    async with place.services.database.writing() as db_session:
        now = place.services.clock.utc_now()
        await interviews.give_consent(db_session, invitation.session_id, "2026-11-1", "a test", now)
    form = FormData()
    form.add_field("video_file", recorded(), filename="interview.webm", content_type="video/webm")
    url = f"{place.url}/api/interviews/{invitation.session_id}/upload-video"
    headers = {"Authorization": f"Bearer {place.hr_token}"}
    async with ClientSession(headers=headers) as http, http.post(url, data=form) as response:
        assert response.status == 200, await response.text()
    await place.services.live_interviews.finish(invitation.session_id)
    return invitation


@pytest_asyncio.fixture(loop_scope="session")
async def hr(place: Place, visitor: Visitor) -> Visitor:
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    return visitor


async def test_an_mp4_is_asked_for_followed_and_downloaded(place: Place, hr: Visitor, stored: Invitation) -> None:
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{stored.session_id}")
    before = await page.locator("#mp4-ask").bounding_box()
    await page.locator("#mp4-ask").focus()
    async with page.expect_download(timeout=60_000) as downloading:
        await page.keyboard.press("Enter")
        await expect(page.locator("#mp4-said")).to_have_text(re.compile("is being made"))
        await expect(page.locator("#mp4-progress")).to_be_visible()
        assert await page.locator("#mp4-ask").get_attribute("aria-disabled") == "true"
        assert await page.locator("#mp4-ask").bounding_box() == before
    download = await downloading.value
    assert download.suggested_filename == f"interview_{stored.session_id}.mp4"
    with av.open(str(await download.path())) as mp4:
        assert (mp4.streams.video[0].codec_context.name, mp4.streams.audio[0].codec_context.name) == ("h264", "aac")
    await expect(page.locator("#mp4-file")).to_be_focused()
    await expect(page.locator("#mp4-file")).to_have_text(re.compile(r"MP4, \d+\.\d MB"))
    await expect(page.locator("#mp4-ask")).to_be_hidden()
    await page.reload()
    await expect(page.locator("#mp4-file")).to_have_text(re.compile(r"MP4, \d+\.\d+ MB"))
    await expect(page.locator("#mp4-said")).to_contain_text("is kept until")
    await hr.has_no_barriers()
    await hr.fits()


async def test_a_page_that_is_opened_again_follows_what_was_asked_for(
    place: Place, hr: Visitor, stored: Invitation
) -> None:
    page, answers = hr.page, iter([(200, 0.42), (503, 0.0), (200, 0.95)])

    async def tell(route: Route) -> None:
        status, progress = next(answers, (200, 1.0))
        told = {"state": "ready" if progress == 1.0 else "running", "progress": progress, "size_bytes": 1_234_567}
        await route.fulfill(status=status, json=told)

    await page.route("**/exports/mp4", tell)
    await page.goto(f"{place.url}/hr/interviews/{stored.session_id}")
    await page.evaluate("document.getElementById('downloads').dataset.state = 'running'")
    await page.evaluate("""async () => {
        const { Mp4 } = await import(document.querySelector('script[src$="export_main.js"]').src.replace('_main', ''));
        new Mp4(document).start();
    }""")
    await expect(page.locator("#mp4-share")).to_have_text("42 %")
    await hr.has_no_barriers()
    await expect(page.locator("#mp4-said")).to_have_text(re.compile("cannot be reached"))
    await expect(page.locator("#mp4-share")).to_have_text("95 %")
    await expect(page.locator("#mp4-said")).to_have_text("The MP4 is ready.")
    await expect(page.locator("#mp4-file")).to_have_text("MP4, 1.2 MB")


async def test_everything_comes_as_a_zip(place: Place, hr: Visitor, stored: Invitation) -> None:
    await hr.page.goto(f"{place.url}/hr/interviews/{stored.session_id}")
    async with hr.page.expect_download() as downloading:
        await hr.page.get_by_role("link", name="All as ZIP").click()
    path = Path(await (await downloading.value).path())
    with zipfile.ZipFile(path) as archive:
        assert any(name.endswith(".webm") for name in archive.namelist())


@pytest.mark.parametrize(("progress", "percent"), [(-1, 0), (0, 0), (0.429, 42), (0.999, 99), (1, 100)])
async def test_all_of_it_is_said_of_all_of_it_alone(modules: Page, progress: float, percent: int) -> None:
    assert await call(modules, "hr/export.js", "percentOf", progress) == percent
