"""The questions over a real server that is killed, or told to stop, in the middle of an answer.

The page is a program here that speaks as the browser's does; what it sends is captured RTP over a real connection.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bench.publisher import Dump, Publisher
from tests.live.harness import OWNER, Interview, Server, running_server

pytestmark = pytest.mark.slow

DUMP = Dump.load("VP8")
WITHIN_S = 30.0
# What was announced as saved is on the disk; what was not yet announced may be there as well.
REPORT_MS = 1_500


@dataclass
class Page:
    """A candidate's page without a browser."""

    server: Server
    interview: Interview
    http: aiohttp.ClientSession
    client_id: str
    socket: aiohttp.ClientWebSocketResponse
    latest: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def until(self, kind: str, holds: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """Listen until a message of this kind is as it should be."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                message = await self.socket.receive_json()
                self.latest[message["type"]] = message
                self.heard.append(message)
                if message["type"] == kind and holds(message):
                    return dict(message)

    async def do(self, event: str) -> dict[str, Any]:
        """Ask for something that moves on; returns the flow after it."""
        revision = self.latest["flow"]["revision"]
        at = time.time() * 1_000  # noqa: TID251  the page's clock
        await self.socket.send_json({"type": "clock", "at": at})
        await self.socket.send_json({"type": "do", "id": event, "event": event, "revision": revision, "at": at})
        flow = await self.until("flow", lambda flow: flow["revision"] > revision)
        await self.socket.send_json({"type": "shown", "revision": flow["revision"], "at": time.time() * 1_000})  # noqa: TID251
        return flow

    @contextlib.asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Camera and microphone are on."""
        publisher = Publisher(DUMP, "VP8")
        await publisher.connect(self.http, self.server.whip_url(self.interview), self.interview.token)
        sending = asyncio.ensure_future(publisher.send_for_ever())
        try:
            yield
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):  # the server may have hung up
                await sending
            await publisher._connection.close()


@contextlib.asynccontextmanager
async def page_of(server: Server, interview: Interview) -> AsyncIterator[Page]:
    """A fresh page load that has said hello."""
    client_id = secrets.token_urlsafe(16)
    async with aiohttp.ClientSession(headers={"Holdfast-Client": client_id}) as http:
        url = f"{server.base_url}/api/interviews/{interview.session_id}/live"
        async with http.ws_connect(url) as socket:
            await socket.send_json({"type": "hello", "token": interview.token, "client_id": client_id})
            page = Page(server, interview, http, client_id, socket)
            await page.until("flow")
            yield page


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running_server(tmp_path) as server:
        await server.add_user()
        yield server


async def answering(page: Page) -> int:
    """Begin, and answer for two saved seconds; returns the time that the page was told it has used."""
    await page.until("state", lambda state: state["recording"])
    assert (await page.do("begin"))["step"] == "answering"
    saved = await page.until("saved", lambda saved: saved["used_ms"] >= 2_000)
    return int(saved["used_ms"])


async def gone_on(server: Server, interview: Interview, used_ms: int) -> None:
    """Another device finds the same question with its used time, and finishes."""
    async with page_of(server, interview) as page:
        flow, state = page.latest["flow"], page.latest["state"]
        assert (flow["step"], flow["question"], flow["take"]) == ("answering", 1, 1)
        assert used_ms <= flow["answer_used_ms"] <= used_ms + REPORT_MS
        assert (state["state"], state["recording"], flow["counting"]) == ("interrupted", False, False)
        assert state["away_ms"] >= 0
        await asyncio.sleep(1.2)  # a while in which nothing is saved: it does not count
        assert (await page.until("saved"))["used_ms"] == flow["answer_used_ms"]
        async with page.sending():
            await page.until("saved", lambda saved: saved["used_ms"] >= flow["answer_used_ms"] + 1_000)
            await page.do("end_answer")
            assert (await page.do("next"))["question"] == 2
            headers = {"Authorization": f"Bearer {interview.token}"}
            url = f"{server.base_url}/api/interviews/{interview.session_id}/finish"
            async with page.http.post(url, headers=headers) as response:
                assert response.status == 200, await response.text()
    found = server.rows(
        "SELECT kind, question_index, take, number FROM marks JOIN parts ON parts.id = marks.part_id ORDER BY marks.id"
    )
    kinds = [(row["kind"], row["question_index"], row["take"]) for row in found]
    assert kinds[:3] == [("question", 1, None), ("take", 1, 1), ("take_end", 1, 1)]
    assert [row["number"] for row in found[:3]] == [1, 1, 2]
    assert kinds[3:] == [("question", 2, None), ("take", 2, 1), ("take_end", 2, 1)]


async def test_a_killed_server_goes_on_at_the_same_question(server: Server) -> None:
    interview = await server.add_interview(await server.add_job(), consented=True)
    async with page_of(server, interview) as page, page.sending():
        used_ms = await answering(page)
        await server.kill()
    await server.start()
    await gone_on(server, interview, used_ms)


