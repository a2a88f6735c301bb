"""The questions on the candidate's page, against the real server: by keyboard, with time, takes and pauses."""

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, WebSocketRoute, expect
from sqlalchemy import delete, update

from db.interviews import Allowance, Asked
from db.models import Consent, InterviewSession
from db.states import InterviewState
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, QUESTIONS, Invitation, Place
from tests.browser.pages.visitor import Visitor
from tests.live.browser import page_says
from tests.live.harness import until
from tests.media_server.waves import tone

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ONWARD = ":is([data-go-on], #turn-on)"
WITH_TIME = Allowance(think_ms=60_000, answer_ms=90_000, max_takes=3)
COUNT_PLAYS = """
    window.plays = 0;
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function () {
        if (this instanceof HTMLAudioElement) window.plays += 1;
        return play.call(this);
    };
"""
TRACKS_THAT_SEND = "document.querySelector('#self').srcObject.getTracks().filter(({enabled}) => enabled).length"


async def press(visitor: Visitor, selector: str, key: str = "Enter") -> None:
    """Press what is shown, by the keyboard alone; what has the focus already is pressed at once."""
    button = visitor.page.locator(f"{selector}:visible")
    await expect(button).to_be_enabled()
    if not await button.evaluate("(element) => element === document.activeElement"):
        await visitor.tabs_to(selector)
    await visitor.page.keyboard.press(key)


async def press_on(visitor: Visitor, name: str) -> None:
    await press(visitor, f"#{name}")


async def starts(visitor: Visitor, invitation: Invitation) -> None:
    """Up to the first question."""
    await visitor.records(invitation.link)
    await visitor.candidate.is_asked(1)


