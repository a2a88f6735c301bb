"""How often somebody may ask: each limit of the settings, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp import web as aioweb

from db.clock import SystemClock
from tests.web.conftest import Site, bearer, furnished
from web.app import create_app, open_services
from web.settings import load_settings

LIMITS = {"uploads": "2/minute", "invitations": "2/minute", "tokens": "2/minute", "refused_tokens": "2/minute"}


@pytest.fixture
async def strict(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Site]:
    """A server that takes everything twice."""
    settings = load_settings(None, {"data": tmp_path / "data", "web": {"port": unused_tcp_port}, "limits": LIMITS})
    async with open_services(settings, SystemClock()) as services:
        runner = aioweb.AppRunner(create_app(services), access_log=None)
        await runner.setup()
        await aioweb.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
        yield await furnished(services, f"http://127.0.0.1:{unused_tcp_port}")
        await runner.cleanup()


async def answers(http: ClientSession, method: str, path: str, token: str, **sent: object) -> list[int]:
    """The status of three requests in a row; the third says when to come back."""
    statuses = []
    for _ in range(3):
        async with http.request(method, path, headers=bearer(token), **sent) as response:  # type: ignore[arg-type]  # a test's own words
            statuses.append(response.status)
            told = await response.json()
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert told["type"] == "/problems/too-often"
    return statuses


async def test_each_limit_holds_and_holds_for_its_own_name_alone(strict: Site) -> None:
    links = await strict.invite(consented=True)
    await strict.invite("two", consented=True)
    async with ClientSession(strict.url) as http:
        upload = "/api/interviews/{}/upload-video"
        assert await answers(http, "POST", upload.format("one"), links.token, data=b"no form") == [415, 415, 429]
        async with http.post(upload.format("two"), headers=bearer(strict.owner), data=b"no form") as response:
            assert response.status == 415, "another interview has a count of its own"
        sent = {"candidate": "Jane Smith"}
        invite = f"/api/jobs/{strict.job}/interviews"
        assert await answers(http, "POST", invite, strict.owner, json=sent) == [201, 201, 429]
        async with http.post(invite, headers=bearer(strict.stranger), json=sent) as response:
            assert response.status == 404, "another user has a count of their own, and still may not"
        assert await answers(http, "POST", "/api/webhooks", strict.owner, json={}) == [400, 400, 429]


async def test_wrong_tokens_are_counted_and_right_ones_still_count(strict: Site) -> None:
    await strict.invite()
    async with ClientSession(strict.url) as http:
        assert await answers(http, "GET", "/api/interviews/one", "x" * 43) == [401, 401, 429]
        async with http.get("/i/wrong.token") as response:
            assert response.status == 429, "a page as well"
        async with http.post("/whip/one", headers={**bearer("no.token"), "Origin": "https://elsewhere"}) as response:
            assert response.status == 429
            assert response.headers["Access-Control-Allow-Origin"] == "*", "the refusal can be read"
        async with http.get("/api/interviews/one", headers=bearer(strict.owner)) as response:
            assert response.status == 200, "nobody is shut out by their neighbour"
