"""A host platform, as `docs/host` shows it, beside a real server below a path: framed, with the module, and by its people."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import BrowserContext, FrameLocator, Page, expect

from tests.live.browser import ONWARD
from tests.live.harness import REPOSITORY, Server, free_port, running_server, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECRET = "a secret that the host and Holdfast share"
RECRUITER = "recruiter@example.org"
WITHIN_MS = 20_000


@dataclass(frozen=True)
class Platform:
    """The host platform, running."""

    url: str
    "Where its pages are."
    server: Server
    "Holdfast, which everybody knows as another site."
    token: str
    "An API token of its recruiter's."


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    port, host_port = free_port(), free_port()
    url, holdfast = f"http://127.0.0.1:{host_port}", f"http://localhost:{port}/interviews"
    settings = {
        "HOLDFAST_WEB__PUBLIC_URL": holdfast,
        "HOLDFAST_EMBEDDING__FRAME_ANCESTORS": f'["{url}"]',
        "HOLDFAST_EMBEDDING__CORS_ORIGINS": f'["{url}"]',
        "HOLDFAST_EMBEDDING__JWT_ISSUER": "host",
        "HOLDFAST_EMBEDDING__JWT_SECRET": SECRET,
        "HOLDFAST_WEBHOOKS__PRIVATE_NETWORKS": '["127.0.0.0/8"]',
    }
    async with running_server(tmp_path, port=port, settings=settings, base_path="/interviews") as server:
        token = await server.add_user(RECRUITER)
        job = await server.add_job("Lighthouse keeper", owner=RECRUITER)
        arguments = ["--holdfast", holdfast, "--token", token, "--job", job, "--jwt-secret", SECRET, "--hooks"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "docs/host/host.py", *arguments, "--port", str(host_port)),
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            await until(lambda: _answers(url), within_s=10)
            yield Platform(url, server, token)
        finally:
            process.terminate()
            await process.wait()


async def _answers(url: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError):
        async with aiohttp.ClientSession() as http, http.get(f"{url}/files/framed.html") as response:
            return response.status == 200
    return False


async def told(platform: Platform, session_id: str) -> dict[str, object]:
    """The interview as the API tells it."""
    url = f"{platform.server.base_url}/api/interviews/{session_id}"
    headers = {"Authorization": f"Bearer {platform.token}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url) as response:
        seen: dict[str, object] = await response.json()
    return seen


async def goes_through(frame: FrameLocator) -> None:
    """Press what a candidate presses until the interview runs."""
    await frame.locator("#consent-tick").check()
    await frame.locator("#consent-form button[type=submit]").click()
    interview = frame.locator('[data-screen="interview"]')
    while not await interview.is_visible():
        onward = frame.locator(ONWARD).first
        if await onward.is_visible():
            await onward.click()
        else:
            await asyncio.sleep(0.1)  # between two looks at the page, not for luck


async def test_the_candidates_page_inside_the_hosts(platform: Platform, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{platform.url}/framed")
    session_id = await page.locator("iframe").get_attribute("data-session") or ""
    await goes_through(page.frame_locator("iframe"))
    await expect(page.locator("#status")).to_contain_text("Recording,", timeout=WITHIN_MS)
    await expect(page.locator("#status")).to_contain_text("2 s saved", timeout=WITHIN_MS)
    await page.close()
    await until(lambda: _has_heard(platform, session_id, "interview.interrupted"), within_s=10)
    seen = await told(platform, session_id)
    assert (seen["state"], [bool(each["sound_url"]) for each in seen["questions"]]) == ("interrupted", [True, False])  # type: ignore[attr-defined]  # a list


async def _is(platform: Platform, session_id: str, state: str) -> bool:
    return (await told(platform, session_id))["state"] == state


async def test_a_page_of_the_hosts_own_records_and_its_recruiter_watches(
    platform: Platform, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{platform.url}/own")
    session_id = await _session(page)
    await page.get_by_role("button", name="I agree").click()
    await expect(page.locator("#status")).to_contain_text("Recording · 2 s saved", timeout=WITHIN_MS)
    await page.get_by_role("button", name="Next question").click()
    await expect(page.locator("#status")).to_contain_text("4 s saved", timeout=WITHIN_MS)
    await page.get_by_role("button", name="Finish").click()
    await expect(page.locator("#status")).to_have_text("Finished", timeout=WITHIN_MS)
    await until(lambda: _is(platform, session_id, "ready"), within_s=20)
    seen = await told(platform, session_id)
    marks = [(mark["kind"], mark["question_index"]) for mark in seen["marks"]]  # type: ignore[attr-defined]  # a list
    assert marks == [("question", 1), ("take", 1), ("take_end", 1), ("question", 2), ("take", 2), ("take_end", 2)]
    await until(lambda: _has_heard(platform, session_id, "interview.ready"), within_s=10)
    await page.goto(f"{platform.url}/results/{session_id}")
    await page.get_by_role("button", name="Watch the interview").click()
    await expect(page.get_by_role("heading", name="Interview Results")).to_be_visible()
    assert page.url.startswith(platform.server.base_url.replace("127.0.0.1", "localhost"))


async def _has_heard(platform: Platform, session_id: str, event: str) -> bool:
    async with aiohttp.ClientSession() as http, http.get(f"{platform.url}/heard") as response:
        return any((told["type"], told["data"]["session_id"]) == (event, session_id) for told in await response.json())


async def _session(page: Page) -> str:
    """Which interview the page holds, as its script was given it."""
    source = await page.locator("script[type=module]").inner_text()
    return source.partition('sessionId: "')[2].partition('"')[0]
