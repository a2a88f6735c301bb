"""Where the candidate is in their questions: the server's word, the page's wishes, and the time between two words."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.pages.reducer import TO_RECORDING, Event, flow, loaded, peer, saved, tick, told

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CAN = {
    "before": ["begin"],
    "thinking": ["start_answer", "pause", "finish"],
    "answering": ["end_answer", "pause", "finish"],
    "answered": ["retake", "choose_take", "next", "pause", "finish"],
    "paused": ["resume", "finish"],
    "done": [],
}
RECORDING = [*TO_RECORDING, saved(1000, 400)]


def place(step: str, revision: int, **changes: object) -> dict[str, object]:
    limits = {"think_limit_ms": 20_000, "think_used_ms": 0, "answer_limit_ms": 90_000, "answer_used_ms": 0}
    where = {"question": 1, "questions": 2, "take": 0, "takes_left": 1, "takes": [], "paused_step": None}
    return {
        "revision": revision,
        "step": step,
        **where,
        **limits,
        "counting": False,
        "can": CAN[step],
        "by_itself": False,
        **changes,
    }


def at_place(now: int, step: str, revision: int, **changes: object) -> Event:
    return told(now, type="flow", **place(step, revision, **changes))


def press(wish: str, now: int, **more: object) -> Event:
    return {"type": "wish_pressed", "wish": wish, "now": now, "at": 1_000_000 + now, **more}


async def timer(page: Page, events: list[Event], now: int) -> dict[str, Any] | None:
    shown, _ = await flow(page, events)
    script = "async ([questions, now]) => (await import('/static/candidate/questions.js')).timer(questions, now)"
    told_time: dict[str, Any] | None = await page.evaluate(script, [shown["questions"], now])
    return told_time


async def test_the_first_question_is_asked_for_once_something_is_recorded(modules: Page) -> None:
    before = [*TO_RECORDING[:2], at_place(0, "before", 0), *TO_RECORDING[2:]]
    _, commands = await flow(modules, [*before, tick(600)])
    assert commands[-1] == []
    _, commands = await flow(modules, [*before, saved(1000, 400), saved(2000, 1400)])
    wish = {"type": "do", "id": "do-1", "event": "begin", "take": None, "revision": 0, "at": 1_001_000}
    assert commands[-2:] == [[wish], []], "once"


async def test_where_only_answers_are_kept_it_is_asked_for_once_the_connection_stands(modules: Page) -> None:
    only = loaded(answers_only=True, flow=place("before", 0))
    shown, commands = await flow(modules, [only, *TO_RECORDING[1:], tick(600)])
    assert commands[-1][0]["event"] == "begin"
    assert shown["lagging"] is False
    shown, _ = await flow(
        modules, [only, *TO_RECORDING[1:], at_place(700, "thinking", 1), *[tick(now) for now in range(1000, 9000, 500)]]
    )
    assert shown["lagging"] is False, "nothing is meant to be saved while thinking"


async def test_a_press_becomes_a_wish_with_its_moment(modules: Page) -> None:
    thinking = [*RECORDING, at_place(1100, "thinking", 1)]
    shown, commands = await flow(modules, [*thinking, press("start_answer", 3000), press("start_answer", 3050)])
    wish = {"type": "do", "id": "do-1", "event": "start_answer", "take": None, "revision": 1, "at": 1_003_000}
    assert commands[-2:] == [[wish], []], "two presses are one"
    shown, commands = await flow(modules, [*thinking, press("start_answer", 3000), at_place(3100, "answering", 2)])
    assert shown["questions"]["asked"] is None
    assert commands[-1] == ["tell_shown"]


async def test_what_is_not_possible_is_not_asked_for(modules: Page) -> None:
    _, commands = await flow(modules, [*RECORDING, at_place(1100, "thinking", 1), press("next", 2000)])
    assert commands[-1] == []


async def test_a_press_that_was_meant_for_the_step_before_is_ignored(modules: Page) -> None:
    by_itself = [*RECORDING, at_place(1100, "thinking", 1), at_place(5000, "answering", 2, by_itself=True)]
    _, commands = await flow(modules, [*by_itself, press("end_answer", 5300)])
    assert commands[-1] == []
    _, commands = await flow(modules, [*by_itself, press("end_answer", 5800)])
    assert commands[-1][0]["event"] == "end_answer"


async def test_a_refused_wish_leaves_things_as_they_are(modules: Page) -> None:
    asked = [*RECORDING, at_place(1100, "thinking", 1), press("start_answer", 3000)]
    refused = told(3100, type="refused", id="do-1", reason="outdated", text="")
    shown, commands = await flow(modules, [*asked, refused, at_place(3100, "thinking", 1)])
    assert (shown["questions"]["asked"], commands[-1]) == (None, [])
    _, commands = await flow(modules, [*asked, refused, press("start_answer", 3500)])
    assert commands[-1][0]["id"] == "do-2"


async def test_a_wish_that_was_not_heard_goes_out_again(modules: Page) -> None:
    asked = [*RECORDING, at_place(1100, "thinking", 1), press("start_answer", 3000)]
    _, commands = await flow(modules, [*asked, at_place(5000, "thinking", 1)])
    assert [(wish["id"], wish["at"]) for wish in commands[-1]] == [("do-1", 1_003_000)], "with the moment of the press"


async def test_a_page_that_only_looks_on_tells_nothing(modules: Page) -> None:
    _, commands = await flow(
        modules, [loaded(state="in_progress", flow=place("thinking", 1)), at_place(100, "answering", 2)]
    )
    assert commands[-1] == []


async def test_time_runs_on_between_two_words_and_no_longer(modules: Page) -> None:
    answering = [*RECORDING, at_place(2000, "answering", 2, counting=True, answer_used_ms=10_000)]
    assert await timer(modules, answering, 2000) == {
        "kind": "answer",
        "leftMs": 80_000,
        "isLast": False,
        "stands": False,
    }
    assert (await timer(modules, answering, 3000) or {})["leftMs"] == 79_000
    assert (await timer(modules, answering, 9000) or {})["leftMs"] == 78_500, "nobody knows whether it still counts"


async def test_time_stands_still_while_nothing_counts(modules: Page) -> None:
    answering = [*RECORDING, at_place(2000, "answering", 2, counting=True)]
    standing = [*answering, saved(3000, 2000, used_ms=900, counting=False)]
    assert await timer(modules, standing, 3000) == await timer(modules, standing, 60_000)
    assert (await timer(modules, standing, 3000) or {})["stands"] is True


async def test_a_word_that_is_a_little_behind_does_not_turn_the_time_back(modules: Page) -> None:
    answering = [*RECORDING, at_place(2000, "answering", 2, counting=True)]
    events = [*answering, saved(3000, 2000, used_ms=700, counting=True)]
    assert (await timer(modules, events, 3000) or {})["leftMs"] == 89_000
    far = [*answering, saved(3000, 2000, used_ms=1000, counting=True), saved(4000, 2000, used_ms=0, counting=False)]
    assert (await timer(modules, far, 4000) or {})["leftMs"] == 90_000, "much less used is news"


@pytest.mark.parametrize(
    ("step", "changes", "kind", "is_last"),
    [
        ("answering", {"answer_used_ms": 59_000}, "answer", False),
        ("answering", {"answer_used_ms": 60_000}, "answer", True),
        ("answering", {"answer_limit_ms": 20_000, "answer_used_ms": 9_000}, "answer", False),
        ("answering", {"answer_limit_ms": 20_000, "answer_used_ms": 10_000}, "answer", True),
        ("answering", {"answer_limit_ms": None, "answer_used_ms": 99_000}, "answer", False),
        ("thinking", {"think_used_ms": 19_000}, "think", False),
    ],
)
async def test_the_end_of_an_answer_comes_into_sight(
    modules: Page, step: str, changes: dict[str, object], kind: str, is_last: bool
) -> None:
    shown = await timer(modules, [*RECORDING, at_place(2000, step, 2, **changes)], 2000)
    assert shown is not None
    assert (shown["kind"], shown["isLast"]) == (kind, is_last)


@pytest.mark.parametrize("step", ["before", "answered", "paused", "done"])
async def test_elsewhere_no_time_runs(modules: Page, step: str) -> None:
    assert await timer(modules, [*RECORDING, at_place(2000, step, 2)], 2000) is None


async def test_a_pause_is_expected_silence(modules: Page) -> None:
    paused = [*RECORDING, at_place(2000, "paused", 2, paused_step="answering")]
    silence = [event for now in range(3000, 20_000, 500) for event in (saved(now, 900, recording=False), tick(now))]
    shown, commands = await flow(modules, [*paused, *silence])
    assert (shown["lagging"], shown["trouble"], shown["link"]["n"]) == (False, "none", 1)
    assert not any(commands[len(paused) :])
    shown, _ = await flow(
        modules, [*paused, *silence, press("resume", 20_000), at_place(20_100, "answering", 3), tick(20_200)]
    )
    assert shown["lagging"] is False, "what was not saved before the pause ended is no news"


async def test_a_step_that_is_recorded_again_begins_with_patience(modules: Page) -> None:
    only = loaded(answers_only=True, flow=place("before", 0))
    silence = [event for now in range(1000, 9000, 500) for event in (saved(now, 0, recording=False), tick(now))]
    thinking = [only, *TO_RECORDING[1:], at_place(700, "thinking", 1), *silence]
    _, commands = await flow(modules, [*thinking, at_place(9000, "answering", 2), tick(9100), tick(10_500)])
    assert commands[-2:] == [[], []], "nothing had to arrive before"


async def test_coming_back_into_a_pause_ends_it_with_the_same_press(modules: Page) -> None:
    back: list[Event] = [
        loaded(state="interrupted", flow=place("paused", 5, paused_step="thinking")),
        {"type": "turn_on_pressed"},
        {"type": "devices_opened", "hasPicture": True, "now": 100},
        {"type": "continue_pressed", "now": 200},
    ]
    _, commands = await flow(modules, [*back, tick(300)])
    assert commands[-1] == [], "not before this page sends"
    _, commands = await flow(modules, [*back, peer(1, "connected", 400), tick(500)])
    assert commands[-1][0]["event"] == "resume"
    not_current = told(600, type="refused", id="do-1", reason="not_current", text="")
    again = [*back, peer(1, "connected", 400), tick(500), not_current]
    _, commands = await flow(modules, [*again, tick(700), tick(1200)])
    assert (commands[-2], commands[-1][0]["id"]) == ([], "do-2")
    _, commands = await flow(
        modules, [*again, at_place(650, "thinking", 6), press("pause", 700), at_place(800, "paused", 7), tick(2000)]
    )
    assert commands[-1] == [], "a pause that was asked for later stays"


async def test_finishing_later_turns_the_camera_off_once_the_pause_stands(modules: Page) -> None:
    later: Event = {"type": "later_pressed", "now": 3000, "at": 1_003_000}
    asked = [*RECORDING, at_place(2000, "thinking", 1), later]
    shown, commands = await flow(modules, asked)
    assert (shown["screen"], commands[-1][0]["event"]) == ("interview", "pause")
    shown, commands = await flow(modules, [*asked, at_place(3100, "paused", 2, paused_step="thinking")])
    assert (shown["screen"], commands[-1]) == ("back", ["stop_publishing", "close_devices", "let_sleep"])


@pytest.mark.parametrize(
    ("events", "silenced"),
    [
        ([], False),
        ([press("pause", 3000)], True),
        ([press("pause", 3000), told(3100, type="refused", id="do-1", reason="outdated", text="")], False),
        ([press("pause", 3000), at_place(3100, "paused", 2)], True),
        ([press("pause", 3000), at_place(3100, "paused", 2), press("resume", 4000)], False),
    ],
)
async def test_nothing_leaves_the_device_while_paused(modules: Page, events: list[Event], silenced: bool) -> None:
    shown, _ = await flow(modules, [*RECORDING, at_place(2000, "thinking", 1), *events])
    script = "async (questions) => (await import('/static/candidate/questions.js')).isSilenced(questions)"
    assert await modules.evaluate(script, shown["questions"]) is silenced
