"""Coming back: with one press by whoever was away, and by itself when only the network or the server was."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, expect

from db.clock import SystemClock
from tests.live.browser import new_candidate_page
from tests.live.conftest import House
from tests.live.harness import Interview, until
from tests.live.network import BadNetwork
from tests.live.scenarios import begin, close_tab, part_closed, part_rows

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLOCK = SystemClock()
BACK_WITHIN_S = 3.0
RECORDING_AGAIN_WITHIN_S = 8.0


@pytest.fixture
async def network(context: BrowserContext) -> AsyncIterator[BadNetwork]:
    network = BadNetwork()
    await network.between(context)
    yield network
    network.close()


async def part_begun(house: House, interview: Interview, number: int, within_s: float) -> float:
    """Wait for a part; how long that took."""

    async def begun() -> bool:
        return len(part_rows(house.server, interview)) >= number

    before = CLOCK.monotonic()
    await until(begun, within_s=within_s)
    return CLOCK.monotonic() - before


async def test_from_the_link_to_recording_it_takes_three_seconds_and_one_press(
    house: House, interview: Interview, context: BrowserContext
) -> None:
    first = await begin(house.server, context, interview)
    await first.source.runs_on(2)
    await close_tab(first, BadNetwork())
    await part_closed(house.server, interview, 1)
    second = await new_candidate_page(context)
    before = CLOCK.monotonic()
    await second.open(house.server.candidate_url(interview))
    await second.page.locator("#continue-interview:enabled").click()
    await expect(second.page.locator("#light")).to_have_attribute("data-light", "recording")
    assert CLOCK.monotonic() - before < BACK_WITHIN_S
    await second.is_asked(1)


async def test_a_changed_network_is_recorded_from_again_without_a_press(
    house: House, interview: Interview, context: BrowserContext, network: BadNetwork
) -> None:
    candidate = await begin(house.server, context, interview)
    await candidate.source.runs_on(3)
    network.cut()  # the next connection has a relay of its own: another port, as on another network
    assert await part_begun(house, interview, 2, RECORDING_AGAIN_WITHIN_S) < RECORDING_AGAIN_WITHIN_S
    await candidate.is_recording()
    await expect(candidate.page.locator("#trouble")).to_be_hidden()
    await candidate.source.runs_on(2)
    await candidate.finish()
    assert (await house.server.api(interview, house.hr_token))["state"] in {"completed", "ready"}


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_a_server_that_restarts_gets_the_page_back_without_a_press(
    house: House, interview: Interview, context: BrowserContext, how: str
) -> None:
    candidate = await begin(house.server, context, interview)
    await candidate.source.runs_on(2)
    await (house.server.kill() if how == "killed" else house.server.stop())
    await expect(candidate.page.locator("#trouble")).to_contain_text("Everything up to ")
    await house.server.start()
    await part_begun(house, interview, 2, 20)
    await candidate.is_recording()
    await candidate.is_asked(1)
    await candidate.finish()
