"""The audit as an owner reads it, and who has copies, on Interview Results: on a phone, at a desk, with the keyboard."""

import re
from typing import Final, Literal

import pytest
from playwright.async_api import expect

from db import audit
from db.audit import Actor, ActorKind, AuditEvent
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Place
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
COLLEAGUE = Actor(ActorKind.USER, "a.colleague.with.a.long.name@recruiting.example.org")


async def test_an_owner_reads_filters_and_takes_the_audit(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite(candidate="Ada Audited")
    now = place.services.clock.utc_now()
    async with place.services.database.writing() as db_session:
        happened: tuple[tuple[AuditEvent, audit.Details], ...] = (
            (AuditEvent.INVITED, {}),
            (AuditEvent.PLAYED, {}),
            (AuditEvent.DOWNLOADED, {"what": "recording"}),
            (AuditEvent.RECORDING_STORED, {"sha256": "ab" * 32, "parts": 2}),
        )
        for event, details in happened:
            await audit.record(
                db_session, event, now, actor=COLLEAGUE, session_id=invitation.session_id, details=details
            )
    page = visitor.page
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    await page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    section = page.locator("#watched")
    await expect(section).to_contain_text("Copies that have left")
    await expect(section.get_by_role("listitem").first).to_contain_text(f"The recording{COLLEAGUE.name}")
    await expect(section).to_contain_text("Played the recording")
    await visitor.has_no_barriers()
    await section.get_by_role("link", name="All that happened").click()

    await expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    await expect(page.locator("body.scripted")).to_be_visible()
    rows = page.locator("#audit tbody tr")
    # The page itself may have looked at the link, which is a row as well.
    for said in ("Stored the recording", "Took a copy", "Played the recording", "Invited"):
        await expect(rows.filter(has_text=said)).to_have_count(1)
    for width in (1440, 360):
        await page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await visitor.has_no_barriers()
            assert await page.evaluate("document.documentElement.scrollWidth") <= width

    await page.get_by_label("What happened").select_option("downloaded")
    await page.get_by_role("button", name="Show").click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("the recording")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="CSV").click()
    download = await downloading.value
    assert re.fullmatch(r"audit_\d{8}_\d{6}\.csv", download.suggested_filename)
    text = (await download.path()).read_text(encoding="utf-8")
    assert text.count(COLLEAGUE.name) == 1

    await page.locator("#dates summary").click()
    await page.get_by_label("To", exact=True).fill("2020-01-01")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing that fits has happened.")).to_be_visible()
    await visitor.has_no_barriers()
    await page.get_by_role("link", name="Show everything").click()
    await expect(rows.nth(4)).to_be_visible()
