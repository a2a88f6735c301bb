"""Too many at once: the newcomer is told in plain words, waits, and is recorded by itself once there is room."""

import asyncio
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import expect

from bench.capture_rtp import know_vp9
from bench.publisher import Dump, Publisher
from tests.live.browser import chromium, context_with_source, new_candidate_page
from tests.live.harness import running_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_whoever_comes_to_a_full_house_is_told_and_let_in_by_itself(tmp_path: Path) -> None:
    know_vp9()
    limits = {"HOLDFAST_SIGNALING__MAX_LIVE_INTERVIEWS": "1", "HOLDFAST_SIGNALING__RETRY_AFTER_S": "2"}
    async with running_server(tmp_path, settings=limits) as server, aiohttp.ClientSession() as http:
        await server.add_user()
        job = await server.add_job()
        first = await server.add_interview(job, candidate="Ada First", email="ada@example.org", consented=True)
        second = await server.add_interview(job, candidate="Sam Second", email="sam@example.org")
        publisher = Publisher(Dump.load("VP9"), "VP9")
        await asyncio.wait_for(publisher.connect(http, server.whip_url(first), first.token), 30)
        sending = asyncio.ensure_future(publisher.send_until_ended())
        async with chromium() as browser:
            page = await new_candidate_page(await context_with_source(browser))
            await page.open(server.candidate_url(second))
            await page.consent()
            await page.press_start()
            trouble = page.page.locator("#trouble-said")
            await expect(trouble).to_contain_text("Many interviews are running just now, and yours has to wait")
            await publisher.close(http, first.token)
            await page.is_recording()
            await expect(trouble).to_have_text("")
        sending.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await sending
