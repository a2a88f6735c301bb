"""Somebody's own account: password, sign-ins, tokens, webhooks."""

import itertools
import re

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, BrowserContext, expect

from db import people
from db.models import JobMember, JobRole
from tests.browser.pages.place import Place
from tests.browser.pages.visitor import Visitor
from tests.fakes.receiver import receiver
from web.passwords import hash_password

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PASSWORD, NEW_PASSWORD = "correct horse battery staple", "another horse, another staple"
numbers = itertools.count(1)


@pytest_asyncio.fixture(loop_scope="session")
async def email(place: Place) -> str:
    """Somebody of HR with a password of their own, a recruiter of the job."""
    email = f"account-{next(numbers)}@example.org"
    async with place.services.database.writing() as db_session:
        user = await people.add_user(db_session, email, hash_password(PASSWORD), place.services.clock.utc_now())
        db_session.add(JobMember(job_id=place.job, user_id=user.id, role=JobRole.RECRUITER))
    return email


@pytest_asyncio.fixture(loop_scope="session")
async def hr(place: Place, visitor: Visitor, email: str) -> Visitor:
    """The same, on their account page."""
    await visitor.signs_in(place.url, email, PASSWORD)
    await visitor.page.get_by_role("link", name="Account").click()
    await expect(visitor.page.get_by_role("heading", name="Your account")).to_be_visible()
    return visitor


async def test_a_token_is_made_shown_once_used_and_revoked(place: Place, hr: Visitor, context: BrowserContext) -> None:
    page = hr.page
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=place.url)
    await hr.has_no_barriers()
    await page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog", name="New API token")
    await dialog.get_by_label("Name").fill("Nightly export")
    await dialog.get_by_role("button", name="Make the token").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Choose at least one thing that it may do.")
    await hr.has_no_barriers()
    await dialog.get_by_label("Watch and download recordings").check()
    await dialog.get_by_role("button", name="Make the token").click()
    made = page.get_by_role("dialog", name="Copy your token")
    token = await made.get_by_label("Token").input_value()
    await made.get_by_role("button", name="Copy").click()
    await expect(made.get_by_role("status")).to_have_text("It is copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == token
    await hr.has_no_barriers()
    await made.get_by_role("button", name="I have it").click()
    row = page.locator("#tokens li", has_text="Nightly export")
    await expect(row).to_contain_text("recordings:read")
    await expect(row).to_contain_text("Never used")
    assert token not in await page.content()
    path = f"{place.url}/api/interviews/nothing/video/download"
    async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as program:
        async with program.get(path) as response:
            assert response.status == 404
        await row.get_by_role("button", name="Revoke Nightly export").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke the token").click()
        await expect(page.get_by_role("status").first).to_have_text("The token is revoked.")
        await expect(row).to_have_count(0)
        await expect(page.get_by_role("heading", name="API tokens")).to_be_focused()
        async with program.get(path) as response:
            assert response.status == 401


async def test_signing_out_elsewhere_and_another_password(
    place: Place, hr: Visitor, email: str, chromium_here: Browser
) -> None:
    page = hr.page
    for do in ("one", "others", "password"):
        elsewhere = await chromium_here.new_context()
        other = Visitor(await elsewhere.new_page())
        await other.signs_in(place.url, email, PASSWORD)
        await page.reload()
        await expect(page.locator("#logins li")).to_have_count(2)
        await expect(page.locator("#logins li", has_text="This browser")).to_have_count(1)
        if do == "one":
            await page.get_by_role("button", name=re.compile("^Sign out Chrome on Linux")).click()
        elif do == "others":
            await page.get_by_role("button", name="Sign out everywhere else").click()
        else:
            await page.get_by_label("Present password").fill("wrong horse battery")
            await page.get_by_label("New password").fill(NEW_PASSWORD)
            await page.get_by_role("button", name="Change password").click()
            await expect(page.locator("#said")).to_contain_text("The present password is another one")
            await page.get_by_label("Present password").fill(PASSWORD)
            await page.get_by_role("button", name="Change password").click()
            await expect(page.locator("#said")).to_contain_text("The password is changed.")
        await expect(page.locator("#logins li")).to_have_count(1)
        await other.page.goto(f"{place.url}/hr")
        await expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()
        await elsewhere.close()


async def test_a_webhook_is_made_tried_mended_and_removed(place: Place, hr: Visitor) -> None:
    page = hr.page
    async with receiver() as there:
        await page.get_by_role("button", name="New webhook").click()
        dialog = page.get_by_role("dialog", name="New webhook")
        await dialog.get_by_label("Address").fill("https://user@example.org/")
        await dialog.get_by_role("button", name="Make the webhook").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("every message is signed")
        await dialog.get_by_label("Address").fill(there.url)
        await hr.has_no_barriers()
        await dialog.get_by_role("button", name="Make the webhook").click()
        made = page.get_by_role("dialog", name="Copy the secret")
        assert (await made.get_by_label("Secret").input_value()).startswith("whsec_")
        await made.get_by_role("button", name="I have it").click()
        await expect(page.get_by_role("heading", name="Webhook")).to_be_visible()
        await expect(page.locator("#deliveries")).to_contain_text("No messages yet.")

        there.answers.extend([500, 500])
        await page.get_by_role("button", name="Send a test message").click()
        await expect(page.locator("#said")).to_contain_text("on its way")
        row = page.locator("#deliveries li")
        await expect(row).to_contain_text("Given up", timeout=20_000)
        await expect(row).to_contain_text("It answered 500.")
        await hr.has_no_barriers()
        await row.get_by_role("button", name=re.compile("again$")).click()
        await expect(row).to_contain_text("Delivered", timeout=20_000)
        assert len({message.id for message in there.messages}) == 1

        await page.get_by_role("button", name="New secret").click()
        await page.get_by_role("dialog").get_by_role("button", name="Make a new secret").click()
        await page.get_by_role("button", name="I have it").click()
        await page.get_by_role("button", name="Switch off").click()
        await expect(page.get_by_role("button", name="Switch on")).to_be_visible()
        await expect(page.get_by_role("button", name="Send a test message")).to_be_disabled()
        await page.get_by_role("button", name="Change").click()
        change = page.get_by_role("dialog", name="Change the webhook")
        await change.get_by_label("Interrupted").uncheck()
        await change.get_by_role("button", name="Save").click()
        await expect(
            page.get_by_text("Hears of: completed, ready, withdrawn, deleted, deletion asked for")
        ).to_be_visible()
        await hr.has_no_barriers()
        await hr.fits()
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("button", name="Delete the webhook").click()
        await expect(page.get_by_role("heading", name="Your account")).to_be_visible()
        await expect(page.locator("#webhooks")).to_have_count(0)


async def test_the_account_fits_a_phone_and_the_keyboard(place: Place, hr: Visitor) -> None:
    await hr.fits()
    await hr.has_no_barriers()
    await hr.page.get_by_role("button", name="New token").focus()
    await hr.page.keyboard.press("Enter")
    await expect(hr.page.get_by_label("Name")).to_be_focused()
    await hr.fits()
    await hr.page.keyboard.press("Escape")
    await expect(hr.page.get_by_role("button", name="New token")).to_be_focused()
