"""HR's pages: sign in, the list, Interview Results."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, NEW_HR_EMAIL, Invitation, Place
from tests.browser.pages.visitor import Visitor, record_in_one_go

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def in_two_parts(place: Place, chromium_here: Browser) -> Invitation:
    """A finished interview whose page was left once."""
    invitation = await place.invite(candidate="Jane Smith")
    context = await chromium_here.new_context()
    visitor = Visitor(await context.new_page())
    await visitor.records(invitation.link)
    await visitor.has_saved(2)
    await visitor.page.goto("about:blank")
    await visitor.page.goto(invitation.link)
    await visitor.sees("back")
    await visitor.candidate.start()
    await visitor.has_saved(5)
    await visitor.candidate.finish()
    await context.close()
    return invitation


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def in_one_part(place: Place, chromium_here: Browser) -> Invitation:
    """A finished interview, recorded in one go."""
    invitation = await place.invite(candidate="Ana Beispiel")
    await record_in_one_go(chromium_here, invitation.link)
    return invitation


@pytest_asyncio.fixture(loop_scope="session")
async def hr(place: Place, visitor: Visitor) -> Visitor:
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    return visitor


async def test_a_wrong_password_is_told_and_the_email_stays(place: Place, visitor: Visitor) -> None:
    await visitor.page.goto(f"{place.url}/hr")
    await visitor.page.get_by_label("E-mail").fill(HR_EMAIL)
    await visitor.page.get_by_label("Password").fill("not the password")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.get_by_role("alert")).to_contain_text("do not belong together")
    await expect(visitor.page.get_by_label("E-mail")).to_have_value(HR_EMAIL)
    await expect(visitor.page.get_by_label("Password")).to_be_focused()


async def test_signing_in_leads_to_the_page_that_was_asked_for(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite()
    await visitor.page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    await visitor.page.get_by_label("E-mail").fill(HR_EMAIL)
    await visitor.page.get_by_label("Password").fill(HR_PASSWORD)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.get_by_role("heading", name="Interview Results")).to_be_visible()


async def test_signing_out(place: Place, hr: Visitor) -> None:
    await hr.page.get_by_role("button", name="Sign out").click()
    await expect(hr.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await hr.page.goto(f"{place.url}/hr")
    await expect(hr.page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_the_list_sorts_by_keyboard(place: Place, hr: Visitor) -> None:
    for name in ("Zoe Doe", "Abel Doe"):
        await place.invite(candidate=name)
    await hr.page.reload()
    head = hr.page.get_by_role("columnheader", name="Candidate")
    await expect(hr.page.get_by_role("columnheader", name="Date", exact=True)).to_have_attribute(
        "aria-sort", "descending"
    )
    await head.get_by_role("link").focus()
    await hr.page.keyboard.press("Enter")
    await expect(head).to_have_attribute("aria-sort", "ascending")
    await expect(head.get_by_role("link")).to_be_focused()
    names = hr.page.locator("#interviews tbody .list__name a")
    assert (await names.all_inner_texts()) == sorted(await names.all_inner_texts(), key=str.casefold)
    await hr.page.keyboard.press("Enter")
    await expect(head).to_have_attribute("aria-sort", "descending")
    await expect(names.first).to_have_text("Zoe Doe")


async def test_joined_parts_play_as_one_and_download(place: Place, hr: Visitor, in_two_parts: Invitation) -> None:
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{in_two_parts.session_id}")
    await expect(page.locator("#parts tbody tr")).to_have_count(2)
    await expect(page.locator("#parts tbody tr", has_text="640 \u00d7 480")).to_have_count(2)
    await expect(page.locator("#part-now")).to_have_text("Part 1 of 2")
    await expect(page.get_by_role("link", name="Download Interview Video")).to_be_visible()
    await hr.has_no_barriers()
    await page.locator("#speed").select_option("2")
    await page.locator("h1").click()
    await page.keyboard.press("Space")
    await expect(page.locator("#toggle")).to_have_attribute("aria-label", "Pause")
    await expect(page.locator("#part-now")).to_have_text("Part 2 of 2", timeout=30_000)
    await expect(page.locator("#toggle")).to_have_attribute("aria-label", "Play", timeout=30_000)
    assert await page.locator("#time-now").inner_text() == await page.locator("#time-total").inner_text()


async def test_seeking_goes_across_parts(place: Place, hr: Visitor, in_two_parts: Invitation) -> None:
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{in_two_parts.session_id}")
    seek = page.locator("#seek")
    last = await seek.get_attribute("max")
    await seek.fill(str(int(last or "0") - 5))
    await expect(page.locator("#part-now")).to_have_text("Part 2 of 2")
    await seek.press("ArrowLeft")
    await seek.press("ArrowLeft")
    await seek.press("ArrowLeft")
    await expect(page.locator("#part-now")).to_have_text("Part 1 of 2")
    await expect(page.locator("#time-now")).to_have_text("0:00")


async def test_a_recording_plays_and_downloads(place: Place, hr: Visitor, in_one_part: Invitation) -> None:
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{in_one_part.session_id}")
    await page.locator("#toggle").click()
    await expect(page.locator("#time-now")).to_have_text("0:01")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download Interview Video").click()
    download = await downloading.value
    assert download.suggested_filename == f"interview_{in_one_part.session_id}.webm"
    assert (await download.path()).stat().st_size > 10_000


async def test_an_interview_without_recording_says_what_comes(place: Place, hr: Visitor) -> None:
    invitation = await place.invite()
    await hr.page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    await expect(hr.page.locator("#player")).to_contain_text("Nothing has been recorded yet.")
    await expect(hr.page.get_by_role("button", name="Download Interview Video")).to_be_disabled()


async def test_the_list_follows_the_typing(place: Place, hr: Visitor) -> None:
    for name in ("Zoë Fröhlich", "Abel Traurig"):
        await place.invite(candidate=name)
    await hr.page.goto(f"{place.url}/hr")
    search = hr.page.get_by_role("searchbox")
    await search.press_sequentially("frohl")
    names = hr.page.locator("#interviews tbody .list__name a")
    await expect(names).to_have_text(["Zoë Fröhlich"])
    await expect(search).to_be_focused()
    await expect(hr.page.locator("#list-said")).to_have_text("1 interview")
    assert hr.page.url.endswith("?search=frohl"), "the address can be kept and shared"
    await search.press_sequentially("nothing like it")
    await expect(hr.page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await hr.has_no_barriers()
    await hr.fits()
    await hr.page.get_by_role("link", name="Show all interviews").click()
    await expect(names.first).to_be_visible()
    await hr.has_no_barriers()


async def test_a_state_is_a_filter_that_a_search_keeps(place: Place, hr: Visitor, in_one_part: Invitation) -> None:
    await place.invite(candidate="Ana Anders")
    await hr.page.goto(f"{place.url}/hr?search=ana")
    chips = hr.page.get_by_role("navigation", name="State")
    await chips.get_by_role("link", name="Ready").click()
    names = hr.page.locator("#interviews tbody .list__name a")
    await expect(names).to_have_text(["Ana Beispiel"])
    await expect(chips.get_by_role("link", name="Ready")).to_have_attribute("aria-current", "true")
    await hr.page.get_by_role("searchbox").fill("anders")
    await expect(hr.page.get_by_role("heading", name="Nothing found")).to_be_visible()


async def test_more_rows_come_below_the_present_ones(place: Place, hr: Visitor) -> None:
    for number in range(3):
        await place.invite(candidate=f"Row {number}")
    await hr.page.goto(f"{place.url}/hr?search=row&sort=name&limit=2")
    names = hr.page.locator("#interviews tbody .list__name a")
    await expect(names).to_have_text(["Row 0", "Row 1"])
    await hr.page.get_by_role("link", name="Show 2 more").click()
    await expect(names).to_have_text(["Row 0", "Row 1", "Row 2"])
    await expect(names.nth(2)).to_be_focused()
    await expect(hr.page.get_by_role("link", name="Show 2 more")).to_have_count(0)


async def test_the_empty_list_says_what_to_do_next(place: Place, visitor: Visitor) -> None:
    await visitor.signs_in(place.url, NEW_HR_EMAIL, HR_PASSWORD)
    await expect(visitor.page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    await expect(visitor.page.get_by_role("link", name="Create a job")).to_be_visible()
    await visitor.has_no_barriers()
    await visitor.fits()


async def test_dates_are_the_readers_own(place: Place, hr: Visitor) -> None:
    await place.invite()
    await hr.page.reload()
    date = hr.page.locator("#interviews time").first
    await expect(date).not_to_contain_text("UTC")
    await expect(date).to_have_attribute("title", re.compile(r"\d{4}"))
