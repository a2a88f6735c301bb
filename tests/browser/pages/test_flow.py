"""What the candidate's page decides: screens, connections, endings."""

import pytest
from playwright.async_api import Page

from tests.browser.pages.reducer import TO_RECORDING, Event, flow, loaded, peer, saved, tick, told

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CLOSED = ["stop_publishing", "close_devices", "let_sleep", "close_control"]
RECORDING = [*TO_RECORDING, saved(1000, 400)]


def report(n: int, now: int) -> Event:
    return {"type": "report_heard", "n": n, "report": now, "now": now}


@pytest.mark.parametrize(
    ("state", "consent", "screen", "problem", "commands"),
    [
        ("invited", None, "notice", None, []),
        ("consented", {}, "devices", None, ["open_control"]),
        ("interrupted", {}, "back", None, ["open_control", "open_devices_if_allowed"]),
        ("in_progress", {}, "back", None, ["open_control", "open_devices_if_allowed"]),
        ("completed", {}, "problem", "finished", []),
        ("ready", {}, "problem", "finished", []),
        ("expired", None, "problem", "expired", []),
        ("withdrawn", {}, "withdrawn", None, []),
        ("deleted", {}, "problem", "deleted", []),
    ],
)
async def test_the_first_screen(
    modules: Page, state: str, consent: object, screen: str, problem: str | None, commands: list[str]
) -> None:
    shown, given = await flow(modules, [loaded(state=state, consent=consent)])
    assert (shown["screen"], shown["problem"]) == (screen, problem)
    assert given == [commands], "the camera never opens where the browser would ask, before somebody presses something"


async def test_one_press_goes_on_with_open_devices_and_with_closed_ones(modules: Page) -> None:
    back = loaded(state="interrupted")
    opened: Event = {"type": "devices_opened", "hasPicture": True, "now": 100}
    press: Event = {"type": "continue_pressed", "now": 200}
    start = ["stop_meter", "stay_awake", "publish"]
    shown, commands = await flow(modules, [back, {"type": "turn_on_pressed"}, opened, press])
    assert (shown["screen"], commands[-1]) == ("interview", start)
    shown, commands = await flow(modules, [back, press, opened])
    assert (shown["screen"], commands[-2:]) == ("interview", [["open_devices"], start])


async def test_a_camera_that_is_missing_on_a_return_gets_the_whole_screen(modules: Page) -> None:
    failed: Event = {"type": "devices_failed", "problem": "no_camera"}
    press: Event = {"type": "continue_pressed", "now": 200}
    shown, _ = await flow(modules, [loaded(state="interrupted"), press, failed])
    assert (shown["screen"], shown["deviceProblem"], shown["resuming"]) == ("devices", "no_camera", False)
    opened: Event = {"type": "devices_opened", "hasPicture": True, "now": 300}
    go_on: Event = {"type": "go_on_pressed", "now": 400}
    shown, _ = await flow(
        modules, [loaded(state="interrupted"), press, failed, {"type": "retry_pressed"}, opened, go_on]
    )
    assert shown["screen"] == "interview"


async def test_recording_is_the_servers_word(modules: Page) -> None:
    shown, commands = await flow(modules, TO_RECORDING)
    assert commands[-2] == ["stop_meter", "stay_awake", "publish"]
    assert shown["recording"] is False, "a connection that stands is no recording yet"
    shown, _ = await flow(modules, RECORDING)
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
    events = [*RECORDING, peer(1, "failed", 2000), tick(2100)]
    shown, commands = await flow(modules, events)
    assert (shown["trouble"], shown["recording"]) == ("connection", False)
    assert commands[-1] == ["close_dropped", "publish"]
    refused = {"type": "publish_refused", "n": 2, "why": "unreachable", "retryAfterMs": None, "now": 2200}
    _, commands = await flow(modules, [*events, refused, tick(3100), tick(3200)])
    assert commands[-3:] == [["close_dropped"], [], ["publish"]]


async def test_a_short_absence_is_forgiven(modules: Page) -> None:
    away = [*RECORDING, saved(1900, 900), peer(1, "disconnected", 2000)]
    _, commands = await flow(modules, [*away, tick(2900), peer(1, "connected", 2950), tick(3200)])
    assert commands[-3:] == [[], [], []]
    shown, commands = await flow(modules, [*away, tick(3000)])
    assert commands[-1] == ["close_dropped", "publish"]
    assert (shown["link"]["n"], shown["spare"]["n"]) == (1, 2), "the new one is made beside the old one"