async def test_a_whole_interview_by_keyboard_alone(place: Place, visitor: Visitor) -> None:
    page = visitor.page
    await page.goto((await place.invite(allowance=WITH_TIME)).link)
    await visitor.sees("notice")
    await press(visitor, "#consent-tick", "Space")
    await press_on(visitor, "continue")
    interview = visitor.candidate.screen("interview")
    onward = page.locator(f"{ONWARD}:visible:enabled")
    while not await interview.is_visible():
        await expect(interview.or_(onward).first).to_be_visible()
        if await onward.is_visible():
            await press(visitor, ONWARD)
    await visitor.candidate.is_recording()
    title = page.locator("#question-title")
    for number, text in enumerate(QUESTIONS, start=1):
        await visitor.candidate.is_asked(number)
        await expect(title).to_have_text(text)
        await expect(title).to_be_focused()
        await press_on(visitor, "start-answer")
        await expect(page.locator("#end-answer")).to_be_focused()
        await press_on(visitor, "end-answer")
        if number == 1:
            await _takes_and_pause(visitor)
        if number < len(QUESTIONS):
            await press_on(visitor, "next-question")
    await press_on(visitor, "finish")
    await expect(page.locator("#confirm-no")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#finish")).to_be_focused()
    await page.keyboard.press("Enter")
    await press_on(visitor, "confirm-yes")
    thanks = await visitor.sees("thanks")
    await expect(thanks).to_contain_text("Thank you, John Doe")
    await expect(thanks).to_contain_text("Then it is deleted.")


async def _takes_and_pause(visitor: Visitor) -> None:
    """Answer again, let the first take count, have a pause."""
    page = visitor.page
    await expect(page.locator("#retake")).to_have_text("Record again (2 left)")
    await press_on(visitor, "retake")
    await press_on(visitor, "end-answer")
    await expect(page.locator("#retake")).to_have_text("Record again (1 left)")
    await expect(page.locator("#take-2")).to_be_checked()
    await page.keyboard.press("Shift+Tab")
    await expect(page.locator("#take-2")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#take-1")).to_be_checked()
    await press_on(visitor, "pause")
    await expect(page.locator("#go-on")).to_be_focused()
    await expect(page.locator("#question-said")).to_contain_text("You can also close this page")
    await page.keyboard.press("Enter")
    await expect(page.locator("#retake")).to_be_visible()
    await expect(page.locator("#take-1")).to_be_checked()


async def test_a_question_is_heard_when_asked_for_and_never_by_itself(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite(allowance=WITH_TIME)
    await place.let_hear(invitation, 1, tone(20))
    await visitor.page.add_init_script(COUNT_PLAYS)
    await starts(visitor, invitation)
    hear, said = visitor.page.locator("#hear"), visitor.page.locator("#hear-said")
    assert await visitor.page.evaluate("window.plays") == 0
    await hear.click()
    await expect(said).to_have_text("Stop the sound")
    await until(lambda: visitor.page.evaluate("window.plays === 1"), within_s=10)
    await expect(visitor.page.locator("#hear-failed")).to_be_empty()
    await visitor.candidate.wish("start-answer")
    await expect(said).to_have_text("Hear the question")
    await visitor.candidate.wish("end-answer")
    await visitor.candidate.wish("next-question")
    await visitor.candidate.is_asked(2)
    await expect(hear).to_be_hidden()


async def test_nothing_leaves_the_device_while_paused(place: Place, visitor: Visitor) -> None:
    await starts(visitor, await place.invite())
    assert await visitor.page.evaluate(TRACKS_THAT_SEND) == 2
    posts: list[str] = []
    visitor.page.on("request", lambda request: posts.append(request.url) if "/whip/" in request.url else None)
    await visitor.candidate.wish("pause")
    assert await visitor.page.evaluate(TRACKS_THAT_SEND) == 0
    await expect(visitor.page.locator("#light")).to_have_attribute("data-light", "paused")
    paused_at = await visitor.page.evaluate("performance.now()")
    await until(lambda: visitor.page.evaluate("since => performance.now() - since > 9000", paused_at), within_s=60)
    assert posts == [], "silence that was asked for is no reason to connect again"
    await visitor.candidate.wish("go-on")
    assert await visitor.page.evaluate(TRACKS_THAT_SEND) == 2
    await visitor.candidate.is_recording()


async def test_where_only_answers_are_kept_thinking_is_not_recorded(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite(job=place.answers_job, allowance=Allowance(think_ms=9_000, answer_ms=60_000))
    await visitor.reaches_devices(invitation.link)
    posts: list[str] = []
    visitor.page.on("request", lambda request: posts.append(request.method) if "/whip/" in request.url else None)
    await visitor.candidate.press_start()
    await visitor.candidate.is_asked(1)
    await expect(visitor.page.locator("#light")).to_have_attribute("data-light", "off")
    await expect(visitor.page.locator("#saved")).to_have_attribute("data-saved", "none")
    await expect(visitor.page.locator("#end-answer")).to_be_visible(timeout=20_000)
    await visitor.candidate.is_recording()
    assert posts.count("POST") == 1, "nothing that is missing was meant to be there"
    await visitor.candidate.finish()


async def test_a_choice_stays_while_the_server_has_not_answered(place: Place, visitor: Visitor) -> None:
    held: list[str | bytes] = []
    holding = asyncio.Event()

    def relay(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_message(lambda message: held.append(message) if holding.is_set() else server.send(message))

    await visitor.page.route_web_socket("**/live", relay)
    await starts(visitor, await place.invite(allowance=Allowance(max_takes=2)))
    await visitor.candidate.wish("end-answer")
    await visitor.candidate.wish("retake")
    await visitor.candidate.wish("end-answer")
    holding.set()
    await visitor.page.locator("#take-1").check()
    await visitor.has_saved(2)  # the server's heartbeat draws the page anew
    await expect(visitor.page.locator("#take-1")).to_be_checked()
    assert json.loads(next(message for message in held if "choose_take" in str(message)))["take"] == 1


async def test_time_stands_still_while_the_server_says_nothing(place: Place, visitor: Visitor) -> None:
    hushed = asyncio.Event()

    def relay(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        server.on_message(lambda message: None if hushed.is_set() else route.send(message))

    await visitor.page.route_web_socket("**/live", relay)
    await starts(visitor, await place.invite(allowance=WITH_TIME))
    await visitor.candidate.wish("start-answer")
    value, said = visitor.page.locator("#timer-value"), visitor.page.locator("#timer-said")
    await expect(value).to_have_text("1:28", timeout=10_000)
    await expect(said).to_be_hidden()
    hushed.set()
    await expect(said).to_have_text("Your time stands still while nothing is being saved.")
    before = await value.text_content()
    await expect(visitor.page.locator("#saved")).to_have_attribute("data-saved", "lagging")
    assert await value.text_content() == before
    hushed.clear()
    await expect(said).to_be_hidden(timeout=15_000)
    assert before is not None
    await expect(value).not_to_have_text(before)


async def test_the_end_of_an_answer_is_told_to_who_chose_so(place: Place, visitor: Visitor) -> None:
    short = Allowance(answer_ms=6_000)
    await visitor.reaches_devices((await place.invite(allowance=short)).link)
    announced, timer = visitor.page.locator("#time-announcer"), visitor.page.locator("#timer")
    await visitor.page.locator("#start").click()
    await visitor.sees("expectations")
    await visitor.page.locator("[data-announce-time]:visible input").check()
    await visitor.candidate.start()
    await expect(timer).to_have_attribute("data-last", "true", timeout=15_000)
    await expect(announced).to_have_text("3 seconds left for this answer.")
    await expect(visitor.page.locator("#question-said")).to_contain_text("The time was over", timeout=15_000)
    await expect(announced).to_be_empty()


async def test_the_end_of_an_answer_is_seen_only_by_who_did_not(place: Place, visitor: Visitor) -> None:
    await starts(visitor, await place.invite(allowance=Allowance(answer_ms=6_000)))
    await expect(visitor.page.locator("#timer")).to_have_attribute("data-last", "true", timeout=15_000)
    await expect(visitor.page.locator("#timer-label")).to_have_text("Nearly over")
    await expect(visitor.page.locator("#time-announcer")).to_be_empty()


async def test_a_reload_comes_back_to_the_same_question_with_its_takes(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite(allowance=WITH_TIME)
    await starts(visitor, invitation)
    for _ in range(2):
        await visitor.candidate.wish(
            "start-answer" if await visitor.page.locator("#start-answer").is_visible() else "retake"
        )
        await visitor.candidate.wish("end-answer")
    await visitor.page.reload()
    back = await visitor.sees("back")
    await expect(back).to_contain_text("You go on with question 1 of 3.")
    await visitor.candidate.start()
    await visitor.candidate.is_asked(1)
    await expect(visitor.page.locator("#takes-list label")).to_have_count(2)
    await expect(visitor.page.locator("#retake")).to_have_text("Record again (1 left)")


SEES_THEMSELVES = """() => {
    const tracks = document.querySelector('#back-preview').srcObject?.getTracks() ?? [];
    return tracks.length > 0 && tracks.every((track) => track.enabled);
}"""


async def test_a_pause_ends_with_the_press_that_comes_back(
    place: Place, visitor: Visitor, context: BrowserContext
) -> None:
    invitation = await place.invite(allowance=WITH_TIME)
    await starts(visitor, invitation)
    await visitor.candidate.wish("pause")
    await visitor.page.close()
    other = Visitor(await context.new_page())
    await other.page.goto(invitation.link)
    await expect(await other.sees("back")).to_contain_text("Your interview is paused; everything up to 0:0")
    await page_says(other.page, SEES_THEMSELVES)
    await other.candidate.start()
    await expect(other.page.locator("#start-answer")).to_be_visible()
    assert other.complaints == []


async def test_finishing_later_turns_the_camera_off_and_says_until_when(place: Place, visitor: Visitor) -> None:
    await starts(visitor, await place.invite(allowance=WITH_TIME))
    await visitor.page.locator("#later").click()
    back = await visitor.sees("back")
    await expect(back).to_contain_text("See you later")
    await expect(back).to_contain_text("You can close this page: until ")
    assert await visitor.page.evaluate("document.querySelector('#back-preview').srcObject") is None
    await visitor.candidate.start()
    await expect(visitor.page.locator("#start-answer")).to_be_visible()


async def test_another_network_gets_a_connection_beside_the_old_one(place: Place, visitor: Visitor) -> None:
    posts: list[dict[str, str]] = []
    visitor.page.on(
        "request",
        lambda request: posts.append(request.headers) if "/whip/" in request.url and request.method == "POST" else None,
    )
    await starts(visitor, await place.invite())
    light, trouble = visitor.page.locator("#light"), visitor.page.locator("#trouble")
    closed = visitor.page.wait_for_event("request", lambda request: request.method == "DELETE")
    await visitor.page.evaluate("window.dispatchEvent(new Event('online'))")
    await closed
    await expect(light).to_have_attribute("data-light", "recording")
    await expect(trouble).to_be_hidden()
    assert [each["holdfast-client"] for each in posts] == [posts[0]["holdfast-client"]] * 2, (
        "the same page, for the server"
    )
    await visitor.has_saved(5)
    await visitor.candidate.finish()


async def test_a_camera_that_goes_silent_is_told_and_one_press_opens_it_again(place: Place, visitor: Visitor) -> None:
    await starts(visitor, await place.invite())
    await visitor.page.evaluate(
        """() => {
            const [track] = document.querySelector('#self').srcObject.getVideoTracks();
            Object.defineProperty(track, 'muted', {value: true});
            track.dispatchEvent(new Event('mute'));
        }"""
    )
    trouble = visitor.page.locator("#trouble")
    await expect(trouble).to_contain_text("Your camera gives no picture just now")
    await trouble.get_by_role("button", name="Turn on again").click()
    await expect(trouble).to_be_hidden()
    await visitor.candidate.is_recording()


async def test_a_return_from_the_browsers_memory_is_a_return(place: Place, visitor: Visitor) -> None:
    await starts(visitor, await place.invite())
    await visitor.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await visitor.sees("back")
    await visitor.candidate.start()


async def test_without_consent_the_notice_comes_back(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite()
    await visitor.reaches_devices(invitation.link)
    async with place.services.database.writing() as db_session:
        await db_session.execute(delete(Consent).where(Consent.session_id == invitation.session_id))
        mine = InterviewSession.session_id == invitation.session_id
        await db_session.execute(update(InterviewSession).where(mine).values(state=InterviewState.INVITED))
    await visitor.candidate.press_start()
    await visitor.sees("notice")


async def test_the_server_hears_when_a_question_was_seen(place: Place, visitor: Visitor) -> None:
    said: list[dict[str, Any]] = []
    visitor.page.on("websocket", lambda socket: socket.on("framesent", lambda data: said.append(_decoded(data))))
    await starts(visitor, await place.invite(allowance=WITH_TIME))
    await visitor.candidate.wish("start-answer")
    kinds = [message["type"] for message in said]
    assert kinds[0] == "hello"
    assert {"clock", "do", "shown"} <= set(kinds)
    begun = next(message for message in said if message["type"] == "do")
    now: float = await visitor.page.evaluate("performance.timeOrigin + performance.now()")
    assert begun["event"] == "begin"
    assert 0 < now - begun["at"] < 60_000


def _decoded(data: str | bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(data)
    return message


@pytest.mark.parametrize("width", [360, 900, 1100, 1440])
async def test_the_time_that_is_left_is_never_covered(place: Place, visitor: Visitor, width: int) -> None:
    page = visitor.page
    await page.set_extra_http_headers({"Accept-Language": "de"})  # the language with the longer words
    await page.set_viewport_size({"width": width, "height": 900})
    await starts(visitor, await place.invite(allowance=WITH_TIME))
    for step in ("start-answer", "end-answer"):
        await expect(page.locator(f"#{step}")).to_be_visible()
        seen = await page.locator("#timer-value").evaluate(
            """(timer) => {
                const {left, right, top, bottom} = timer.getBoundingClientRect();
                const inside = [left + 1, right - 1].map((x) => document.elementFromPoint(x, (top + bottom) / 2));
                return inside.every((element) => timer.contains(element));
            }"""
        )
        assert seen, f"something lies over the time at {step}"
        await visitor.candidate.wish(step)


async def test_an_optional_question_is_skipped_and_hr_reads_so(place: Place, visitor: Visitor) -> None:
    asked = (
        Asked("Who are you?", Allowance(60_000), optional=True),
        Asked("Why?", Allowance(), optional=True),
        "What now?",
    )
    invitation = await place.invite(questions=asked)
    await starts(visitor, invitation)
    page = visitor.page
    await visitor.candidate.is_asked(1)
    await expect(page.locator("#question-nth")).to_have_text("Question 1 of 3, optional")
    await visitor.has_no_barriers()
    await press_on(visitor, "skip")
    await visitor.candidate.is_asked(2)
    await expect(page.locator("#question-title")).to_be_focused()
    await visitor.has_saved(1)
    await press_on(visitor, "skip")
    await visitor.candidate.is_asked(3)
    await expect(page.locator("#question-nth")).to_have_text("Question 3 of 3")
    await expect(page.locator("#skip")).to_be_hidden()
    await visitor.candidate.finish()
    await page.context.clear_cookies()
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    await page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    await expect(page.locator("[data-skipped]")).to_have_count(2)
    await expect(page.locator('[data-take="2:1"]')).not_to_contain_text("Counts")
    await expect(page.locator('[data-take="3:1"]')).to_contain_text("Counts")
