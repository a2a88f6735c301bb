"""HR's list: searched while one types, filtered by days, sorted, and what can be done from a row."""

from collections.abc import AsyncIterator
from datetime import timedelta
from zipfile import ZipFile

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from db import interviews
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, NEW_HR_EMAIL, Invitation, Place
from tests.browser.pages.visitor import Visitor
from tests.media_server.foreign import recorded

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NAMES = ("Ana Zúñiga", "Bea Żak", "Cem Öztürk", "Dora Smith")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def invited(place: Place) -> dict[str, Invitation]:
    return {name: await place.invite(candidate=name) for name in NAMES}


@pytest_asyncio.fixture(loop_scope="session")
async def hr(place: Place, invited: dict[str, Invitation], visitor: Visitor) -> Visitor:
    del invited
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    return visitor


@pytest_asyncio.fixture(loop_scope="session")
async def without_scripts(place: Place, chromium_here: Browser) -> AsyncIterator[Visitor]:
    context = await chromium_here.new_context(java_script_enabled=False)
    visitor = Visitor(await context.new_page())
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    yield visitor
    await context.close()


async def good(visitor: Visitor) -> None:
    """As axe sees it in both themes, on a desk and on a phone."""
    for width in (1440, 360):
        await visitor.page.set_viewport_size({"width": width, "height": 740})
        await visitor.has_no_barriers()
    await visitor.fits()
    await visitor.page.set_viewport_size({"width": 1440, "height": 740})


async def test_the_list_follows_the_typing_and_its_address_can_be_kept(hr: Visitor) -> None:
    page, rows = hr.page, hr.page.locator("#interviews tbody tr")
    await good(hr)
    search = page.get_by_label("Search interviews")
    top = "document.getElementById('list').getBoundingClientRect().top"
    before = await page.evaluate(top)
    await search.press_sequentially("zuniga")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Ana Zúñiga")
    await expect(search).to_be_focused()
    assert await page.evaluate(top) == before, "nothing jumps"
    await expect(page.locator("#list-said")).to_have_text("1 interview")
    assert "search=zuniga" in page.url
    await page.reload()
    await expect(rows).to_have_count(1)
    await page.get_by_label("Search interviews").fill("nobody of this name")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await good(hr)
    await page.get_by_role("link", name="Show all interviews").click()
    await expect(rows.filter(has_text="Dora Smith")).to_have_count(1)


async def test_days_are_the_readers_own(place: Place, hr: Visitor) -> None:
    page, rows = hr.page, hr.page.locator("#interviews tbody tr")
    today = await page.evaluate("new Date().toLocaleDateString('sv')")
    await page.locator("#dates summary").click()
    await good(hr)
    await page.get_by_label("To", exact=True).fill("2020-01-31")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await expect(page.locator("#dates-said")).to_have_text("To Jan 31, 2020")
    await page.get_by_label("To", exact=True).fill(today)
    await page.get_by_label("From", exact=True).fill(today)
    await expect(rows.filter(has_text="Bea Żak")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.locator("#dates summary")).to_be_focused()
    await page.get_by_role("columnheader", name="Candidate").get_by_role("link").click()
    await expect(page.get_by_role("columnheader", name="Candidate")).to_have_attribute("aria-sort", "ascending")
    assert f"from_day={today}" in page.url, "an order keeps the filter"
    await page.locator("#dates summary").click()
    await page.get_by_role("button", name="Any date").click()
    await expect(page.locator("#dates-said")).to_have_text("Any date")
    await page.wait_for_url(lambda url: "from_day" not in url)
    assert page.url.startswith(place.url)


