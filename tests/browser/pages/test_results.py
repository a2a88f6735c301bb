"""Interview Results of an interview with questions: takes, breaks, and what HR grants while it runs."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from db.interviews import Allowance
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Invitation, Place
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def answered(place: Place, chromium_here: Browser) -> Invitation:
    """The first question answered twice, the page left and opened again, the others answered in a moment."""
    invitation = await place.invite(candidate="Jane Smith", allowance=Allowance(0, 90_000, 2))
    context = await chromium_here.new_context()
    visitor = Visitor(await context.new_page())
    await visitor.records(invitation.link)
    await visitor.has_saved(1)
    await visitor.candidate.wish("end-answer")
    await visitor.page.locator("#retake:enabled").click()
    await expect(visitor.page.locator("#end-answer")).to_be_visible()
    await visitor.has_saved(3)
    await visitor.page.goto("about:blank")
    await visitor.page.goto(invitation.link)
    await visitor.candidate.start()
    await visitor.has_saved(5)
    await visitor.candidate.finish()
    await context.close()
    return invitation


@pytest_asyncio.fixture(loop_scope="session")
async def hr(place: Place, visitor: Visitor) -> Visitor:
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    return visitor


async def test_takes_are_listed_and_lead_to_their_mark(place: Place, hr: Visitor, answered: Invitation) -> None:
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{answered.session_id}")
    await expect(page.locator('[data-take="1:1"]')).not_to_contain_text("Counts")
    await expect(page.locator('[data-take="1:2"]')).to_contain_text("Counts")
    await expect(page.locator("[data-take]")).to_have_count(4)
    counting = page.locator("#timeline-marks .mark--answer")
    assert await counting.evaluate_all("(marks) => marks.map((mark) => mark.dataset.nth)") == ["1", "2", "3"]
    for take, least in (("2:1", 4), ("1:1", 0)):
        await page.locator(f'[data-take="{take}"] [data-player-at]').click()
        await expect(page.locator("#toggle")).to_have_attribute("aria-label", "Pause")
        at = int(await page.locator(f'[data-take="{take}"] [data-player-at]').get_attribute("data-player-at") or "")
        assert at >= least * 1000
        await expect(page.locator("#time-now")).to_have_text(re.compile(rf"0:0[{at // 1000}{at // 1000 + 1}]"))
    await hr.has_no_barriers()
    await hr.fits()


async def test_a_break_is_told_with_its_length(place: Place, hr: Visitor, answered: Invitation) -> None:
    await hr.page.goto(f"{place.url}/hr/interviews/{answered.session_id}")
    await expect(hr.page.locator("#breaks li")).to_have_text(re.compile(r"Away for \d+(\.\d)? s at 0:0\d: the "))


async def test_chapters_are_there_to_download(place: Place, hr: Visitor, answered: Invitation) -> None:
    await hr.page.goto(f"{place.url}/hr/interviews/{answered.session_id}")
    async with hr.page.expect_download() as downloading:
        await hr.page.get_by_role("link", name="Chapters").click()
    assert (await (await downloading.value).path()).read_text().startswith("WEBVTT")


async def test_more_time_is_granted_while_the_interview_runs(
    place: Place, hr: Visitor, context: BrowserContext
) -> None:
    invitation = await place.invite(allowance=Allowance(0, 60_000, 1))
    candidate = Visitor(await context.new_page())
    await candidate.records(invitation.link)
    await candidate.candidate.is_asked(1)
    await expect(candidate.page.locator("#timer-value")).to_have_text(re.compile(r"0:\d\d"))
    page = hr.page
    await page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    form = page.locator("#accommodations")
    await form.get_by_label("Time, multiplied by").fill("3")
    await form.get_by_label("More takes").fill("2")
    await page.keyboard.press("Enter")
    await expect(page.locator("#accommodations-said")).to_contain_text("In effect since")
    await expect(page.locator("#accommodations-said")).to_contain_text("the interview is running")
    await expect(candidate.page.locator("#timer-value")).to_have_text(re.compile(r"2:\d\d"))
    await hr.has_no_barriers()
    await page.reload()
    await expect(form.get_by_label("Time, multiplied by")).to_have_value("3")
    await form.get_by_label("No time limits").check()
    await form.get_by_role("button", name="Save accommodations").click()
    await expect(page.locator("#accommodations-said")).to_contain_text("In effect since")
    await expect(candidate.page.locator("#timer-label")).to_have_text("No time limit")
    await candidate.candidate.finish()
    await expect(form).to_have_count(0)
    await expect(page.locator('[data-region="granted"]')).to_contain_text("No time limits.")
    assert candidate.complaints == []
