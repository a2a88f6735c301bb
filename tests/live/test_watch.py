"""HR watches an interview while it is recorded: seconds behind, back to the start, through everything that happens."""

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.live.conftest import House
from tests.live.decode import FRAMES_PER_SECOND
from tests.live.harness import Interview, until
from tests.live.scenarios import begin, go_on
from tests.live.watching import Viewer, middle

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BEHIND_S = 4.0
SEEK_S = 1.0
"Half of it is promised, and printed by bench.watch on a quiet machine."
STOOD_STILL_S = 1.0
"For a moment something else is loaded; a stall that is not treated lasts for as long as the camera's does."
SAID_MS = 10_000


async def test_live_is_seconds_behind_and_goes_on_while_the_camera_stalls(
    house: House, interview: Interview, browser: Browser, context: BrowserContext
) -> None:
    candidate = await begin(house.server, context, interview)
    source = candidate.source
    viewer = await Viewer.open(browser, house.server, interview)
    await expect(viewer.start).to_be_enabled(timeout=SAID_MS)
    await viewer.watch()
    await source.runs_on(5)
    started_at = await source.started_at()
    assert middle(await viewer.behind_s(started_at, 3)) < BEHIND_S
    assert await viewer.longest_pause_s(3) < STOOD_STILL_S

    await source.stall(stalled=True)
    await expect(viewer.status).to_have_text("The camera stands still. Sound goes on.", timeout=SAID_MS)
    before = await viewer.time_s()
    await source.runs_on(4)
    assert await viewer.time_s() > before + 2.5, "sound goes on"
    assert await viewer.longest_pause_s(4) < STOOD_STILL_S
    await expect(viewer.page.locator("#live-frozen")).to_be_visible()

    await source.stall(stalled=False)
    resumed = await source.counter()
    await expect(viewer.status).to_have_text("", timeout=SAID_MS)
    await until(lambda: viewer.shows_later_than(resumed), within_s=10)
    await expect(viewer.page.locator("#live-frozen")).to_be_hidden()
    assert await viewer.is_live(started_at, BEHIND_S)

    assert await viewer.seek(0) < SEEK_S
    await expect(viewer.page.locator("#live-badge")).to_have_attribute("data-state", "behind")
    await viewer.page.get_by_role("button", name="Back to live").click()
    await expect(viewer.page.locator("#live-badge")).to_have_attribute("data-state", "live")
    live_again = await source.counter() - BEHIND_S * FRAMES_PER_SECOND
    await until(lambda: viewer.shows_later_than(int(live_again)), within_s=5)


async def test_the_viewer_goes_on_through_a_kill_and_the_next_part_to_the_end(
    house: House, interview: Interview, browser: Browser, context: BrowserContext
) -> None:
    candidate = await begin(house.server, context, interview)
    viewer = await Viewer.open(browser, house.server, interview)
    await expect(viewer.start).to_be_enabled(timeout=SAID_MS)
    await viewer.watch()
    await candidate.source.runs_on(3)
    await house.server.kill()
    await expect(viewer.status).to_contain_text("The connection to the server is gone", timeout=SAID_MS)
    await candidate.page.close()
    await house.server.start()
    await expect(viewer.status).to_contain_text("Nothing is being recorded at the moment", timeout=SAID_MS)

    again = await go_on(house.server, context, interview)
    await again.source.runs_on(2)
    await expect(viewer.status).to_have_text("", timeout=SAID_MS)
    started_at = await again.source.started_at()
    await until(lambda: viewer.is_live(started_at, BEHIND_S), within_s=15)
    assert await viewer.seek(0) < SEEK_S, "into the part before"
    await viewer.page.get_by_role("button", name="Back to live").click()
    await until(lambda: viewer.is_live(started_at, BEHIND_S), within_s=10)

    await again.finish()
    await expect(viewer.page.locator("#live-view")).to_be_hidden(timeout=SAID_MS)