async def test_a_row_has_a_menu_for_the_keyboard(
    place: Place, hr: Visitor, context: BrowserContext, invited: dict[str, Invitation]
) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=place.url)
    page = hr.page
    opener = page.get_by_role("button", name="Actions for Cem Öztürk")
    await opener.focus()
    await page.keyboard.press("Enter")
    menu = page.locator("#row-menu")
    await expect(menu.get_by_role("link", name="Open", exact=True)).to_be_focused()
    await expect(opener).to_have_attribute("aria-expanded", "true")
    await hr.has_no_barriers()
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(opener).to_be_focused()
    await expect(opener).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await expect(menu.get_by_role("button", name="Copy link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#list-toast")).to_have_text("The link is copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == invited["Cem Öztürk"].link
    await expect(opener).to_be_focused()
    await page.keyboard.press("Enter")
    await menu.get_by_role("link", name="Extend").click()
    await expect(page.get_by_role("heading", name="Until when is the link good?")).to_be_visible()
    assert "#" not in page.url, "a reload does not ask again"
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Extend")).to_be_focused()


async def test_what_expired_can_be_opened_again_from_its_row(
    place: Place, hr: Visitor, invited: dict[str, Invitation]
) -> None:
    page, session_id = hr.page, invited["Dora Smith"].session_id
    async with place.services.database.writing() as db_session:
        await interviews.reach_deadline(db_session, session_id, place.services.clock.utc_now() + timedelta(days=8))
    await page.goto(f"{place.url}/hr?search=dora&state=expired")
    await page.get_by_role("button", name="Actions for Dora Smith").click()
    await expect(page.locator("#row-menu").get_by_role("link")).to_have_text(["Open", "Open again…", "Delete…"])
    await page.locator("#row-menu").get_by_role("link", name="Open again").click()
    await page.get_by_label("To the end of").fill("2099-12-31")
    await page.get_by_role("button", name="Save the day").click()
    await expect(page.get_by_label("Link for the candidate")).to_have_value(invited["Dora Smith"].link)
    await expect(page.locator("#invitation-deadline")).to_contain_text("2099")


async def test_without_scripts_all_of_it_is_there(place: Place, without_scripts: Visitor) -> None:
    page, rows = without_scripts.page, without_scripts.page.locator("#interviews tbody tr")
    await page.get_by_label("Search interviews").fill("żak nurse")
    await page.get_by_role("button", name="Search").click()
    await expect(rows).to_have_count(1)
    await page.get_by_role("columnheader", name="Candidate").get_by_role("link").click()
    await expect(page.get_by_role("columnheader", name="Candidate")).to_have_attribute("aria-sort", "ascending")
    await expect(rows).to_have_count(1)
    await page.goto(f"{place.url}/hr?limit=2&sort=name")
    await page.get_by_role("link", name="Show 2 more").click()
    await expect(page.get_by_role("link", name="Back to the beginning")).to_be_visible()
    await expect(page.get_by_role("button", name="Actions for").first).to_be_hidden()


async def test_ticked_interviews_come_as_one_zip(place: Place, hr: Visitor) -> None:
    page = hr.page
    film = recorded()
    for name in ("Zip One", "Zip Two", "Zip Three"):
        invitation = await place.invite(candidate=name)
        await place.hand_in(invitation, film)
    await page.goto(f"{place.url}/hr?search=zip&sort=name")
    bar = page.locator("#selected")
    await expect(bar).to_be_hidden()
    top = "document.querySelector('#interviews tbody').getBoundingClientRect().top"
    before = await page.evaluate(top)
    first = page.get_by_label("Select Zip One")
    await first.focus()
    await page.keyboard.press("Space")
    await expect(bar).to_contain_text("1 selected")
    assert await page.evaluate(top) == before, "nothing jumps"
    await page.get_by_label("Select Zip Two").click(modifiers=["Shift"])
    await expect(bar).to_contain_text("3 selected")  # by name: One, Three, Two
    await good(hr)
    await page.get_by_label("Select Zip Three").uncheck()
    await expect(page.get_by_label("Select all that are shown")).to_have_js_property("indeterminate", value=True)
    await page.get_by_label("Search interviews").fill("two")
    await expect(bar).to_contain_text("1 selected")
    await page.get_by_label("Select all that are shown").uncheck()
    await expect(bar).to_be_hidden()
    await page.get_by_label("Search interviews").fill("zip")
    await page.get_by_label("Select Zip Three").check()
    await page.get_by_label("Select Zip Two").check()
    await expect(bar).to_contain_text("2 selected")
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download selected (ZIP)").click()
    names = ZipFile(await (await downloading.value).path()).namelist()
    assert {name.partition("/")[0] for name in names} == {"Zip_Two", "Zip_Three"}
    await page.get_by_role("button", name="Clear").click()
    await expect(bar).to_be_hidden()


async def test_who_has_no_job_is_told_what_to_do(place: Place, visitor: Visitor) -> None:
    await visitor.signs_in(place.url, NEW_HR_EMAIL, HR_PASSWORD)
    await expect(visitor.page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    await good(visitor)
