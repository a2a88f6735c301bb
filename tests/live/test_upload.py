"""What a browser's own MediaRecorder recorded, sent by the page that recorded it."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.live.conftest import House
from tests.live.decode import covered_share, decode, events
from tests.live.firefox import firefox_tab, missing_for_firefox
from tests.live.harness import Interview, until
from tests.live.network import BadNetwork
from tests.live.playback import player
from tests.live.scenarios import begin, close_tab, part_closed

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_RECORD = """async ({codec, seconds}) => {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: true});
    const options = {mimeType: `video/webm;codecs=${codec},opus`, videoBitsPerSecond: 250000, audioBitsPerSecond: 64000};
    const recorder = new MediaRecorder(stream, options);
    const chunks = [];
    recorder.ondataavailable = ({data}) => chunks.push(data);
    const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start(500);
    const goal = holdfastSource.counter + seconds * 24;
    while (holdfastSource.counter < goal) await new Promise((resolve) => setTimeout(resolve, 50));
    recorder.stop();
    await stopped;
    globalThis.recorded = new Blob(chunks, {type: 'video/webm'});
    return recorded.size;
}"""

_SEND = """async ({url, token}) => {
    const form = new FormData();
    form.append('video_file', recorded, 'recording.webm');
    const answer = await fetch(url, {method: 'POST', body: form, headers: {Authorization: `Bearer ${token}`}});
    return [answer.status, await answer.text()];
}"""


async def recorded_by(house: House, context: BrowserContext, codec: str, seconds: float = 6) -> Page:
    """A page of the server's own origin that holds what its browser recorded."""
    page = await context.new_page()
    await page.goto(f"{house.server.base_url}/check")
    assert await page.evaluate(_RECORD, {"codec": codec, "seconds": seconds}) > 50_000
    return page


async def send(page: Page, interview: Interview) -> tuple[int, dict[str, Any]]:
    url = f"/api/interviews/{interview.session_id}/upload-video"
    status, text = await page.evaluate(_SEND, {"url": url, "token": interview.token})
    return status, json.loads(text)


@pytest.mark.parametrize("codec", ["vp9", "av1"])
async def test_what_a_browser_recorded_becomes_a_recording_that_seeks(
    house: House, browser: Browser, context: BrowserContext, tmp_path: Path, codec: str
) -> None:
    interview = await house.server.add_interview(house.job, consented=True)
    page = await recorded_by(house, context, codec)
    status, told = await send(page, interview)
    assert (status, told["message"]) == (200, "Video uploaded successfully")
    seen = await house.server.api(interview, house.hr_token)
    assert (seen["state"], seen["video_file_path"], seen["video_size_mb"]) == ("ready", told["path"], told["size_mb"])
    assert seen["parts"][0]["video_codec"] == codec.upper()
    assert f"path={told['path']}" in house.server.log.read_text(encoding="utf-8")
    path = await house.server.download(interview, house.hr_token, tmp_path / "interview.webm")
    if codec != "av1":  # what takes recordings apart here decodes what live interviews hold
        decoded = decode(path)
        assert (decoded.errors, decoded.unreadable) == ((), 0)
        assert decoded.end_s == pytest.approx(seen["duration_ms"] / 1000, abs=0.2)
        assert covered_share(decoded) > 0.9
        assert len(events(decoded)) >= 4, "flashes and their beeps are in the file"
        assert decoded.sound.holes_s < 0.1, "MediaRecorder stamps sound a few milliseconds to and fro"
    async with player(browser) as chromium_player:
        played = await chromium_player.check(path)
    assert played.plays_to_its_end
    assert played.seeks


async def test_a_live_part_and_an_upload_become_one_recording(
    house: House, browser: Browser, context: BrowserContext, interview: Interview, tmp_path: Path
) -> None:
    candidate = await begin(house.server, context, interview)
    await candidate.source.runs_on(3)
    page = await recorded_by(house, context, "av1", 6)  # longer than the live part, and nothing that parts become
    status, problem = await send(page, interview)
    assert (status, problem["type"]) == (409, "/problems/being-recorded")
    await close_tab(candidate, BadNetwork())
    await part_closed(house.server, interview, 1)
    assert (await send(page, interview))[0] == 200

    async def ready() -> bool:
        return bool((await house.server.api(interview, house.hr_token))["state"] == "ready")

    await until(ready, within_s=60)
    seen = await house.server.api(interview, house.hr_token)
    assert [(part["source"], part["state"]) for part in seen["parts"]] == [("live", "stored"), ("upload", "stored")]
    path = await house.server.download(interview, house.hr_token, tmp_path / "interview.webm")
    decoded = decode(path)
    assert (decoded.errors, decoded.unreadable) == ((), 0)
    assert decoded.end_s == pytest.approx(seen["duration_ms"] / 1000, abs=0.2)
    async with player(browser) as chromium_player:
        played = await chromium_player.check(path)
    assert played.plays_to_its_end
    assert played.seeks


@pytest.mark.firefox
async def test_what_firefox_recorded_is_taken_too(house: House, browser: Browser, tmp_path: Path) -> None:
    missing = missing_for_firefox()
    if missing is not None:
        pytest.skip(missing)
    interview = await house.server.add_interview(house.job, consented=True)
    url = f"/api/interviews/{interview.session_id}/upload-video"
    async with firefox_tab() as tab:
        await tab.open(f"{house.server.base_url}/check")
        assert await tab.evaluate(f"({_RECORD})({json.dumps({'codec': 'vp8', 'seconds': 4})})") > 20_000
        status, text = await tab.evaluate(f"({_SEND})({json.dumps({'url': url, 'token': interview.token})})")
    assert (status, json.loads(text)["message"]) == (200, "Video uploaded successfully")
    seen = await house.server.api(interview, house.hr_token)
    assert (seen["state"], seen["parts"][0]["video_codec"]) == ("ready", "VP8")
    path = await house.server.download(interview, house.hr_token, tmp_path / "interview.webm")
    decoded = decode(path)
    assert (decoded.errors, decoded.unreadable) == ((), 0)
    assert decoded.end_s == pytest.approx(seen["duration_ms"] / 1000, abs=0.2)
    async with player(browser) as chromium_player:
        played = await chromium_player.check(path)
    assert played.plays_to_its_end
    assert played.seeks