async def test_a_stopped_server_goes_on_at_the_same_question(server: Server) -> None:
    interview = await server.add_interview(await server.add_job(), consented=True)
    async with page_of(server, interview) as page, page.sending():
        used_ms = await answering(page)
        began = time.monotonic()  # noqa: TID251
        stopping = asyncio.ensure_future(server.stop())
        assert (await page.until("notice"))["code"] == "server_stopping"
        await stopping
        assert time.monotonic() - began < 10  # noqa: TID251
    await server.start()
    await gone_on(server, interview, used_ms)


async def test_a_killed_server_loses_no_mark_that_was_asked_for(server: Server) -> None:
    interview = await server.add_interview(await server.add_job(), consented=True)
    async with page_of(server, interview) as page, page.sending():
        await page.until("state", lambda state: state["recording"])
        await page.until("saved", lambda saved: saved["saved_ms"] >= 1_500)
        await page.do("begin")
        await page.until("saved")
        await page.until("saved")
        await server.kill()  # whether the marks were written down by then or not
    await server.start()
    async with page_of(server, interview) as page, page.sending():
        assert page.latest["flow"]["step"] == "answering"
        await page.until("state", lambda state: state["recording"])
        await server.stop()
    found = server.rows("SELECT kind, offset_ms, number FROM marks JOIN parts ON parts.id = marks.part_id")
    assert sorted(row["kind"] for row in found) == ["question", "take"]
    assert {row["number"] for row in found} == {1}
    assert all(row["offset_ms"] >= 1_000 for row in found)


async def test_a_page_that_connects_again_is_recorded_all_the_while(server: Server) -> None:
    interview = await server.add_interview(await server.add_job(), consented=True)
    async with page_of(server, interview) as page, page.sending():
        await page.until("saved", lambda saved: saved["saved_ms"] >= 2_000)
        page.heard.clear()
        async with page.sending():
            await page.until("saved", lambda saved: saved["part"] == 2 and saved["part_saved_ms"] >= 1_000)
        saved = [message["saved_ms"] for message in page.heard if message["type"] == "saved"]
        await server.stop()
    told = [message for message in page.heard if message["type"] in {"state", "saved"}]
    assert all(message["recording"] for message in told)
    assert saved == sorted(saved)
    first, second = server.rows("SELECT started_at, duration_ms, end_reason FROM parts ORDER BY number")
    assert first["end_reason"] == "superseded"
    began = [datetime.fromisoformat(part["started_at"]) for part in (first, second)]
    overlap_ms = first["duration_ms"] - (began[1] - began[0]).total_seconds() * 1_000
    assert -300 <= overlap_ms <= 2_000
    print(f"the older part went on for {overlap_ms:.0f} ms beside the newer one")


async def test_nothing_is_recorded_in_a_pause_and_the_connection_stays(server: Server) -> None:
    interview = await server.add_interview(await server.add_job(), consented=True)
    async with page_of(server, interview) as page, page.sending():
        used_ms = await answering(page)
        await page.do("pause")
        state = await page.until("state", lambda state: state["state"] == "interrupted")
        assert state["recording"] is False
        paused = (await page.until("saved"))["saved_ms"]
        for _ in range(3):
            assert (await page.until("saved"))["saved_ms"] == paused
        await page.do("resume")
        await page.until("saved", lambda saved: saved["part"] == 2 and saved["used_ms"] >= used_ms + 1_000)
        await page.do("end_answer")
        await page.until("saved")
        await server.stop()
    first, second = server.rows("SELECT end_reason, duration_ms FROM parts ORDER BY number")
    assert (first["end_reason"], second["end_reason"]) == ("paused", "server_stopped")
    assert first["duration_ms"] == paused
    found = server.rows(
        "SELECT kind, number, offset_ms FROM marks JOIN parts ON parts.id = marks.part_id ORDER BY marks.id"
    )
    assert [(row["kind"], row["number"]) for row in found] == [("question", 1), ("take", 1), ("take_end", 2)]


async def test_a_job_that_keeps_answers_only_keeps_no_thinking(server: Server) -> None:
    added = await server.command("job", "add", "Engineer", "--owner", OWNER, "--answers-only", "--json")
    interview = await server.add_interview(str(json.loads(added)["job_id"]), consented=True, more=("--think", "2"))
    async with page_of(server, interview) as page, page.sending():
        await page.until("saved")
        await page.until("saved")
        assert page.latest["state"]["recording"] is False
        assert (await page.do("begin"))["step"] == "thinking"
        flow = await page.until("flow", lambda flow: flow["step"] == "answering")
        assert flow["by_itself"]
        await page.until("saved", lambda saved: saved["used_ms"] >= 1_500)
        await page.do("end_answer")
        await page.until("state", lambda state: not state["recording"])
        await server.stop()
    [part] = server.rows("SELECT end_reason, duration_ms FROM parts")
    assert part["end_reason"] == "paused"
    found = server.rows(
        "SELECT kind, number, offset_ms FROM marks JOIN parts ON parts.id = marks.part_id ORDER BY marks.id"
    )
    kinds = [(row["kind"], row["number"]) for row in found]
    assert kinds == [("question", 1), ("take", 1), ("take_end", 1)]
    assert found[0]["offset_ms"] == found[1]["offset_ms"] == 0
    assert abs(found[2]["offset_ms"] - part["duration_ms"]) < 500
