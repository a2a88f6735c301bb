"""A server that is told to end while it records: parts closed, pages told, workers gone, and no longer ready."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from bench.capture_rtp import know_vp9
from bench.publisher import Dump, Publisher
from tests.live.harness import Interview, Server, running_server, until
from tests.live.scenarios import part_rows

pytestmark = pytest.mark.slow


@pytest.fixture
async def recording(tmp_path: Path) -> AsyncIterator[tuple[Server, Interview, "asyncio.Task[None]"]]:
    """A server, an interview that is being recorded, and its sender at work."""
    know_vp9()
    async with running_server(tmp_path) as server, aiohttp.ClientSession() as http:
        await server.add_user()
        interview = await server.add_interview(await server.add_job(), consented=True)
        publisher = Publisher(Dump.load("VP9"), "VP9")
        await asyncio.wait_for(publisher.connect(http, server.whip_url(interview), interview.token), 30)
        sending = asyncio.ensure_future(publisher.send_until_ended())

        async def writes() -> bool:
            return any(path.stat().st_size > 100_000 for path in server.part_files(interview))

        await until(writes, within_s=60)
        yield server, interview, sending
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await publisher.abandon()


@contextlib.contextmanager
def database_held(server: Server) -> Iterator[None]:
    """Nobody can write to the database meanwhile, so that closing parts takes its time."""
    connection = sqlite3.connect(server.data / "holdfast.db", timeout=30, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


async def stopping(server: Server) -> bool:
    """Whether the server says that it is about to end."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.base_url}/readyz") as response:
        return response.status == 503 and (await response.json())["running"] is False


async def test_what_is_recorded_is_closed_before_it_ends(
    recording: tuple[Server, Interview, "asyncio.Task[None]"],
) -> None:
    server, interview, sending = recording
    pid = server.pid
    url = f"{server.base_url}/api/interviews/{interview.session_id}/live"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as page:
        await page.send_json({"type": "hello", "token": interview.token, "client_id": "a-page-load"})
        assert (await page.receive_json())["type"] == "state"
        os.kill(pid, signal.SIGTERM)
        told = [message.json() async for message in page if message.type is aiohttp.WSMsgType.TEXT]
        assert page.close_code == 1001
    assert any(message.get("code") == "server_stopping" for message in told)
    assert await server.ended() == 0
    await asyncio.wait_for(sending, 60)
    [part] = part_rows(server, interview)
    assert (part["state"], part["end_reason"]) == ("closed", "server_stopped")
    assert part["size_bytes"] == server.part_files(interview)[0].stat().st_size
    assert "Traceback" not in server.log.read_text()
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)  # no worker of it is left


async def test_it_is_not_ready_while_it_ends(recording: tuple[Server, Interview, "asyncio.Task[None]"]) -> None:
    server, interview, _ = recording
    assert not await stopping(server)
    with database_held(server):
        os.kill(server.pid, signal.SIGTERM)
        await until(lambda: stopping(server), within_s=20)
    assert await server.ended() == 0
    assert part_rows(server, interview)[0]["state"] == "closed"


async def test_a_second_signal_ends_it_at_once_and_the_next_start_mends(
    recording: tuple[Server, Interview, "asyncio.Task[None]"],
) -> None:
    server, interview, _ = recording
    with database_held(server):
        os.kill(server.pid, signal.SIGTERM)
        await until(lambda: stopping(server), within_s=20)
        os.kill(server.pid, signal.SIGTERM)
        assert await server.ended() == -signal.SIGTERM
    assert part_rows(server, interview)[0]["state"] == "open"
    await server.start()
    assert part_rows(server, interview)[0]["state"] == "mended"
