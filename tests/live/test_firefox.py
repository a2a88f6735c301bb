"""Whole interviews in Firefox, through the same page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live import tab as there
from tests.live.conftest import House
from tests.live.decode import covered_share, decode
from tests.live.firefox import FirefoxTab, firefox_tab, missing_for_firefox
from tests.live.harness import Interview
from tests.live.ordeal import MARK_WITHIN_MS, MOST_MISSING_S, OPTIONS, Candidate, look_into, plan

pytestmark = [pytest.mark.browser, pytest.mark.firefox, pytest.mark.slow]


@pytest.fixture
async def tab() -> AsyncIterator[FirefoxTab]:
    missing = missing_for_firefox()
    if missing is not None:
        pytest.skip(missing)
    async with firefox_tab() as tab:
        yield tab


async def test_an_interview_is_recorded_in_firefox(
    house: House, interview: Interview, tab: FirefoxTab, tmp_path: Path
) -> None:
    await tab.open(house.server.candidate_url(interview))
    await there.consent(tab)
    await there.go_on(tab)
    await there.recorded_and_saved(tab)
    assert "Firefox" in await tab.user_agent()
    await there.runs_on(tab, 8)
    await there.finish(tab)

    seen = await house.server.api(interview, house.hr_token)
    assert seen["state"] == "ready"
    assert seen["parts"][0]["end_reason"] == "finished"
    decoded = decode(await house.server.download(interview, house.hr_token, tmp_path / "interview.webm"))
    assert decoded.errors == ()
    assert decoded.unreadable == 0
    assert decoded.end_s > 8
    assert covered_share(decoded) > 0.8, "Firefox encodes as many frames as this machine lets it"
    assert decoded.sound.end_s > 8
    assert decoded.sound.holes_s + decoded.sound.concealed_s < 0.1


async def test_interruptions_in_firefox_leave_one_recording(house: House, tab: FirefoxTab, tmp_path: Path) -> None:
    interview = await house.server.add_interview(house.job, more=OPTIONS)
    candidate = Candidate(house.server, interview, tab, house.hr_token)
    ordeal = await candidate.go_through(plan(("crash", "cut"), seed=1))
    outcome = await look_into(house.server, interview, house.hr_token, ordeal, tmp_path)

    assert outcome.is_whole
    assert [one.interruption.presses for one in outcome.lost if one.interruption.planned.kind == "cut"] == [0]
    assert all(one.before_s < MOST_MISSING_S and one.interruption.place_kept for one in outcome.lost)
    # Where Firefox's AudioContext does not start (seen without a sound card) there is nothing to hear.
    off_ms = [off for one in outcome.found for off in one.off_ms if off is not None]
    assert len(off_ms) >= len(outcome.found) == 6
    assert max(map(abs, off_ms)) <= MARK_WITHIN_MS
