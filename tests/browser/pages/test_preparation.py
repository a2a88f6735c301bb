"""What stands between the link and the first question: devices, what to expect, practice. None of it is stored or sent."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Request, Route, expect

from db.interviews import Allowance
from tests.browser.pages.place import Place
from tests.browser.pages.reducer import call
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DARK_CAMERA = """
    const really = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wish) => {
        const sound = await really({audio: true});
        const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 48});
        const brush = canvas.getContext("2d");
        window.shade = "#101010";
        setInterval(() => { brush.fillStyle = window.shade; brush.fillRect(0, 0, 64, 48); }, 50);
        return new MediaStream([...canvas.captureStream(20).getTracks(), ...sound.getAudioTracks()]);
    };
"""
"A room at night, until the test turns the lamp on."

NO_RECORDER = "delete window.MediaRecorder;"
DEAF_STUN_SERVER = {"urls": ["stun:127.0.0.1:9"]}


class Sent:
    """What the page sends from now on."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        # The browser fetches the page's icon whenever it likes; nothing is told with that.
        if not request.url.startswith("blob:") and not request.url.endswith("/static/icon.svg"):
            self.requests.append(f"{request.method} {request.url}")


async def _at_devices(place: Place, visitor: Visitor, **allowed: Any) -> Locator:
    await visitor.reaches_devices((await place.invite(**allowed)).link)
    await expect(visitor.page.locator("#start")).to_be_visible()
    return visitor.candidate.screen("devices")


async def _goes_on(visitor: Visitor, screen: str) -> Locator:
    await visitor.page.locator("[data-go-on]:visible").click()
    return await visitor.sees(screen)


async def test_three_seconds_are_played_back_and_never_sent(place: Place, visitor: Visitor) -> None:
    devices = await _at_devices(place, visitor)
    await expect(devices).to_contain_text("Nothing is stored or sent.")
    sent = Sent(visitor.page)
    await devices.get_by_role("button", name="Record three seconds").click()
    sample = visitor.page.locator("#sample")
    await expect(sample).to_be_visible()
    await expect(visitor.page.locator("#outline")).to_be_hidden()
    await expect(visitor.page.locator("#sample-said")).to_have_text("This is how others see and hear you.")
    length: float = await sample.evaluate("video => video.currentTime")
    assert length < 4
    await expect(sample).to_be_hidden()
    await devices.get_by_role("button", name="Play again").click()
    await expect(sample).to_be_visible()
    assert sent.requests == []
    await visitor.has_no_barriers()
    await visitor.fits()
    await _goes_on(visitor, "expectations")
    assert await sample.get_attribute("src") is None, "thrown away"


async def test_a_browser_that_records_nothing_says_so_and_goes_on(place: Place, visitor: Visitor) -> None:
    await visitor.page.add_init_script(NO_RECORDER)
    await _at_devices(place, visitor)
    await visitor.page.locator("#sample-record").click()
    await expect(visitor.page.locator("#sample-said")).to_contain_text("Your interview is not affected.")
    await _goes_on(visitor, "expectations")
    await _goes_on(visitor, "practice")
    await visitor.page.locator("#practice-start").click()
    await expect(visitor.page.locator("#practice-said")).to_contain_text("Your interview is not affected.")
    await expect(visitor.page.locator("#practice-start")).to_be_hidden()


async def test_a_dark_room_is_told(place: Place, visitor: Visitor) -> None:
    await visitor.page.add_init_script(DARK_CAMERA)
    await _at_devices(place, visitor)
    said = visitor.page.locator("#light-said")
    await expect(said).to_contain_text("It is rather dark.")
    await visitor.page.evaluate("window.shade = '#808080'")
    await expect(said).to_have_text("There is enough light.")


@pytest.mark.parametrize(
    ("luma", "before", "light"),
    [
        (30, None, "dark"),
        (54, None, "dark"),
        (56, None, "good"),
        (56, "dark", "dark"),
        (64, "dark", "good"),
        (220, None, "bright"),
        (210, "bright", "bright"),
        (210, None, "good"),
        (120, "bright", "good"),
    ],
)
async def test_which_light(modules: Page, luma: float, before: str | None, light: str) -> None:
    assert await call(modules, "candidate/brightness.js", "lightOf", luma, before) == light


