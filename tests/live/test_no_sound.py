"""A page that believes it sends sound and sends none: the candidate is told within seconds, and so is HR."""

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.live.conftest import House
from tests.live.harness import Interview
from tests.live.scenarios import begin
from tests.live.watching import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOLD_MS = 10_000


async def send_sound(page: Page, *, sent: bool) -> None:
    await page.evaluate(
        """async sent => {
            const connection = holdfastSource.peerConnections.at(-1);
            const {sender} = connection.getTransceivers().find(({receiver}) => receiver.track.kind === 'audio');
            if (!sent) holdfastSource.takenSound = sender.track;
            await sender.replaceTrack(sent ? holdfastSource.takenSound : null);
        }""",
        sent,
    )


async def test_when_no_sound_arrives_the_candidate_is_told_and_hr_sees_the_picture_go_on(
    house: House, interview: Interview, browser: Browser, context: BrowserContext
) -> None:
    candidate = await begin(house.server, context, interview)
    trouble = candidate.page.locator("#trouble-said")
    viewer = await Viewer.open(browser, house.server, interview)
    await expect(viewer.start).to_be_enabled(timeout=TOLD_MS)
    await viewer.watch()
    await candidate.source.runs_on(2)
    await expect(trouble).to_have_text("")

    await send_sound(candidate.page, sent=False)
    await expect(trouble).to_contain_text("We hear nothing from your microphone", timeout=TOLD_MS)
    await expect(candidate.page.locator("#turn-on-again")).to_be_visible()
    await expect(viewer.status).to_contain_text("No sound arrives", timeout=TOLD_MS)
    before = await viewer.time_s()
    await candidate.source.runs_on(3)
    assert await viewer.time_s() > before + 2, "the picture goes on"

    await send_sound(candidate.page, sent=True)
    await expect(trouble).to_have_text("", timeout=TOLD_MS)
    await expect(viewer.status).to_have_text("", timeout=TOLD_MS)
