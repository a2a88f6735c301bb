"""Every way in which camera and microphone do not open has a sentence that says what to do."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.pages.conftest import NOT_SECURE_HOST
from tests.browser.pages.devices import IN_APP_BROWSER, NO_CAMERA_BUT_MICROPHONE, no_devices_open
from tests.browser.pages.place import Place
from tests.browser.pages.visitor import Visitor
from tests.live.browser import CHROMIUM_FLAGS, chromium_path

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BOTH = ("audioinput", "videoinput")
REFUSALS = [
    ("NotAllowedError", BOTH, "This page may not use your camera and microphone", "allow camera and microphone"),
    ("NotReadableError", BOTH, "Your camera or microphone is in use", "Close the other program"),
    ("AbortError", BOTH, "Your camera or microphone is in use", "Close the other program"),
    ("NotFoundError", (), "No camera or microphone was found", "Plug one in"),
    ("NotFoundError", ("audioinput",), "No camera was found", "Plug in a camera"),
    ("NotFoundError", ("videoinput",), "No microphone was found", "Plug in a microphone"),
    ("InvalidStateError", BOTH, "Your camera or microphone did not start", "restart the browser"),
]


@pytest.mark.parametrize(("name", "kinds", "title", "remedy"), REFUSALS)
async def test_a_refusal_is_a_sentence_and_a_remedy(
    place: Place, visitor: Visitor, name: str, kinds: tuple[str, ...], title: str, remedy: str
) -> None:
    await visitor.page.add_init_script(no_devices_open(name, kinds))
    await visitor.reaches_devices((await place.invite()).link)
    problem = visitor.page.locator("#device-problem")
    await expect(problem.get_by_role("heading", name=title)).to_be_visible()
    await expect(problem).to_contain_text(remedy)
    await expect(problem).to_contain_text("Nothing is recorded.")
    await expect(problem.get_by_role("button", name="Try again")).to_be_visible()
    await expect(problem.get_by_role("button", name="microphone only")).to_be_hidden()


async def test_the_browsers_own_refusal(place: Place, context: BrowserContext) -> None:
    """Without its permissive flag, a headless Chromium denies by itself."""
    invitation = await place.invite()
    browser_type = (context.browser or pytest.fail("no browser")).browser_type
    flags = [flag for flag in CHROMIUM_FLAGS if flag != "--use-fake-ui-for-media-stream"]
    browser = await browser_type.launch(executable_path=chromium_path(), args=flags)
    try:
        visitor = Visitor(await browser.new_page())
        await visitor.reaches_devices(invitation.link)
        await expect(visitor.page.locator("#device-problem h2")).to_have_text(
            "This page may not use your camera and microphone"
        )
    finally:
        await browser.close()


async def test_trying_again_works_once_the_camera_is_free(place: Place, visitor: Visitor) -> None:
    await visitor.page.add_init_script(
        """
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        let refusals = 1;
        navigator.mediaDevices.getUserMedia = (wish) =>
            refusals-- > 0 ? Promise.reject(new DOMException("busy", "NotReadableError")) : real(wish);
        """
    )
    await visitor.reaches_devices((await place.invite()).link)
    await visitor.page.get_by_role("button", name="Try again").click()
    await expect(visitor.page.locator("#start")).to_be_visible()
    await expect(visitor.page.locator("#device-problem")).to_be_hidden()


async def test_the_microphone_alone_is_offered_where_the_job_takes_it(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite(job=place.lenient_job)
    await visitor.page.add_init_script(NO_CAMERA_BUT_MICROPHONE)
    await visitor.reaches_devices(invitation.link)
    await visitor.page.get_by_role("button", name="Go on with the microphone only").click()
    await expect(visitor.page.locator("#preview-off")).to_contain_text("Sound only")
    await expect(visitor.page.locator("#camera-field")).to_be_hidden()
    await visitor.candidate.start()
    await expect(visitor.page.locator("#self-off")).to_be_visible()
    await visitor.candidate.finish()


async def test_an_insecure_page_says_so_and_gives_the_link(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite()
    await visitor.page.goto(invitation.link.replace("localhost", NOT_SECURE_HOST))
    problem = await visitor.sees("problem")
    await expect(problem.get_by_role("heading")).to_have_text("This page is not opened securely")
    await problem.get_by_role("button", name="Copy the secure link").click()
    await expect(problem.get_by_role("button", name="Copied")).to_be_visible()


async def test_an_in_app_browser_is_told_to_copy_the_link(
    place: Place, visitor: Visitor, context: BrowserContext
) -> None:
    invitation = await place.invite()
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=place.url)
    await visitor.page.add_init_script(IN_APP_BROWSER)
    await visitor.page.goto(invitation.link)
    problem = await visitor.sees("problem")
    await expect(problem.get_by_role("heading")).to_have_text("This browser cannot record")
    await expect(problem).to_contain_text("Copy this link into Safari or Chrome")
    await problem.get_by_role("button", name="Copy your link").click()
    await expect(problem.get_by_role("button", name="Copied")).to_be_visible()
    assert await visitor.page.evaluate("navigator.clipboard.readText()") == invitation.link


async def test_a_link_that_cannot_be_copied_is_shown(place: Place, visitor: Visitor) -> None:
    invitation = await place.invite()
    await visitor.page.add_init_script(
        IN_APP_BROWSER + "Clipboard.prototype.writeText = () => Promise.reject(); document.execCommand = () => false;"
    )
    await visitor.page.goto(invitation.link)
    await visitor.page.get_by_role("button", name="Copy your link").click()
    await expect(visitor.page.locator("#problem-link")).to_have_value(invitation.link)


async def test_a_real_computer_without_devices(place: Place, chromium_here: Browser, tmp_path: Path) -> None:
    """Chromium without its fake devices, on a machine that has no others."""
    if list(Path("/dev").glob("video*")) or list(Path("/dev").glob("snd/*")):  # noqa: ASYNC240  before anything runs
        pytest.skip("this machine has a camera or a sound card")
    flags = [flag for flag in CHROMIUM_FLAGS if flag != "--use-fake-device-for-media-stream"]
    context = await chromium_here.browser_type.launch_persistent_context(
        tmp_path, executable_path=chromium_path(), args=flags
    )
    try:
        visitor = Visitor(await context.new_page())
        await visitor.reaches_devices((await place.invite()).link)
        await expect(visitor.page.locator("#device-problem h2")).to_have_text("No camera or microphone was found")
    finally:
        await context.close()
