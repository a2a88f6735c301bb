"""Every page of the table of routes, as somebody of HR finds it: both themes, both widths, nothing that axe finds, nothing that sticks out."""

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser

from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Invitation, Place
from tests.browser.pages.visitor import Visitor, record_in_one_go
from web.endpoint import Endpoint
from web.table import endpoints

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WIDTHS = (1440, 360)
CANDIDATES = {"/i/", "/i/{token}", "/check"}
"Candidates' pages have many screens; test_everybody goes through them."
NO_PAGES = {"/", "/hr/sign-in/{token}"}
"They lead on to others."


def pages() -> list[Endpoint]:
    return [each for each in endpoints() if each.doc is None and each.method == "GET"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watched(place: Place, chromium_here: Browser) -> Invitation:
    """An interview with something to see."""
    invitation = await place.invite(candidate="Every Page")
    await record_in_one_go(chromium_here, invitation.link)
    return invitation


async def made_webhook(place: Place) -> str:
    """The id of a webhook of HR's."""
    headers = {"Authorization": f"Bearer {place.hr_token}"}
    body = {"url": "https://jobs.example.org/hook"}
    async with (
        ClientSession(headers=headers, raise_for_status=True) as http,
        http.post(f"{place.url}/api/webhooks", json=body) as response,
    ):
        return str((await response.json())["id"])


@pytest.mark.parametrize("path", sorted({each.path for each in pages()} - CANDIDATES - NO_PAGES))
async def test_a_page_of_hrs(place: Place, visitor: Visitor, watched: Invitation, path: str) -> None:
    webhook = await made_webhook(place) if "{webhook_id}" in path else ""
    if path != "/hr/sign-in":
        await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    address = path.replace("{session_id}", watched.session_id).replace("{job_id}", str(place.job))
    address = address.replace("{webhook_id}", webhook)
    assert "{" not in address, f"this test does not know what stands for the rest of {path}"
    for width in WIDTHS:
        await visitor.page.set_viewport_size({"width": width, "height": 900})
        response = await visitor.page.goto(place.url + address)
        assert response is not None
        assert response.status == 200
        await visitor.page.wait_for_load_state("networkidle")
        assert await visitor.page.locator("h1").count() == 1
        await visitor.has_no_barriers()
        sticks_out: int = await visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert sticks_out <= 0, f"{sticks_out} pixels stick out at {width}"
