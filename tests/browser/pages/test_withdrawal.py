"""Declining on the notice, and withdrawing at any later moment: the camera goes off with the press."""

import pytest
from playwright.async_api import expect

from db import interviews
from tests.browser.pages import reducer
from tests.browser.pages.place import CONTROLLER, HR_EMAIL, Invitation, Place
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

IN_A_WHILE = 30_000
"Milliseconds; a server that is busy deletes later."


async def state_of(place: Place, invitation: Invitation) -> tuple[str, str | None]:
    async with place.services.database.reading() as db_session:
        interview = await interviews.get_interview(db_session, invitation.session_id)
    return interview.state.value, interview.end_reason


@pytest.mark.parametrize("language", ["en", "de"])
async def test_whoever_declines_is_asked_once_and_told_when(place: Place, visitor: Visitor, language: str) -> None:
    invitation, page = await place.invite(), visitor.page
    await page.goto(f"{invitation.link}?lang={language}")
    notice = await visitor.sees("notice")
    for said in (
        CONTROLLER,
        HR_EMAIL,
        "90",
        {"en": "Your agreement alone", "de": "Allein Ihr Einverständnis"}[language],
    ):
        await expect(notice.locator("#notice-passages")).to_contain_text(said)
    await visitor.has_no_barriers()
    await visitor.fits()
    offer = {"en": "I do not want this", "de": "Das möchte ich nicht"}[language]
    await notice.get_by_role("button", name=offer).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(HR_EMAIL)
    await expect(page.locator("#withdraw-no")).to_be_focused()
    await visitor.has_no_barriers()
    await visitor.fits()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert await state_of(place, invitation) == ("invited", None)
    await notice.get_by_role("button", name=offer).click()
    await page.locator("#withdraw-yes").click()
    said = {"en": "Nothing was recorded.", "de": "Es wurde nichts aufgezeichnet."}[language]
    await expect(page.locator("#withdrawn-said")).to_contain_text(said, timeout=IN_A_WHILE)
    await expect(page.locator("#withdrawn-title")).to_be_focused()
    await visitor.has_no_barriers()
    await visitor.fits()
    assert await state_of(place, invitation) == ("withdrawn", "declined")
    assert visitor.complaints == []


async def test_withdrawing_while_recording_stops_the_camera_and_deletes(place: Place, visitor: Visitor) -> None:
    invitation, page = await place.invite(), visitor.page
    await visitor.records(invitation.link)
    await visitor.has_saved(1)
    interview = await visitor.sees("interview")
    await visitor.fits()
    await interview.get_by_role("button", name="Withdraw…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("everything that was recorded, up to 0:0")
    await visitor.has_no_barriers()
    await page.get_by_role("button", name="Keep my interview").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#light")).to_have_attribute("data-light", "recording")
    await interview.get_by_role("button", name="Withdraw…").click()
    await page.get_by_role("button", name="Withdraw and delete").click()
    await visitor.sees("withdrawn")
    assert await page.evaluate("document.getElementById('self').srcObject") is None
    done = page.locator("#withdrawn-said")
    await expect(done).to_contain_text("Everything that was recorded is deleted.", timeout=IN_A_WHILE)
    async with place.services.database.reading() as db_session:
        row = await interviews.get_interview(db_session, invitation.session_id)
    assert (row.end_reason, row.parts, row.video_file_path) == ("withdrawn", [], None)


async def test_a_server_that_cannot_be_reached_is_asked_again_and_the_camera_is_off(
    place: Place, visitor: Visitor
) -> None:
    invitation, page = await place.invite(), visitor.page
    await visitor.reaches_devices(invitation.link)
    await expect(page.locator("#start")).to_be_visible()
    await page.route("**/withdraw", lambda route: route.fulfill(status=503, json={"type": "/problems/busy"}))
    await page.locator('[data-screen="devices"] [data-withdraw]').click()
    await expect(page.get_by_role("dialog")).to_contain_text("Nothing has been recorded yet")
    await page.get_by_role("button", name="Withdraw and delete").click()
    await expect(page.locator("#withdrawn-title")).to_have_text("You have not withdrawn yet")
    assert await page.evaluate("document.getElementById('preview').srcObject") is None
    await visitor.has_no_barriers()
    assert await state_of(place, invitation) == ("consented", None)
    await page.unroute("**/withdraw")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#withdrawn-title")).to_have_text(
        "You have withdrawn from this interview", timeout=IN_A_WHILE
    )


async def test_the_press_stops_everything_whatever_the_server_says(visitor: Visitor, place: Place) -> None:
    await visitor.page.goto(f"{place.url}/check")
    events = [*reducer.TO_RECORDING, {"type": "withdraw_pressed"}, {"type": "withdraw_confirmed"}]
    shown, commands = await reducer.flow(visitor.page, events)
    assert {"stop_publishing", "close_devices", "close_control", "withdraw"} <= set(commands[-1])
    assert (shown["screen"], shown["publishing"], shown["withdrawal"]["step"]) == ("withdrawn", False, "sending")
    shown, commands = await reducer.flow(visitor.page, [*events, {"type": "withdraw_failed"}])
    assert (shown["screen"], shown["withdrawal"]["step"]) == ("withdrawn", "failed")
    _, commands = await reducer.flow(visitor.page, [*events, {"type": "withdraw_confirmed"}])
    assert commands[-1] == []
    told = {"withdrawn_at": "2026-11-25T12:00:00Z", "declined": False, "erased": True}
    done, _ = await reducer.flow(visitor.page, [*events, {"type": "withdrawn", "told": told}])
    assert done["withdrawal"] == {"step": "done", "declined": False, "at": told["withdrawn_at"], "erased": True}
    for press in ("withdraw_confirmed", "withdraw_cancelled"):
        same, commands = await reducer.flow(visitor.page, [*reducer.TO_RECORDING, {"type": press}])
        assert (same["screen"], commands[-1]) == ("interview", [])


async def test_a_page_opened_afterwards_says_when(visitor: Visitor, place: Place) -> None:
    await visitor.page.goto(f"{place.url}/check")
    over = reducer.loaded(state="withdrawn", end_reason="declined", ended_at="2026-11-25T12:00:00Z", consent=None)
    shown, commands = await reducer.flow(visitor.page, [over])
    assert (shown["screen"], shown["withdrawal"]["declined"], commands) == ("withdrawn", True, [[]])
