"""A whole interview through the candidate's own page, by its link alone."""

from pathlib import Path

import av
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.live.browser import new_candidate_page
from tests.live.conftest import House
from tests.live.decode import covered_share, decode, events
from tests.live.harness import Interview
from tests.live.network import BadNetwork
from tests.live.playback import player
from tests.live.scenarios import begin, close_tab, go_on, part_closed, part_rows

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def picture_packets(path: Path) -> list[bytes]:
    with av.open(str(path), "r") as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


async def test_an_interview_is_recorded_and_hr_downloads_it(
    house: House, interview: Interview, browser: Browser, context: BrowserContext, tmp_path: Path
) -> None:
    lines: list[str] = []
    context.on("console", lambda message: lines.append(message.text))
    candidate = await begin(house.server, context, interview)
    await candidate.source.runs_on(8)
    await candidate.finish()

    seen = await house.server.api(interview, house.hr_token)
    size_mb = sum(part["size_bytes"] for part in seen["parts"]) / 1e6
    told = ["Video recording started", f"Video recorded: {size_mb:.1f} MB", "Video uploaded successfully"]
    assert [line for line in lines if line.startswith("Video ")] == told, "the console, as the request has it"
    log = house.server.log.read_text(encoding="utf-8")
    (stored,) = (line for line in log.splitlines() if "Video uploaded successfully" in line)
    assert f"path={seen['video_file_path']}" in stored
    assert f"size_mb={seen['video_size_mb']}" in stored
    assert seen["state"] == "ready"
    path = await house.server.download(interview, house.hr_token, tmp_path / "interview.webm")
    assert path.stat().st_size == (house.server.data / seen["video_file_path"]).stat().st_size
    assert seen["video_size_mb"] == round(path.stat().st_size / 1e6, 2)

    decoded = decode(path)
    assert decoded.errors == ()
    assert decoded.unreadable == 0
    assert decoded.end_s > 8
    assert covered_share(decoded) > 0.9
    assert decoded.sound.holes_s + decoded.sound.concealed_s < 0.1
    assert len(events(decoded)) >= 5, "flashes and their beeps are in the file"
    async with player(browser) as chromium_player:
        played = await chromium_player.check(path)
    assert played.plays_to_its_end
    assert played.seeks
    assert played.duration_s == pytest.approx(decoded.end_s, abs=0.2)


async def test_the_same_link_adds_a_part_and_both_become_one_recording(
    house: House, interview: Interview, browser: Browser, context: BrowserContext, tmp_path: Path
) -> None:
    first = await begin(house.server, context, interview)
    await first.source.runs_on(3)
    await close_tab(first, BadNetwork())
    await part_closed(house.server, interview, 1)
    before = picture_packets(house.server.part_files(interview)[0])

    second = await go_on(house.server, context, interview)
    await second.source.runs_on(3)
    await second.finish()

    assert [row["number"] for row in part_rows(house.server, interview)] == [1, 2]
    seen = await house.server.api(interview, house.hr_token)
    assert seen["state"] == "ready"
    assert [(part["n"], part["state"]) for part in seen["parts"]] == [(1, "stored"), (2, "stored")]
    assert house.server.part_files(interview) == []
    path = await house.server.download(interview, house.hr_token, tmp_path / "interview.webm")
    assert picture_packets(path)[: len(before)] == before, "the first part stands at the beginning, every packet of it"
    decoded = decode(path)
    assert (decoded.errors, decoded.unreadable) == ((), 0)
    assert decoded.end_s == pytest.approx(seen["duration_ms"] / 1000, abs=0.2)
    assert decoded.end_s > 6
    assert decoded.sound.holes_s < 0.01
    async with player(browser) as chromium_player:
        played = await chromium_player.check(path)
    assert played.plays_to_its_end
    assert played.seeks


async def test_a_second_tab_takes_over_and_the_first_says_so(
    house: House, interview: Interview, context: BrowserContext
) -> None:
    first = await begin(house.server, context, interview)
    second = await go_on(house.server, context, interview)

    await expect(first.screen("elsewhere")).to_be_visible()
    camera_is_off = "holdfastSource.peerConnections.every(({connectionState}) => connectionState === 'closed')"
    assert await first.page.evaluate(camera_is_off)
    assert (await part_closed(house.server, interview, 1))["end_reason"] == "superseded"

    await second.source.runs_on(2)
    await first.page.close(run_before_unload=True)  # its DELETE must change nothing
    await second.source.runs_on(2)
    await second.is_recording()
    await second.finish()
    assert [row["number"] for row in part_rows(house.server, interview)] == [1, 2]


async def test_continue_here_takes_it_back(house: House, interview: Interview, context: BrowserContext) -> None:
    first = await begin(house.server, context, interview)
    second = await new_candidate_page(context)
    await second.open(house.server.candidate_url(interview))
    await second.start()
    await expect(first.screen("elsewhere")).to_be_visible()

    await first.page.locator("#continue-here").click()
    await first.press_start()

    await expect(second.screen("elsewhere")).to_be_visible()
    await first.is_recording()