async def test_luma_is_a_mean(modules: Page) -> None:
    assert await call(modules, "candidate/brightness.js", "meanLuma", [255, 255, 255, 255, 0, 0, 0, 255]) == 127.5
    assert await call(modules, "candidate/brightness.js", "meanLuma", []) == 0


@pytest.mark.parametrize(
    ("udp", "turn", "connection"),
    [
        (("good", "good"), ("skipped", "skipped"), "good"),
        (("good", "local"), ("skipped", "skipped"), "local"),
        (("good", "good"), ("warning", "bad"), "good"),
        (("bad", "blocked"), ("good", "good"), "relayed"),
        (("bad", "blocked"), ("warning", "bad"), "blocked"),
        (("bad", "blocked"), ("skipped", "skipped"), "blocked"),
        (("bad", "bad"), ("skipped", "skipped"), "no_browser"),
    ],
)
async def test_what_two_checks_mean_together(
    modules: Page, udp: tuple[str, str], turn: tuple[str, str], connection: str
) -> None:
    answers = [{"verdict": verdict, "said": said} for verdict, said in (udp, turn)]
    assert await call(modules, "check/connection.js", "judgeConnection", *answers) == connection


async def test_a_network_without_a_way_is_told_before_the_first_question(place: Place, visitor: Visitor) -> None:
    """The STUN server does not answer and there is no relay."""

    async def with_deaf_server(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | {"ice_servers": [DEAF_STUN_SERVER]})

    await visitor.page.route(re.compile(r"/api/interviews/[^/]+(/consent)?$"), with_deaf_server)
    await _at_devices(place, visitor)
    await _goes_on(visitor, "expectations")
    practice = await _goes_on(visitor, "practice")
    await expect(practice).to_contain_text("Checking your connection…")
    await expect(visitor.page.locator("#practice-go-on")).to_be_disabled()
    verdict = practice.locator("[data-connection]")
    await expect(verdict).to_contain_text("Your network does not let interviews through.", timeout=15_000)
    await expect(verdict).to_contain_text("your phone's hotspot")
    await expect(visitor.page.locator("#practice-go-on")).to_be_enabled()
    await visitor.has_no_barriers()
    await visitor.fits()
    await verdict.get_by_role("button", name="Check again").click()
    await expect(verdict).to_contain_text("Checking your connection…")


async def test_the_way_on_is_in_sight_on_a_computer(place: Place, visitor: Visitor) -> None:
    await visitor.page.set_viewport_size({"width": 1024, "height": 768})
    await _at_devices(place, visitor)
    await expect(visitor.page.locator("#light-finding")).to_be_visible()
    await expect(visitor.page.locator("#start")).to_be_in_viewport(ratio=1)
    await visitor.has_no_barriers()


async def test_what_to_expect(place: Place, visitor: Visitor) -> None:
    await _at_devices(place, visitor, allowance=Allowance(think_ms=30_000, answer_ms=90_000, max_takes=2))
    expectations = await _goes_on(visitor, "expectations")
    for said in (
        "Recording begins with the first question, not before.",
        "6 minutes at the most if you record each answer once",
        "3 questions, one after the other. You can record each answer up to 2 times",
        "also while you think",
        "Until ",
        "Up to 16\u00a0MB",
        "The people of the hiring team",
        "deleted 90 days after your interview",
        "ask hr@example.org",
    ):
        await expect(expectations).to_contain_text(said)
    announce = expectations.locator("[data-announce-time] input")
    await expect(announce).not_to_be_checked()
    await visitor.has_no_barriers()
    await visitor.fits()
    await expectations.get_by_role("button", name="Back").click()
    await visitor.sees("devices")


LIMITED = {"think_ms": 30_000, "answer_ms": 60_000, "max_takes": 1}
FREE = {"think_ms": None, "answer_ms": None, "max_takes": 3}


