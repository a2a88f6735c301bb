"""The server looks by itself which interviews are overdue."""

import asyncio

import pytest
from aiohttp import ClientSession

from db import interviews
from tests.web.conftest import NOW, Site, bearer


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.aio.deadlines.EVERY_S", 0.05)


async def test_an_overdue_interview_ends_while_the_server_runs(site: Site, http: ClientSession) -> None:
    await site.invite("silent")
    links = await site.invite("begun", consented=True)
    await site.add_part("begun")
    async with site.services.database.writing() as db_session:
        for session_id in ("silent", "begun"):
            (await interviews.get_interview(db_session, session_id)).deadline_at = NOW
    states: dict[str, str] = {}
    async with asyncio.timeout(20):
        while set(states.values()) != {"expired", "ready"}:
            for session_id in ("silent", "begun"):
                async with http.get(f"/api/interviews/{session_id}", headers=bearer(site.owner)) as response:
                    states[session_id] = (await response.json())["state"]
    assert states == {"silent": "expired", "begun": "ready"}
    async with http.post("/api/interviews/begun/finish", headers=bearer(links.token)) as response:
        assert (await response.json())["state"] == "ready"
