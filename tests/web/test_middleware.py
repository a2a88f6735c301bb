"""What every answer carries, and what no answer ever says."""

import gc
import logging
from typing import Any

import pytest
from aiohttp import ClientSession

from signaling.protocol.tokens import candidate_token
from tests.web.conftest import OWNER, PASSWORD, Site, bearer
from web.logs import masked_path

FORM = {"email": OWNER, "password": PASSWORD}


@pytest.mark.parametrize(
    "path", ["/check", "/i/x", "/nothing", "/api/interviews/one", "/static/css/base.css", "/healthz"]
)
async def test_security_headers(site: Site, http: ClientSession, path: str) -> None:
    async with http.get(path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Permissions-Policy"].startswith("camera=(self), microphone=(self)")
        assert "Strict-Transport-Security" not in response.headers
        assert "Server" not in response.headers


async def test_static_files_are_asked_for_again_but_not_sent_again(site: Site, http: ClientSession) -> None:
    async with http.get("/static/css/base.css") as response:
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
    async with http.get("/static/css/base.css", headers={"If-None-Match": tag}) as response:
        assert response.status == 304


async def test_static_files_end_at_their_folder(site: Site, http: ClientSession) -> None:
    for path in ("/static/", "/static/../settings.py", "/static/%2e%2e/settings.py"):
        async with http.get(path) as response:
            assert response.status in {403, 404}


@pytest.mark.parametrize("web_settings", [{"trusted_proxies": ("127.0.0.1",), "public_url": "https://i.example.org"}])
async def test_behind_a_trusted_proxy(
    site: Site, http: ClientSession, web_settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = {"X-Forwarded-For": "1.1.1.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
    async with http.get("/check", headers=headers) as response:
        assert response.headers["Strict-Transport-Security"].startswith("max-age=")
        assert "wss://i.example.org" in response.headers["Content-Security-Policy"]
    async with http.get("/metrics", headers=headers) as response:
        assert response.status == 404, "the client's address counts, not the proxy's"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example.org"}, 403),
    ],
)
async def test_other_sites_cannot_act_for_somebody(
    site: Site, http: ClientSession, headers: dict[str, str], status: int
) -> None:
    async with http.post("/hr/sign-in", data=FORM, headers=headers, allow_redirects=False) as response:
        assert response.status == status


async def test_programs_of_other_origins_may_publish(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    headers = {**bearer(links.token), "Origin": "https://elsewhere.example.org", "Sec-Fetch-Site": "cross-site"}
    async with http.post(
        "/whip/one", data=b"nonsense", headers={**headers, "Content-Type": "application/sdp"}
    ) as response:
        assert response.status == 400
        assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_fault_of_ours_is_written_down_and_not_told(
    site: Site, http: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    await site.services.webhooks.close()  # they look at the database by themselves
    await site.services.heavy_work.close()
    await site.services.database.close()
    site.services.data_folder.database_path.write_bytes(b"this is no database any more, whatever it was before")
    token = candidate_token(site.services.data_folder.server_key(), "one", 1)
    async with http.get("/api/interviews/one", headers=bearer(token)) as response:
        document = await response.json()
    assert (response.status, document["type"]) == (500, "/problems/internal")
    async with http.get(f"/i/{token}") as response:
        page = await response.text()
    assert response.status == 500
    for text in (page, str(document)):
        assert not any(
            word in text for word in ("Traceback", "sqlite", "database any more", str(site.services.data_folder.path))
        )
    assert any(record.exc_info for record in caplog.records)
    gc.collect()  # a connection that was opened and left would complain here


async def test_an_unknown_method_names_those_it_takes(site: Site, http: ClientSession) -> None:
    async with http.delete("/api/interviews/one/consent") as response:
        assert (response.status, (await response.json())["type"]) == (405, "/problems/method-not-allowed")
        assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "masked"),
    [
        ("/i/abc.def", "/i/…"),
        ("/i/", "/i/"),
        ("/hr/sign-in/abc", "/hr/sign-in/…"),
        ("/hr/sign-in", "/hr/sign-in"),
        ("/api/interviews/one", "/api/interviews/one"),
    ],
)
def test_no_token_is_written_down(path: str, masked: str) -> None:
    assert masked_path(path) == masked


async def test_the_access_log_holds_no_token(site: Site, http: ClientSession, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    links = await site.invite()
    async with http.get(f"/i/{links.token}?token={links.token}") as response:
        assert response.status == 200
    assert "GET /i/…" in caplog.text
    assert links.token not in caplog.text


async def test_scripts_and_styles_travel_compressed(site: Site, http: ClientSession) -> None:
    async with http.get("/static/css/base.css", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert ".button" in await response.text()
    headers = {"Accept-Encoding": "gzip", "Range": "bytes=0-9"}
    async with http.get("/static/css/base.css", headers=headers) as response:
        assert response.status == 206
        assert "Content-Encoding" not in response.headers
