"""An interview that is interrupted in every way becomes one recording, with every answer where its mark says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.live.conftest import House
from tests.live.network import BadNetwork
from tests.live.ordeal import (
    KINDS,
    MARK_WITHIN_MS,
    MOST_MISSING_S,
    OPTIONS,
    RESTART,
    Candidate,
    Interruption,
    Planned,
    Pressed,
    found,
    in_step,
    look_into,
    lost,
    plan,
)
from tests.live.places import Moment, Stretch
from tests.live.playback import player
from tests.live.tab import ChromiumTab
from tests.live.test_places import pictures

PRESSED = {"reload", "crash"}
"Where a new page is opened, it is pressed once; otherwise the page goes on by itself."


@pytest.fixture
async def network() -> AsyncIterator[BadNetwork]:
    network = BadNetwork()
    yield network
    network.close()


@pytest.mark.browser
@pytest.mark.slow
async def test_interruptions_leave_one_recording(
    house: House, browser: Browser, context: BrowserContext, network: BadNetwork, tmp_path: Path
) -> None:
    interview = await house.server.add_interview(house.job, more=OPTIONS)
    tab = await ChromiumTab.of(context, network)
    candidate = Candidate(house.server, interview, tab, house.hr_token)
    ordeal = await candidate.go_through(plan((*KINDS, RESTART), seed=3))
    await tab.close()
    outcome = await look_into(house.server, interview, house.hr_token, ordeal, tmp_path)

    assert outcome.is_whole
    for one in outcome.lost:
        kind = one.interruption.planned.kind
        assert one.before_s < MOST_MISSING_S, kind
        assert one.in_all_s < MOST_MISSING_S + one.interruption.resumed_s, kind
        assert one.interruption.presses == (kind in PRESSED), kind
        assert one.interruption.place_kept, kind
    assert max(ordeal.stops_s) < 10
    assert {(one.pressed.question, one.pressed.edge) for one in outcome.found if one.worst_ms > MARK_WITHIN_MS} == set()
    median_ms, farthest_ms = in_step(outcome.late_ms)
    assert abs(median_ms) < 30
    assert abs(farthest_ms) < 60
    async with player(browser) as chromium_player:
        played = await chromium_player.check(outcome.path)
    assert played.plays_to_its_end
    assert played.seeks


def test_a_plan_is_repeatable_and_touches_every_question() -> None:
    assert plan(KINDS * 2, seed=1) == plan(KINDS * 2, seed=1)
    assert plan(KINDS * 2, seed=1) != plan(KINDS * 2, seed=2)
    assert {one.question for one in plan(KINDS, seed=1)} == {1, 2, 3}


def test_what_an_interruption_cost_is_told_from_the_pictures() -> None:
    before = Stretch(1, 100.0, tuple(pictures(0, 48, 0.0)), ())
    after = Stretch(2, 110.0, tuple(pictures(24, 48, 2.0)), ())
    told = Interruption(Planned("reload", 1, False, 3.0), 102.0, 100.0, 53, 1, 9.5, 1, True)
    cost = lost(told, [before, after])
    assert cost.before_s == pytest.approx(6 / 24)
    assert cost.in_all_s == pytest.approx(111.0 - 100 - 47 / 24)


def test_a_mark_that_is_not_there_is_infinitely_far() -> None:
    part = Stretch(1, 100.0, tuple(pictures(0, 48, 0.0)), (0.0, 1.0))
    pressed = Pressed(1, "start", Moment(100.0, 24))
    takes = [{"question_index": 1, "chosen": True, "start": 1_050}]
    assert found(pressed, [part], takes).worst_ms == pytest.approx(50)
    assert found(pressed, [part], []).worst_ms == float("inf")