async def test_a_dead_path_is_noticed_within_two_seconds_of_silence(modules: Page) -> None:
    alive = [*RECORDING, report(1, 1200), saved(2000, 1300), report(1, 2200), saved(3000, 1300)]
    _, commands = await flow(modules, [*alive, tick(3500), tick(4100)])
    assert commands[-1] == [], "reports came until then"
    shown, commands = await flow(modules, [*alive, tick(3500), tick(4200)])
    assert commands[-1] == ["close_dropped", "publish"]
    assert (shown["trouble"], shown["recording"]) == ("connection", False)


async def test_a_page_that_slept_does_not_blame_the_path(modules: Page) -> None:
    _, commands = await flow(modules, [*RECORDING, report(1, 1200), tick(60_000)])
    assert commands[-1] == []


async def test_saving_that_goes_on_shows_that_the_path_lives(modules: Page) -> None:
    progress = [saved(now, now - 600) for now in range(2000, 9000, 1000)]
    _, commands = await flow(modules, [*RECORDING, report(1, 1200), *progress, tick(8200)])
    assert commands[-1] == [], "reports may get lost on the way back"


async def test_the_old_connection_serves_until_the_server_records_from_the_new_one(modules: Page) -> None:
    changed: Event = {"type": "network_changed"}
    events = [*RECORDING, saved(1900, 900), changed, tick(2000), peer(2, "connected", 2600), saved(2700, 1500)]
    shown, commands = await flow(modules, events)
    assert (shown["link"]["n"], shown["spare"]["n"], shown["recording"]) == (1, 2, True)
    assert shown["trouble"] == "none", "nothing was lost, so there is nothing to tell"
    shown, commands = await flow(modules, [*events, saved(3100, 1800, part=2)])
    assert commands[-1] == ["close_dropped"]
    assert (shown["link"]["n"], shown["spare"], shown["recording"]) == (2, None, True)


async def test_an_old_connection_that_comes_back_makes_a_failing_new_one_needless(modules: Page) -> None:
    events = [*RECORDING, peer(1, "disconnected", 1500), tick(2500), peer(1, "connected", 2600), report(1, 2700)]
    refused = {"type": "publish_refused", "n": 2, "why": "unreachable", "retryAfterMs": None, "now": 2800}
    shown, commands = await flow(modules, [*events, refused, saved(3000, 900), tick(3300)])
    assert (shown["link"]["n"], shown["spare"], shown["retryAt"], shown["trouble"]) == (1, None, None, "none")
    assert commands[-1] == []


async def test_a_server_that_came_back_without_us_gets_a_new_connection(modules: Page) -> None:
    quiet = [event for now in range(2000, 6500, 500) for event in (saved(now, 400, recording=False), report(1, now))]
    shown, commands = await flow(modules, [*RECORDING, report(1, 1500), *quiet, tick(6400)])
    assert commands[-1] == ["close_dropped", "publish"]
    assert shown["trouble"] == "connection"


async def test_the_tail_of_a_lost_connection_is_no_recovery(modules: Page) -> None:
    shown, _ = await flow(modules, [*RECORDING, peer(1, "failed", 2000), tick(2100), saved(2200, 900)])
    assert (shown["trouble"], shown["recording"], shown["savedMs"]) == ("connection", False, 900)


