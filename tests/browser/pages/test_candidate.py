"""The candidate's way through the page, and what happens when something comes between."""

import asyncio
import json

import aiohttp
import pytest
from playwright.async_api import BrowserContext, Route, WebSocketRoute, expect

from tests.browser.pages.devices import COUNT_OPENINGS
from tests.browser.pages.place import Invitation, Place
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_token_leaves_the_address_and_a_reload_works(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite()
    await visitor.page.goto(invitation.link)
    await visitor.sees("notice")
    assert visitor.page.url == f"{place.url}/i/"
    assert invitation.token not in await visitor.page.content()
    await visitor.page.reload()
    await expect(await visitor.sees("notice")).to_contain_text("Hello John Doe")


async def test_a_new_tab_without_a_link_asks_for_it(place: Place, visitor: Visitor) -> None:
    await visitor.page.goto(f"{place.url}/i/")
    await expect(await visitor.sees("problem")).to_contain_text("Open your link again")


async def test_an_unknown_link_is_told_plainly(place: Place, visitor: Visitor) -> None:
    response = await visitor.page.goto(f"{place.url}/i/not-a-token")
    assert response is not None
    assert response.status == 401
    await expect(visitor.page.get_by_role("heading")).to_have_text("This link does not open an interview")


async def test_the_notice_tells_everything_before_the_camera_opens(place: Place, visitor: Visitor) -> None:
    await visitor.page.add_init_script(COUNT_OPENINGS)
    await visitor.page.goto((await place.invite()).link)
    notice = await visitor.sees("notice")
    for said in (
        "Your picture and your voice",
        "The people of the hiring team",
        "90 days",
        "Responsible is Example Ltd",
    ):
        await expect(notice).to_contain_text(said)
    await visitor.page.locator("#continue").click()  # the box is not ticked: it says so and nothing is sent
    await expect(notice).to_be_visible()
    tick = visitor.page.locator("#consent-tick")
    assert await tick.evaluate("(tick) => tick.validationMessage") == "Tick this box to continue."
    assert await visitor.page.evaluate("window.openings") == 0
    await visitor.candidate.consent()
    await expect(visitor.page.locator("#start")).to_be_visible()
    assert await visitor.page.evaluate("window.openings") == 1


async def test_the_level_moves_and_the_page_says_that_it_hears(place: Place, visitor: Visitor) -> None:
    await visitor.reaches_devices((await place.invite()).link)
    await expect(visitor.page.locator("#meter-said")).to_have_text("Your microphone works.")


async def test_another_microphone_can_be_chosen(place: Place, visitor: Visitor) -> None:
    await visitor.reaches_devices((await place.invite()).link)
    await expect(visitor.page.locator("#start")).to_be_visible()
    choice = visitor.page.locator("#microphone")
    other = await choice.locator("option").nth(1).get_attribute("value")
    await choice.select_option(other)
    await expect(visitor.page.locator("#turn-on")).to_be_hidden()
    await expect(choice).to_have_value(other or "")


async def test_finished_stays_finished(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite()
    await visitor.records(invitation.link)
    await visitor.candidate.finish()
    await visitor.page.goto(invitation.link)
    await expect(await visitor.sees("own")).to_contain_text("is finished. This page is about your recording")


async def test_saved_follows_the_servers_word(place: Place, visitor: Visitor) -> None:
    """The server goes on recording, its word no longer arrives: the page may not say that it is being saved."""
    hushed = asyncio.Event()

    def relay(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        server.on_message(lambda message: None if hushed.is_set() else route.send(message))

    await visitor.page.route_web_socket("**/live", relay)
    await visitor.records((await place.invite()).link)
    saved = visitor.page.locator("#saved [data-when]:visible")
    await expect(saved).to_contain_text("Saved up to 0:0")
    hushed.set()
    await expect(saved).to_have_text("Not being saved, please wait")
    hushed.clear()
    await expect(saved).to_contain_text("Saved up to 0:")
    await expect(visitor.page.locator("#light")).to_have_attribute("data-light", "recording")


async def test_late_saving_is_told(place: Place, visitor: Visitor) -> None:
    """The server says that saving is 3.2 s behind."""
    late = asyncio.Event()

    def relay(route: WebSocketRoute) -> None:
        route.connect_to_server().on_message(lambda text: route.send(_delayed(text) if late.is_set() else text))

    await visitor.page.route_web_socket("**/live", relay)
    await visitor.records((await place.invite()).link)
    late.set()
    await expect(visitor.page.locator("#saved [data-when]:visible")).to_have_text("Not being saved, please wait")
    late.clear()
    await expect(visitor.page.locator("#saved")).to_have_attribute("data-saved", "saved")


def _delayed(text: str | bytes) -> str:
    return json.dumps({**json.loads(text), "lag_ms": 3200})


async def test_a_full_disk_is_told_until_there_is_room(place: Place, visitor: Visitor) -> None:
    pages: list[WebSocketRoute] = []

    def relay(route: WebSocketRoute) -> None:
        pages.append(route)
        route.connect_to_server()

    await visitor.page.route_web_socket("**/live", relay)
    await visitor.records((await place.invite()).link)
    pages[-1].send(json.dumps({"type": "notice", "code": "disk_full", "text": ""}))
    await expect(visitor.page.locator("#trouble")).to_contain_text("There is no room to save just now.")
    pages[-1].send(json.dumps({"type": "notice", "code": "disk_ok", "text": ""}))
    await expect(visitor.page.locator("#trouble")).to_be_hidden()


async def test_a_lost_connection_is_told_and_made_again(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite()
    whip_sessions: list[str] = []
    visitor.page.on(
        "response",
        lambda response: whip_sessions.append(response.headers.get("location", "")) if response.status == 201 else None,
    )
    await visitor.records(invitation.link)
    may_connect = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_connect.wait()
        await route.continue_()

    await visitor.page.route("**/whip/**", hold)
    await _end_from_outside(place, invitation, whip_sessions[0])
    trouble = visitor.page.locator("#trouble")
    await expect(trouble).to_contain_text("Your connection dropped at 0:0", timeout=20_000)
    await expect(trouble).to_contain_text("Everything up to there is saved. Reconnecting…")
    may_connect.set()
    await visitor.candidate.is_recording()
    await expect(trouble).to_be_hidden()
    assert len(whip_sessions) == 2
    await visitor.candidate.finish()


async def _end_from_outside(place: Place, invitation: Invitation, path: str) -> None:
    headers = {"Authorization": f"Bearer {invitation.token}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.delete(f"{place.url}{path}") as response:
        assert response.status == 200


async def test_a_newer_page_takes_over_and_the_older_can_take_back(
    place: Place, visitor: Visitor, context: BrowserContext
) -> None:
    invitation = await place.invite()
    await visitor.records(invitation.link)
    other = Visitor(await context.new_page())
    await other.page.goto(invitation.link)
    await expect(await other.sees("back")).to_contain_text("If you go on here, it stops there.")
    await other.candidate.start()
    elsewhere = await visitor.sees("elsewhere")
    await expect(elsewhere).to_contain_text("this page has stopped your camera")
    assert await visitor.page.evaluate("document.querySelector('#self').srcObject") is None
    await elsewhere.get_by_role("button", name="Continue here").click()
    await visitor.candidate.is_recording()
    await other.sees("elsewhere")
    await visitor.candidate.finish()
    assert other.complaints == []


async def test_a_reload_goes_on_where_it_stopped(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite()
    await visitor.records(invitation.link)
    await visitor.page.goto("about:blank")
    await visitor.page.goto(invitation.link)
    back = await visitor.sees("back")
    await expect(back).to_contain_text("verything up to 0:0")
    await back.get_by_role("button", name="Continue interview").click()
    await visitor.candidate.is_recording()
    await visitor.candidate.finish()


async def test_a_camera_that_stops_is_told(place: Place, visitor: Visitor) -> None:
    await visitor.records((await place.invite()).link)
    await visitor.page.evaluate(
        "document.querySelector('#self').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))"
    )
    trouble = visitor.page.locator("#trouble")
    await expect(trouble).to_contain_text("Your camera has stopped. Your voice is still recorded.")
    await trouble.get_by_role("button", name="Turn on again").click()
    await expect(trouble).to_be_hidden()
    await visitor.candidate.is_recording()
    await visitor.candidate.finish()
