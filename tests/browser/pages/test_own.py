"""The candidate's own page in a real browser: what it shows of each state, and that it opens nothing by the link alone."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect
from sqlalchemy import delete

from db import interviews
from db.models import OwnCode
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Invitation, Place
from tests.browser.pages.visitor import Visitor, record_in_one_go
from tests.fakes.mail_server import text_of
from tests.live.browser import page_says

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ADDRESS = "j•••@e•••.org"


@dataclass(frozen=True)
class Recorded:
    """A finished interview of somebody whose e-mail is known."""

    invitation: Invitation
    email: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recorded(place: Place, chromium_here: Browser) -> AsyncIterator[Recorded]:
    invitation = await place.invite(candidate="John Own")
    await record_in_one_go(chromium_here, invitation.link)
    async with place.services.database.writing() as db_session:
        (await interviews.get_interview(db_session, invitation.session_id)).candidate.email = "john@example.org"
    yield Recorded(invitation, "john@example.org")


async def _ready(page: Page) -> None:
    await expect(page.locator('[data-screen="own"]')).to_be_visible()


async def _looks_right(visitor: Visitor) -> None:
    for width in (1440, 360):
        await visitor.page.set_viewport_size({"width": width, "height": 900})
        await visitor.has_no_barriers()
        assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    await visitor.page.emulate_media(color_scheme="light")


async def test_a_code_opens_the_recording_in_this_browser(place: Place, visitor: Visitor, recorded: Recorded) -> None:
    page, invitation = visitor.page, recorded.invitation
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(invitation.link)
    await _ready(page)
    assert page.url == f"{place.url}/i/"
    assert invitation.token not in await page.content()
    await expect(page.locator("#own-stored")).to_contain_text(re.compile(r"\d:\d\d of picture and sound"))
    await expect(page.locator("#own-until")).to_contain_text("It is deleted on")
    await expect(page.locator("#own-player")).to_be_hidden()
    await _looks_right(visitor)
    async with place.services.database.writing() as db_session:
        await db_session.execute(delete(OwnCode))  # the minute between two codes is another test's matter
    before = len(place.mail.messages)
    await page.get_by_role("button", name=f"Send a code to {ADDRESS}").click()
    await expect(page.locator("#own-sent")).to_contain_text(ADDRESS)
    assert len(place.mail.messages) == before + 1
    await _looks_right(visitor)
    code = re.search(r"\b\d{6}\b", text_of(place.mail.messages[-1]))
    assert code is not None
    await page.locator("#own-code").fill(f"{(int(code[0]) + 1) % 1_000_000:06}")
    await page.locator("#own-code").press("Enter")
    await expect(page.locator("#own-problem")).to_contain_text("This is not the code")
    await page.locator("#own-code").fill(code[0])
    await page.locator("#own-code").press("Enter")
    player = page.locator("#own-player")
    await expect(player).to_be_visible()
    await page_says(page, "document.getElementById('own-player').readyState >= 2")
    await _looks_right(visitor)
    async with page.expect_download() as download:
        await page.locator("#own-export").click()
    exported = await download.value
    assert exported.suggested_filename == f"interview_{invitation.session_id}.zip"
    await exported.path()  # a reload would break off what is still on its way
    await page.reload()
    await _ready(page)
    await expect(player).to_be_visible()
    media = [url for url in asked if "/own/" in url]
    assert any(url.endswith("/own/recording") for url in media)
    assert not any(invitation.token in url for url in asked if not url.startswith(f"{place.url}/i/"))


async def test_in_german(place: Place, visitor: Visitor, recorded: Recorded) -> None:
    await visitor.page.goto(f"{recorded.invitation.link}?lang=de")
    await _ready(visitor.page)
    await expect(visitor.page.get_by_role("heading", name="Ihre eigene Aufnahme")).to_be_visible()
    await expect(visitor.page.locator("#own-until")).to_contain_text("gelöscht")
    await _looks_right(visitor)


async def test_a_release_opens_it_with_one_press(place: Place, visitor: Visitor, chromium_here: Browser) -> None:
    page, invitation = visitor.page, await place.invite(candidate="No Mail")
    await record_in_one_go(chromium_here, invitation.link)
    await page.goto(invitation.link)
    await _ready(page)
    await expect(page.locator("#own-see-said")).to_contain_text("they can release your recording")
    await _call(place, "PUT", f"{invitation.session_id}/own/release", {"released": True})
    await page.reload()
    await page.get_by_role("button", name="Open my recording").click()
    await expect(page.locator("#own-player")).to_be_visible()


async def test_deletion_from_the_wish_to_the_receipt(place: Place, visitor: Visitor, chromium_here: Browser) -> None:
    page, invitation = visitor.page, await place.invite(candidate="Jane Gone")
    await record_in_one_go(chromium_here, invitation.link)
    await page.goto(invitation.link)
    await _ready(page)
    await page.locator("#own-ask").click()
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator("#own-sure")).to_be_hidden()
    await page.locator("#own-ask").click()
    await expect(page.locator("#own-sure")).to_be_visible()
    await visitor.has_no_barriers()
    await page.locator("#own-yes").click()
    await expect(page.get_by_role("heading", name="You asked for deletion")).to_be_focused()
    await expect(page.locator("#own-ask")).to_be_hidden()
    await _looks_right(visitor)
    await _told(place, invitation)
    await _call(place, "POST", f"{invitation.session_id}/deletion-request/grant")
    await page.reload()
    await expect(page.get_by_role("heading", name="This interview was deleted")).to_be_visible()
    await expect(page.locator("#own-id")).to_have_text(invitation.session_id)
    own = await page.locator('[data-screen="own"]').inner_text()
    assert "Jane" not in own
    await _looks_right(visitor)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download receipt").click()
    receipt = (await (await download.value).path()).read_text()
    assert f"Interview: {invitation.session_id}" in receipt
    await page.goto(invitation.link)
    await expect(page.get_by_role("heading", name="This interview was deleted")).to_be_visible()


async def test_a_browser_that_cannot_record_still_shows_it(visitor: Visitor, recorded: Recorded) -> None:
    await visitor.page.add_init_script("delete window.RTCPeerConnection")
    await visitor.page.goto(recorded.invitation.link)
    await _ready(visitor.page)


async def test_the_thanks_lead_there(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite(candidate="Just Done")
    await visitor.records(invitation.link)
    await visitor.has_saved(2)
    await visitor.candidate.finish()
    await visitor.sees("thanks")
    await visitor.page.locator("#thanks-own").click()
    await _ready(visitor.page)


async def _told(place: Place, invitation: Invitation) -> None:
    """Until HR has been written to."""
    await place.services.own.requests.look()
    assert any(invitation.session_id in text_of(message) for message in place.mail.messages)


async def _call(place: Place, method: str, path: str, body: object = None) -> None:
    headers = {"Authorization": f"Bearer {place.hr_token}"}
    async with ClientSession(headers=headers, raise_for_status=True) as http:
        await http.request(method, f"{place.url}/api/interviews/{path}", json=body)


async def test_hr_sees_the_wish_releases_the_recording_and_deletes_it(
    place: Place, visitor: Visitor, chromium_here: Browser
) -> None:
    page, invitation = visitor.page, await place.invite(candidate="Hilde Own")
    await record_in_one_go(chromium_here, invitation.link)
    await place.services.own.requests.ask(invitation.session_id)
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    row = page.locator(f'tr[data-session-id="{invitation.session_id}"]')
    await expect(row).to_contain_text("Deletion asked for")
    await _looks_right(visitor)
    await page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    await expect(page.locator("#own-request")).to_contain_text("Deletion asked for")
    tick = page.get_by_label("Let the candidate watch and download their recording without a code")
    await tick.check()
    await expect(page.locator("#own-said")).to_contain_text("can see their recording now")
    await _looks_right(visitor)
    await page.reload()
    await expect(tick).to_be_checked()
    await page.get_by_role("button", name="Delete now…").click()
    await page.locator("#grant-dialog").get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("heading", name="Interviews", exact=True)).to_be_visible()
    await expect(row).to_have_count(0)