@pytest.mark.parametrize(
    ("why", "screen", "problem", "trouble"),
    [
        ("superseded", "elsewhere", None, "none"),
        ("finished", "problem", "finished", "none"),
        ("consent_missing", "loading", None, "none"),
        ("not_acceptable", "problem", "not_acceptable", "none"),
        ("link_unknown", "problem", "link_unknown", "none"),
        ("busy", "interview", None, "busy_at_start"),
        ("disk_full", "interview", None, "disk_full"),
        ("unreachable", "interview", None, "lost_at_start"),
    ],
)
async def test_refusals(modules: Page, why: str, screen: str, problem: str | None, trouble: str) -> None:
    refused = {"type": "publish_refused", "n": 1, "why": why, "retryAfterMs": 7000, "now": 600}
    shown, commands = await flow(modules, [*TO_RECORDING, refused])
    assert (shown["screen"], shown["problem"], shown["trouble"]) == (screen, problem, trouble)
    assert ("close_devices" in commands[-1]) is (screen != "interview"), "who is sent away gets the camera back"
    assert ("load" in commands[-1]) is (why == "consent_missing"), "the notice is read anew"
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
    shown, commands = await flow(modules, [*TO_RECORDING, told(900, **message)])
    assert (shown["screen"], shown["problem"]) == (screen, problem)
    assert commands[-1] == CLOSED


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ([("camera", "muted")], "camera_muted"),
        ([("camera", "muted"), ("camera", "live")], "none"),
        ([("microphone", "muted")], "microphone_muted"),
        ([("camera", "ended"), ("camera", "muted")], "camera_stopped"),
        ([("camera", "ended"), ("camera", "live")], "camera_stopped"),
    ],
)
async def test_tracks_that_stop(modules: Page, changes: list[tuple[str, str]], trouble: str) -> None:
    events: list[Event] = [{"type": "track_changed", "kind": kind, "is": state} for kind, state in changes]
    shown, _ = await flow(modules, [*RECORDING, *events])
    assert shown["trouble"] == trouble
    reopened: Event = {"type": "devices_opened", "hasPicture": True, "now": 2000}
    shown, commands = await flow(modules, [*RECORDING, *events, {"type": "turn_on_again_pressed"}, reopened])
    assert (shown["trouble"], commands[-1]) == ("none", ["close_dropped", "publish"])


async def test_a_microphone_that_is_not_heard_is_told_until_it_is(modules: Page) -> None:
    unheard, heard = (told(1500, type="notice", code=code, text="") for code in ("no_sound", "sound_ok"))
    shown, _ = await flow(modules, [*RECORDING, unheard, saved(1600, 900)])
    assert shown["trouble"] == "microphone_unheard"
    again: list[Event] = [
        {"type": "turn_on_again_pressed"},
        {"type": "devices_opened", "hasPicture": True, "now": 2000},
    ]
    for events in ([unheard, heard], [heard], [unheard, *again]):
        shown, _ = await flow(modules, [*RECORDING, *events])
        assert shown["trouble"] == "none"
    muted: Event = {"type": "track_changed", "kind": "microphone", "is": "muted"}
    shown, _ = await flow(modules, [*RECORDING, muted, unheard])
    assert shown["trouble"] == "microphone_muted", "what the page knows by itself says more"


async def test_two_presses_are_one(modules: Page) -> None:
    _, commands = await flow(modules, [*TO_RECORDING, {"type": "finish_confirmed"}, {"type": "finish_confirmed"}])
    assert commands[-2:] == [["finish"], []]


async def test_a_restart_is_told_and_the_page_connects_by_itself(modules: Page) -> None:
    stopping = told(1500, type="notice", code="server_stopping", text="")
    shown, commands = await flow(modules, [*RECORDING, stopping, peer(1, "failed", 1700), tick(1800)])
    assert (shown["trouble"], commands[-1]) == ("server_stopping", ["close_dropped", "publish"])


async def test_a_server_that_answers_again_is_not_kept_waiting(modules: Page) -> None:
    """After a restart the control channel is back before the next try was due."""
    lost = [*RECORDING, peer(1, "failed", 2000), tick(2100)]
    refused: list[Event] = [
        {"type": "publish_refused", "n": n, "why": "unreachable", "retryAfterMs": None, "now": now}
        for n, now in ((2, 2200), (3, 3300), (4, 5400))
    ]
    waiting = [*lost, refused[0], tick(3250), refused[1], tick(5350), refused[2]]
    shown, _ = await flow(modules, waiting)
    assert shown["retryAt"] > 8000
    shown, commands = await flow(modules, [*waiting, saved(6000, 400, recording=False), tick(6200), tick(6260)])
    assert commands[-2:] == [[], ["publish"]]
    assert shown["retryAt"] is None
    shown, _ = await flow(modules, [*waiting, saved(6000, 400, recording=False), saved(6100, 400, recording=False)])
    assert shown["retryAt"] == 6250, "once is enough"
