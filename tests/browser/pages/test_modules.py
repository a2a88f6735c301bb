"""The pure modules of the front end, called as they are served, in the browser that runs them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.pages.place import Place

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Event = dict[str, Any]

INTERVIEW = {"state": "consented", "saved_ms": 0, "consent": {}, "notice": {}}
TO_RECORDING: list[Event] = [
    {"type": "loaded", "interview": INTERVIEW},
    {"type": "turn_on_pressed"},
    {"type": "devices_opened", "hasPicture": True},
    {"type": "start_pressed", "now": 0},
    {"type": "peer_changed", "peer": "connected", "now": 500},
]


def saved(now: int, saved_ms: int, *, lag_ms: int = 300, recording: bool = True) -> Event:
    message = {"type": "saved", "saved_ms": saved_ms, "lag_ms": lag_ms, "recording": recording}
    return {"type": "told", "message": message, "now": now}


def tick(now: int) -> Event:
    return {"type": "tick", "now": now}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def modules(place: Place, chromium_here: Browser) -> AsyncIterator[Page]:
    """A page of ours, from which the modules can be imported."""
    page = await chromium_here.new_page()
    await page.goto(f"{place.url}/check")
    yield page
    await page.close()


async def call(page: Page, module: str, name: str, *arguments: object) -> Any:
    script = "async ([module, name, given]) => (await import(`/static/${module}`))[name](...given)"
    return await page.evaluate(script, [module, name, arguments])


async def flow(page: Page, events: list[Event]) -> tuple[dict[str, Any], list[list[str]]]:
    """What the page shows after these events, and the commands that each one gave."""
    script = """async (events) => {
        const {reduce, START} = await import("/static/candidate/flow.js");
        let flow = START;
        const commands = [];
        for (const event of events) {
            const [next, given] = reduce(flow, event);
            [flow, commands[commands.length]] = [next, given];
        }
        return [flow, commands];
    }"""
    shown, commands = await page.evaluate(script, events)
    return shown, commands


@pytest.mark.parametrize(
    ("state", "consent", "screen", "problem"),
    [
        ("invited", None, "notice", None),
        ("consented", {}, "devices", None),
        ("interrupted", {}, "devices", None),
        ("in_progress", {}, "devices", None),
        ("completed", {}, "problem", "finished"),
        ("ready", {}, "problem", "finished"),
        ("expired", None, "problem", "expired"),
        ("withdrawn", {}, "problem", "withdrawn"),
        ("deleted", {}, "problem", "deleted"),
    ],
)
async def test_the_first_screen(modules: Page, state: str, consent: object, screen: str, problem: str | None) -> None:
    interview = {**INTERVIEW, "state": state, "consent": consent}
    shown, commands = await flow(modules, [{"type": "loaded", "interview": interview}])
    assert (shown["screen"], shown["problem"]) == (screen, problem)
    assert commands == [[]], "nothing opens before somebody presses something"


async def test_recording_is_the_servers_word(modules: Page) -> None:
    shown, commands = await flow(modules, TO_RECORDING)
    assert commands[3] == ["stop_meter", "stay_awake", "open_control", "publish"]
    assert shown["recording"] is False, "a connection that stands is no recording yet"
    shown, _ = await flow(modules, [*TO_RECORDING, saved(1000, 400)])
    assert (shown["recording"], shown["savedMs"]) == (True, 400)


async def test_saved_never_goes_back(modules: Page) -> None:
    shown, _ = await flow(modules, [*TO_RECORDING, saved(1000, 9000), saved(2000, 8000)])
    assert shown["savedMs"] == 9000


@pytest.mark.parametrize(
    ("last", "lagging"),
    [
        ([saved(2000, 900, lag_ms=2999)], False),
        ([saved(2000, 900, lag_ms=3000)], True),
        ([saved(2000, 900), tick(4999)], False),
        ([saved(2000, 900), tick(5000)], True),
        ([saved(2000, 900), tick(5000), saved(5100, 3000)], False),
        ([saved(2000, 900), saved(3000, 900, recording=False), tick(4900)], False),
        ([saved(2000, 900), saved(4500, 900, recording=False), tick(5000)], True),
    ],
)
async def test_what_counts_as_not_being_saved(modules: Page, last: list[Event], lagging: bool) -> None:
    shown, _ = await flow(modules, [*TO_RECORDING, *last])
    assert shown["lagging"] is lagging


async def test_a_failed_connection_is_made_again_at_once_and_then_later_and_later(modules: Page) -> None:
    events = [*TO_RECORDING, saved(1000, 400), {"type": "peer_changed", "peer": "failed", "now": 2000}]
    shown, commands = await flow(modules, [*events, tick(2100)])
    assert (shown["trouble"], shown["recording"], commands[-1]) == ("connection", False, ["stop_publishing"])
    refused = {"type": "publish_refused", "why": "unreachable", "retryAfterMs": None, "now": 2200}
    shown, commands = await flow(modules, [*events, tick(2100), tick(2100), refused, tick(3100), tick(3200)])
    assert commands[-4:] == [["publish"], ["stop_publishing"], [], ["publish"]]


async def test_a_short_absence_is_forgiven(modules: Page) -> None:
    away = {"type": "peer_changed", "peer": "disconnected", "now": 2000}
    back = {"type": "peer_changed", "peer": "connected", "now": 4900}
    _, commands = await flow(modules, [*TO_RECORDING, saved(1900, 400), away, tick(4900), back, tick(5500)])
    assert commands[-4:] == [[], [], [], []]
    _, commands = await flow(modules, [*TO_RECORDING, saved(1900, 400), away, tick(5000)])
    assert commands[-1] == ["stop_publishing"]


async def test_a_server_that_came_back_without_us_gets_a_new_connection(modules: Page) -> None:
    quiet = [saved(now, 400, recording=False) for now in range(2000, 6500, 500)]
    shown, commands = await flow(modules, [*TO_RECORDING, saved(1000, 400), *quiet, tick(6400), tick(6400)])
    assert commands[-2:] == [["stop_publishing"], ["publish"]]
    assert shown["trouble"] == "connection"


async def test_the_tail_of_a_lost_connection_is_no_recovery(modules: Page) -> None:
    failed = {"type": "peer_changed", "peer": "failed", "now": 2000}
    shown, _ = await flow(modules, [*TO_RECORDING, saved(1000, 400), failed, tick(2100), saved(2200, 900)])
    assert (shown["trouble"], shown["recording"], shown["savedMs"]) == ("connection", False, 900)


@pytest.mark.parametrize(
    ("why", "screen", "problem", "trouble"),
    [
        ("superseded", "elsewhere", None, "none"),
        ("finished", "problem", "finished", "none"),
        ("not_acceptable", "problem", "not_acceptable", "none"),
        ("link_unknown", "problem", "link_unknown", "none"),
        ("busy", "interview", None, "busy"),
        ("disk_full", "interview", None, "disk_full"),
        ("unreachable", "interview", None, "lost_at_start"),
    ],
)
async def test_refusals(modules: Page, why: str, screen: str, problem: str | None, trouble: str) -> None:
    refused = {"type": "publish_refused", "why": why, "retryAfterMs": 7000, "now": 600}
    shown, commands = await flow(modules, [*TO_RECORDING, refused])
    assert (shown["screen"], shown["problem"], shown["trouble"]) == (screen, problem, trouble)
    assert "stop_publishing" in commands[-1]
    assert ("close_devices" in commands[-1]) is (screen != "interview"), "who is sent away gets the camera back"
    if screen == "interview":
        assert shown["retryAt"] == 7600, "as Retry-After asks"


@pytest.mark.parametrize(
    ("message", "screen", "problem"),
    [
        ({"type": "takeover"}, "elsewhere", None),
        ({"type": "ended", "reason": "finished", "state": "completed"}, "thanks", None),
        ({"type": "ended", "reason": "over_cap", "state": "interrupted"}, "problem", "over_cap"),
        ({"type": "ended", "reason": "deleted", "state": "deleted"}, "problem", "deleted"),
        ({"type": "state", "state": "ready", "recording": False, "saved_ms": 1}, "thanks", None),
    ],
)
async def test_what_ends_it(modules: Page, message: Event, screen: str, problem: str | None) -> None:
    shown, commands = await flow(modules, [*TO_RECORDING, {"type": "told", "message": message, "now": 900}])
    assert (shown["screen"], shown["problem"]) == (screen, problem)
    assert commands[-1] == ["stop_publishing", "close_control", "close_devices", "let_sleep"]


async def test_two_presses_are_one(modules: Page) -> None:
    _, commands = await flow(modules, [*TO_RECORDING, {"type": "finish_confirmed"}, {"type": "finish_confirmed"}])
    assert commands[-2:] == [["finish"], []]


PARTS = [
    {"n": 1, "url": "", "durationMs": 4000, "gapsMs": []},
    {"n": 3, "url": "", "durationMs": 2500, "gapsMs": []},
]


@pytest.mark.parametrize(
    ("ms", "index", "offset"),
    [(-1, 0, 0), (0, 0, 0), (3999, 0, 3999), (4000, 1, 0), (6499, 1, 2499), (6500, 1, 2500), (9999, 1, 2500)],
)
async def test_a_time_is_a_place_in_a_part(modules: Page, ms: int, index: int, offset: int) -> None:
    assert await call(modules, "hr/playlist.js", "placeOf", PARTS, ms) == {"index": index, "offsetMs": offset}


async def test_parts_that_were_joined_are_one_file(modules: Page) -> None:
    joined = [{**part, "url": "/download"} for part in PARTS]
    alone = [{"url": "/parts/1", "durationMs": 4000}, {"url": "/parts/3", "durationMs": 2500}]
    assert await call(modules, "hr/playlist.js", "filesOf", joined) == [{"url": "/download", "durationMs": 6500}]
    assert await call(modules, "hr/playlist.js", "filesOf", alone) == alone
    assert await call(modules, "hr/playlist.js", "filesOf", []) == []


@pytest.mark.parametrize(("target", "ms"), [("1:0", 0), ("1:250", 250), ("3:0", 4000), ("3:100", 4100), ("2:0", 0)])
async def test_a_place_in_a_part_is_a_time(modules: Page, target: str, ms: int) -> None:
    assert await call(modules, "hr/playlist.js", "timeOf", PARTS, target) == ms


@pytest.mark.parametrize(("ms", "text"), [(0, "0:00"), (42_999, "0:42"), (197_000, "3:17"), (3_725_000, "1:02:05")])
async def test_clock_time(modules: Page, ms: int, text: str) -> None:
    assert await call(modules, "shared/format.js", "clockTime", ms) == text


async def test_back_off(modules: Page) -> None:
    waits = [await call(modules, "candidate/backoff.js", "backoff", tries) for tries in range(7)]
    assert waits == [500, 1000, 2000, 4000, 8000, 8000, 8000]


async def test_a_trickled_candidate_carries_its_credentials(modules: Page) -> None:
    offer = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:secret\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
    candidate = {"candidate": "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host", "sdpMid": "0"}
    fragment = await call(modules, "candidate/sdp_fragment.js", "candidateFragment", offer, candidate)
    assert fragment.split("\r\n") == [
        "a=ice-ufrag:abcd",
        "a=ice-pwd:secret",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host",
        "",
    ]


@pytest.mark.parametrize(
    ("key", "focus", "wish"),
    [
        (" ", "other", {"type": "toggle"}),
        (" ", "button", None),
        (" ", "field", None),
        (" ", "seek", {"type": "toggle"}),
        ("ArrowLeft", "seek", {"type": "move", "ms": -5000}),
        ("ArrowRight", "button", {"type": "move", "ms": 5000}),
        ("ArrowRight", "field", None),
        ("x", "other", None),
    ],
)
async def test_the_players_keys(modules: Page, key: str, focus: str, wish: object) -> None:
    event = {"key": key, "ctrlKey": False, "metaKey": False, "altKey": False}
    assert await call(modules, "hr/player_keys.js", "playerKey", event, focus) == wish
