"""Every page and screen: no barrier that axe finds, nothing that sticks out of a phone, small to load."""

import pytest
from playwright.async_api import Response, expect

from db.interviews import Allowance
from tests.browser.pages.devices import no_devices_open
from tests.browser.pages.place import HR_EMAIL, HR_PASSWORD, Place
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MOST_BYTES = 100_000


async def _good(visitor: Visitor) -> None:
    await visitor.has_no_barriers()
    await visitor.fits()


async def test_the_candidates_screens(place: Place, visitor: Visitor) -> None:
    page = visitor.page
    await page.goto((await place.invite()).link)
    await visitor.sees("notice")
    await _good(visitor)
    await visitor.candidate.consent()
    await expect(page.locator("#start")).to_be_visible()
    await _good(visitor)
    await visitor.candidate.start()
    await _good(visitor)
    await visitor.candidate.to_the_end()
    await page.locator("#finish").click()
    await expect(page.locator("#confirm")).to_be_visible()
    await _good(visitor)
    await page.locator("#confirm-yes").click()
    await visitor.sees("thanks")
    await _good(visitor)
    await page.reload()
    await visitor.sees("own")
    await _good(visitor)


async def test_the_screens_of_the_questions(place: Place, visitor: Visitor) -> None:
    allowance = Allowance(think_ms=120_000, answer_ms=40_000, max_takes=3)
    await visitor.records((await place.invite(allowance=allowance)).link)
    await visitor.candidate.is_asked(1)
    await _good(visitor)
    await visitor.candidate.wish("start-answer")
    await _good(visitor)
    await visitor.candidate.wish("end-answer")
    await visitor.candidate.wish("retake")
    await visitor.candidate.wish("end-answer")
    await _good(visitor)
    await visitor.candidate.wish("pause")
    await _good(visitor)
    await visitor.page.reload()
    await visitor.sees("back")
    await _good(visitor)


async def test_a_device_problem(place: Place, visitor: Visitor) -> None:
    await visitor.page.add_init_script(no_devices_open("NotReadableError", ("audioinput", "videoinput")))
    await visitor.reaches_devices((await place.invite(job=place.lenient_job)).link)
    await expect(visitor.page.locator("#device-problem")).to_be_visible()
    await _good(visitor)


@pytest.mark.parametrize("path", ["/check", "/hr/sign-in", "/nowhere"])
async def test_pages_for_anybody(place: Place, visitor: Visitor, path: str) -> None:
    await visitor.page.goto(place.url + path)
    await _good(visitor)


async def test_hrs_pages(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite(candidate="Ana Example von und zu Beispielstein-Musterhausen")
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    await _good(visitor)
    await visitor.page.goto(f"{place.url}/hr/interviews/{invitation.session_id}")
    await _good(visitor)


async def test_a_page_weighs_little(place: Place, visitor: Visitor) -> None:
    answers: list[Response] = []
    visitor.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  a built-in takes no attribute of playwright's
    await visitor.page.goto((await place.invite()).link, wait_until="networkidle")
    await visitor.sees("notice")
    assert len(answers) > 10
    sizes = [await answer.request.sizes() for answer in answers]
    assert sum(size["responseBodySize"] for size in sizes) < MOST_BYTES, "as it travels, compressed"
