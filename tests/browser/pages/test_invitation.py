"""HR invites somebody, and changes what their link opens."""

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Place
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def hr(place: Place, visitor: Visitor) -> Visitor:
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    return visitor


async def test_a_candidate_is_invited_and_the_link_copied(place: Place, hr: Visitor, context: BrowserContext) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=place.url)
    page = hr.page
    await page.get_by_role("link", name="Invite a candidate").first.click()
    await hr.has_no_barriers()
    await hr.fits()
    await page.get_by_label("Job").select_option(label="Nurse")
    await page.get_by_label("E-mail").fill("nobody")
    await page.get_by_role("button", name="Create the link").click()
    await expect(page.get_by_text("Write the candidate's name.")).to_be_visible()
    hr.complaints.clear()  # the browser says that the form was refused, which it was
    await expect(page.get_by_label("E-mail")).to_have_value("nobody")
    await expect(page.get_by_label("Job")).to_have_value(
        await page.locator("option", has_text="Nurse").get_attribute("value") or ""
    )
    await hr.has_no_barriers()
    await page.get_by_label("Name").fill("Mia Müller")
    await page.get_by_label("E-mail").fill("mia@example.org")
    await page.get_by_role("button", name="Create the link").click()
    await expect(page.get_by_role("heading", name="The link is ready")).to_be_visible()
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.locator("#invitation-said")).to_have_text("The link is copied.")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == await page.get_by_label("Link for the candidate").input_value()
    await hr.has_no_barriers()
    await hr.fits()
    await page.goto(copied)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/i/" in page.url


async def test_a_link_is_revoked_made_anew_and_extended(place: Place, hr: Visitor) -> None:
    invitation = await place.invite(candidate="Jane Smith")
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    link = page.get_by_label("Link for the candidate")
    first = await link.input_value()
    await page.get_by_role("button", name="Revoke").click()
    await hr.has_no_barriers()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke the link").click()
    await expect(page.locator("#invitation-said")).to_have_text("The link is revoked.")
    await expect(link).to_be_hidden()
    await expect(page.get_by_text("Nothing opens this interview now.")).to_be_visible()
    await page.get_by_role("button", name="New link").click()
    await page.get_by_role("dialog").get_by_role("button", name="Make a new link").click()
    await expect(link).to_be_visible()
    assert await link.input_value() != first
    await page.get_by_role("button", name="Extend").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("To the end of").fill("2099-12-31")
    await page.get_by_role("button", name="Save the day").click()
    await expect(page.locator("#invitation-deadline")).to_contain_text("2099")
    await expect(page.get_by_role("button", name="Extend")).to_be_focused()


async def test_an_interview_is_deleted_only_by_who_means_it(place: Place, hr: Visitor) -> None:
    invitation = await place.invite(candidate="Delete Me")
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    await page.get_by_role("button", name="Delete interview").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Delete for good").click()
    await expect(dialog).to_be_visible()  # the box was not ticked
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.get_by_role("button", name="Delete interview").click()
    await dialog.get_by_label("I want to delete it").check()
    await dialog.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("heading", name="Interviews", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="Delete Me")).to_have_count(0)


async def test_an_interview_on_legal_hold_is_kept_until_it_is_released(place: Place, hr: Visitor) -> None:
    invitation = await place.invite(candidate="Max Held")
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    await page.get_by_role("button", name="Put on legal hold…").click()
    await page.get_by_label("Why").fill("Court case 12/26")
    await hr.has_no_barriers()
    await page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    await expect(page.get_by_text("On legal hold: nobody deletes it.")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("button", name="Delete interview…")).to_have_count(0)
    await hr.has_no_barriers()
    await hr.fits()
    await page.get_by_role("button", name="Release the hold…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Release", exact=True).click()
    await expect(page.get_by_role("button", name="Put on legal hold…")).to_be_visible(timeout=20_000)
