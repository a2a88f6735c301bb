"""Whatever happens to the tab, the network or the server: the part is closed and plays."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.live.browser import CandidatePage
from tests.live.conftest import House
from tests.live.harness import Interview
from tests.live.network import BadNetwork
from tests.live.playback import player
from tests.live.scenarios import begin, close_tab, crash_tab, cut_network, go_on, interrupt, kill_and_restart

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GOODBYE_S = 1.0
SILENCE_S = 8.0


@pytest.fixture
async def network(context: BrowserContext) -> AsyncIterator[BadNetwork]:
    network = BadNetwork()
    await network.between(context)
    yield network
    network.close()


@pytest.mark.parametrize(
    ("event", "within_s"),
    [(close_tab, GOODBYE_S), (crash_tab, SILENCE_S), (cut_network, SILENCE_S)],
    ids=["closed", "crashed", "cut"],
)
async def test_a_vanished_sender_leaves_a_playable_part(
    house: House,
    interview: Interview,
    browser: Browser,
    context: BrowserContext,
    network: BadNetwork,
    event: Callable[[CandidatePage, BadNetwork], Awaitable[None]],
    within_s: float,
) -> None:
    candidate = await begin(house.server, context, interview)
    await candidate.source.runs_on(3)
    async with player(browser) as chromium_player:
        closing = await interrupt(house.server, candidate, interview, chromium_player, network, event)

    assert closing.seconds <= within_s
    assert closing.missing_s <= 1.0
    assert closing.played.plays_to_its_end
    assert closing.played.seeks
    # A page whose network was cut makes another connection by itself (test_resume.py).
    state = (await house.server.api(interview, house.hr_token))["state"]
    assert state == ("in_progress" if event is cut_network else "interrupted")


async def test_kill_9_loses_at_most_a_second(
    house: House, interview: Interview, browser: Browser, context: BrowserContext
) -> None:
    candidate = await begin(house.server, context, interview)
    async with player(browser) as chromium_player:
        for seconds in (2.0, 2.3, 2.7):  # three moments of a cluster's life; bench/kill.py tries twenty
            await candidate.source.runs_on(seconds)
            killed = await kill_and_restart(house.server, candidate, interview, chromium_player)
            assert 0 <= killed.missing_s <= 1.0
            assert abs(killed.sound_behind_s) <= 1.0
            assert killed.played.plays_to_its_end
            assert killed.played.seeks
            candidate = await go_on(house.server, context, interview)