@pytest.mark.parametrize(
    ("questions", "minutes", "is_most"),
    [([], 1, False), ([LIMITED], 2, True), ([LIMITED] * 2, 3, True), ([LIMITED, FREE], 4, False)],
)
async def test_how_long(modules: Page, questions: list[Any], minutes: int, is_most: bool) -> None:
    expected = {"minutes": minutes, "isMost": is_most}
    assert await call(modules, "candidate/expectations.js", "duration", questions) == expected


async def test_how_much_and_how_often(modules: Page) -> None:
    caps = {"video_bps": 250_000, "audio_bps": 64_000}
    assert await call(modules, "candidate/expectations.js", "megabytes", 60, caps) == 156
    assert await call(modules, "candidate/expectations.js", "takes", []) == {"most": 1, "isSame": True}
    assert await call(modules, "candidate/expectations.js", "takes", [LIMITED, FREE]) == {"most": 3, "isSame": False}


async def test_a_practice_answer_is_played_back_and_thrown_away(place: Place, visitor: Visitor) -> None:
    page = visitor.page
    await _at_devices(place, visitor)
    await _goes_on(visitor, "expectations")
    practice = await _goes_on(visitor, "practice")
    await expect(practice).to_contain_text("Nothing is stored or sent.")
    await expect(page.locator("#practice-left")).to_have_text("0:30")
    await visitor.has_no_barriers()
    await visitor.fits()
    sent = Sent(page)
    await practice.get_by_role("button", name="Start answer").click()
    await expect(page.locator("#practice-end")).to_be_focused()
    await expect(page.locator("#practice-left")).to_have_text("0:28")
    await practice.get_by_role("button", name="End answer").click()
    await expect(page.locator("#practice-sample")).to_be_visible()
    await expect(page.locator("#practice-sample")).to_be_hidden()
    await expect(practice.get_by_role("button", name="Play again")).to_be_focused()
    assert sent.requests == []
    await visitor.has_no_barriers()
    await visitor.fits()
    await practice.get_by_role("button", name="Start interview").click()
    await visitor.candidate.is_recording()
    assert await page.locator("#practice-sample").get_attribute("src") is None, "thrown away"
    assert await page.evaluate("document.querySelector('#sample').src") == ""


async def test_a_sample_ends_by_itself(modules: Page) -> None:
    script = """async () => {
        const {Sample} = await import("/static/candidate/sample.js");
        const stream = document.createElement("canvas").captureStream(10);
        const states = [];
        return new Promise((resolve) => {
            const sample = new Sample(document.createElement("video"), ({state, leftMs}) => {
                if (states.at(-1) !== state) states.push(state);
                if (state === "playing") resolve([states, leftMs]);
            });
            sample.record(stream, 300);
        });
    }"""
    assert await modules.evaluate(script) == [["recording", "recorded", "playing"], 300]


async def test_by_keyboard_alone(place: Place, visitor: Visitor) -> None:
    page = visitor.page
    await _at_devices(place, visitor)
    for screen in ("expectations", "practice"):
        await visitor.tabs_to("[data-go-on]")
        await page.keyboard.press("Enter")
        await visitor.sees(screen)
        await expect(page.locator(f'[data-screen="{screen}"] h1')).to_be_focused()
    await visitor.tabs_to("#practice-start")
    await page.keyboard.press("Space")
    await expect(page.locator("#practice-end")).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.locator("#practice-play")).to_be_focused()
    await visitor.tabs_to("[data-go-on]")
    await page.keyboard.press("Enter")
    await visitor.candidate.is_recording()


async def test_in_german(place: Place, visitor: Visitor) -> None:
    await visitor.page.set_extra_http_headers({"Accept-Language": "de"})
    await _at_devices(place, visitor)
    expectations = await _goes_on(visitor, "expectations")
    await expect(expectations).to_contain_text("Was Sie erwartet")
    await expect(expectations).to_contain_text("3 Fragen, eine nach der anderen.")
    await expect(await _goes_on(visitor, "practice")).to_contain_text("Nichts wird gespeichert oder gesendet.")
    await visitor.has_no_barriers()
    await visitor.fits()
    assert json.loads(await visitor.page.locator("#texts").inner_text())["practice"]["nth"] == "Übungsfrage"
