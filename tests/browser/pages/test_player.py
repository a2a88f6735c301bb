"""The player of Interview Results: from answer to answer, by pointer and by keys, previews, captions, links to a moment."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Response, expect

from tests.browser.pages.long_recording import add_recording
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Place
from tests.browser.pages.test_everybody import MOST_BYTES
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CAPTIONS = b"WEBVTT\n\n00:00.000 --> 00:20.000\nI would tell them to ask.\n"
SHOWN = """
(video) => new Promise((resolve) => {
  const look = () => {
    const cues = [...(video.textTracks[0].activeCues ?? [])].map((cue) => cue.text);
    if (cues.length > 0) resolve(cues); else requestAnimationFrame(look);
  };
  look();
})
"""
"Waits for captions and tells them."
SECONDS, EACH_S = 40, 10
"Four questions, each answered from 1.3 s after it was asked until half a second before the next."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def long(place: Place) -> str:
    """The address of an interview with a recording; there are newer and older ones in its job."""
    for session_id, candidate in (
        ("player-older", "Bob Before"),
        ("player", "Ana Beispiel"),
        ("player-newer", "Zoe After"),
    ):
        await add_recording(place, session_id, SECONDS, candidate, questions=SECONDS // EACH_S)
    return f"{place.url}/hr/interviews/player"


@pytest_asyncio.fixture(loop_scope="session")
async def hr(place: Place, visitor: Visitor) -> Visitor:
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    return visitor


async def at(page: Page, seconds: str) -> None:
    """Wait until the player stands there; a regular expression for the seconds of the first minute."""
    await expect(page.locator("#time-now")).to_have_text(re.compile(rf"^0:{seconds}$"))


async def opened(hr: Visitor, address: str) -> Page:
    await hr.page.goto(address)
    await expect(hr.page.locator("#time-total")).to_have_text("0:40")
    return hr.page


async def test_a_link_begins_at_its_moment_and_can_be_made(
    hr: Visitor, context: BrowserContext, long: str, place: Place
) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=place.url)
    page = await opened(hr, f"{long}?t=25")
    await at(page, "25")
    await expect(page.locator("#toggle")).to_have_attribute("aria-label", "Play")
    await expect(page.locator("#answer-now")).to_have_text("Question 3")
    await page.get_by_role("button", name="+10 s").click()
    await page.get_by_role("button", name="5 s, back").click()
    await at(page, "30")
    await page.locator("#copy-link").click()
    await expect(page.locator("#copy-link-said")).to_have_text("Link copied")
    assert await page.evaluate("navigator.clipboard.readText()") == f"{long}?t=30"
    await hr.has_no_barriers()


async def test_buttons_and_keys_go_from_answer_to_answer(hr: Visitor, long: str) -> None:
    page = await opened(hr, long)
    previous, following = page.locator("#previous-answer"), page.locator("#next-answer")
    await expect(previous).to_have_attribute("aria-disabled", "true")
    await following.click()
    await at(page, "0[12]")
    await page.keyboard.press("Shift+ArrowRight")
    await at(page, "1[12]")
    await expect(page.locator('[data-take="2:1"] [aria-current]')).to_be_visible()
    await page.locator('[data-take="2:1"] [data-player-at]').focus()
    await page.keyboard.press("ArrowDown")
    await at(page, "2[12]")
    await expect(page.locator('[data-take="3:1"] [data-player-at]')).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await at(page, "1[12]")
    await page.keyboard.press("k")
    await page.keyboard.press("l")
    await page.keyboard.press("l")
    await at(page, "3[1-3]")
    await expect(following).to_have_attribute(
        "aria-disabled", "true" if await page.locator("#answer-now").inner_text() == "Question 4" else "false"
    )
    await page.locator('#timeline-marks [data-nth="2"]').click()
    await at(page, "1[12]")


async def test_speed_keeps_the_pitch(hr: Visitor, long: str) -> None:
    page = await opened(hr, long)
    speeds = await page.locator("#speed option").evaluate_all("(all) => all.map((one) => one.value)")
    assert (speeds[0], speeds[-1]) == ("0.5", "2")
    await page.locator("#speed").select_option("2")
    await page.locator("h1").click()
    await page.keyboard.press("<")
    await expect(page.locator("#speed")).to_have_value("1.75")
    video = "(video) => [video.playbackRate, video.preservesPitch]"
    assert await page.locator("#video").evaluate(video) == [1.75, True]


async def test_single_keys_can_be_switched_off_for_good(hr: Visitor, long: str) -> None:
    page = await opened(hr, long)
    await page.locator("#keys summary").click()
    await page.get_by_label("Use these shortcuts on this page").uncheck()
    await page.reload()
    await page.locator("h1").click()
    await page.keyboard.press("k")
    await page.keyboard.press("m")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#mute")).to_have_attribute("aria-pressed", "false")
    await at(page, "00")
    await page.locator("#seek").focus()
    await page.keyboard.press("End")
    await at(page, "40")
    await page.locator("#keys summary").click()
    await expect(page.get_by_label("Use these shortcuts on this page")).not_to_be_checked()
    await hr.has_no_barriers()


async def test_the_timeline_shows_what_is_under_pointer_and_focus(hr: Visitor, long: str) -> None:
    page = await opened(hr, long)
    await expect(page.locator("#wave path")).to_have_attribute("d", re.compile("M"), timeout=30_000)
    box: Any = await page.locator("#track").bounding_box()
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    await expect(page.locator("#peek")).to_contain_text("0:20")
    picture = page.locator("#peek-picture")
    await expect(picture).to_be_visible()
    assert "thumbnails.jpg" in await picture.evaluate("(one) => one.style.backgroundImage")
    await page.mouse.move(0, 0)
    await expect(page.locator("#peek")).to_be_hidden()
    await page.keyboard.press("Tab")
    await hr.tabs_to("#seek")
    await expect(page.locator("#peek")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#peek")).to_contain_text("0:05")
    await expect(page.locator("#seek")).to_have_attribute("aria-valuetext", "0:05 of 0:40, Question 1")
    await hr.fits()


async def test_captions_are_attached_shown_and_taken_away(hr: Visitor, long: str, tmp_path: Path) -> None:
    page = await opened(hr, long)
    await expect(page.locator("#captions")).to_be_hidden()
    for octets, said in ((b"no captions", "The first line is not WEBVTT"), (CAPTIONS, "Captions are attached.")):
        (tmp_path / "captions.vtt").write_bytes(octets)
        await page.locator("#captions-file").set_input_files(tmp_path / "captions.vtt")
        await expect(page.locator("#captions-said")).to_contain_text(said)
    await page.locator("#captions").click()
    await expect(page.locator("#captions")).to_have_attribute("aria-pressed", "true")
    await page.locator("#toggle").click()
    async with asyncio.timeout(10):
        cues = await page.locator("#video").evaluate(SHOWN)
    assert cues == ["I would tell them to ask."]
    await hr.has_no_barriers()
    await page.get_by_role("button", name="Take captions away").click()
    await expect(page.locator("#captions-said")).to_have_text("Captions were taken away.")
    await expect(page.locator("#captions")).to_be_hidden()


async def test_from_interview_to_interview(hr: Visitor, long: str) -> None:
    page = await opened(hr, long)
    await page.get_by_role("link", name="Next interview").click()
    await expect(page.locator("#about")).to_contain_text("Bob Before")
    await page.get_by_role("link", name="Previous interview").click()
    await page.get_by_role("link", name="Previous interview").click()
    await expect(page.locator("#about")).to_contain_text("Zoe After")


async def test_facts_tell_what_was_measured(hr: Visitor, long: str) -> None:
    page = await opened(hr, long)
    facts = page.locator(".facts")
    for told in ("231 of 250 kbps", "30 of 64 kbps", "0:40"):
        await expect(facts).to_contain_text(told)
    await expect(facts.locator(".digest")).to_have_text(re.compile("^[0-9a-f]{64}$"))


async def test_the_page_weighs_little_before_media(hr: Visitor, long: str) -> None:
    answers: list[Response] = []
    hr.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  a built-in takes no attribute of playwright's
    await opened(hr, long)
    media = ("/parts/", "/video/", ".jpg", ".json")
    weighed = [answer for answer in answers if not any(kind in answer.url for kind in media)]
    assert len(weighed) > 10
    sizes = [await answer.request.sizes() for answer in weighed]
    assert sum(size["responseBodySize"] for size in sizes) < MOST_BYTES, "as it travels, compressed"


async def test_the_page_keeps_up_while_the_interview_runs_and_ends(
    place: Place, hr: Visitor, chromium_here: Browser
) -> None:
    invitation = await place.invite(candidate="Jane Smith")
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    await page.evaluate("window.untouched = true")
    await expect(page.locator("#player")).to_contain_text("Nothing has been recorded yet.")
    context = await chromium_here.new_context()
    candidate = Visitor(await context.new_page())
    await candidate.records(invitation.link)
    await candidate.has_saved(2)
    await expect(page.locator("#about")).to_contain_text("Recording now", timeout=30_000)
    await expect(page.locator("#page-news")).to_contain_text("Recording now")
    await candidate.candidate.finish()
    await context.close()
    await expect(page.locator("#about")).to_contain_text("Ready", timeout=30_000)
    await page.locator("#toggle").click()
    await expect(page.locator("#time-now")).to_have_text("0:01")
    await expect(page.locator("#wave path")).to_be_attached(timeout=30_000)
    assert await page.evaluate("window.untouched"), "the page was never loaded again"
