"""/check tells what works on this device, and the remedy for what does not."""

import pytest
from playwright.async_api import expect

from tests.browser.pages.conftest import NOT_SECURE_HOST
from tests.browser.pages.devices import no_devices_open
from tests.browser.pages.place import Place
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _run(visitor: Visitor, url: str) -> dict[str, str]:
    await visitor.page.goto(f"{url}/check")
    await visitor.page.get_by_role("button", name="Start check").click()
    await expect(visitor.page.locator("#summary")).to_be_visible(timeout=20_000)
    rows = await visitor.page.locator("[data-check]").all()
    return {str(await row.get_attribute("data-check")): str(await row.get_attribute("data-verdict")) for row in rows}


async def test_a_good_device(place: Place, visitor: Visitor) -> None:
    verdicts = await _run(visitor, place.url)
    assert verdicts.pop("turn") == "skipped"
    assert set(verdicts.values()) == {"good"}
    await expect(visitor.page.locator("#summary")).to_contain_text("Everything works.")
    await expect(visitor.page.locator('[data-check="formats"]')).to_contain_text("VP9, VP8, Opus")


async def test_a_busy_camera_has_a_remedy(place: Place, visitor: Visitor) -> None:
    await visitor.page.add_init_script(no_devices_open("NotReadableError", ("audioinput", "videoinput")))
    verdicts = await _run(visitor, place.url)
    assert verdicts["camera"] == verdicts["microphone"] == "bad"
    await expect(visitor.page.locator('[data-check="camera"]')).to_contain_text("Another program uses the camera.")
    await expect(visitor.page.locator("#summary")).to_contain_text("Something does not work yet.")


async def test_an_insecure_page_is_told_first(place: Place, visitor: Visitor) -> None:
    verdicts = await _run(visitor, place.url.replace("localhost", NOT_SECURE_HOST))
    assert verdicts["secure"] == "bad"
    await expect(visitor.page.locator('[data-check="secure"]')).to_contain_text("Open the same address with https.")
