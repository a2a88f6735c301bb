"""What hostile requests get: redirects, hosts, bodies, cookies, and files that people sent."""

import asyncio
import gzip
import json
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from db import tokens
from db.models import TokenKind
from tests.web.conftest import NOW, OWNER, PASSWORD, Site, bearer
from web.auth import LOGIN_COOKIE
from web.pages.paths import is_ours
from web.passwords import PasswordChecker

HR = "/hr"
FORM = {"email": OWNER, "password": PASSWORD}
HOSTILE = (
    "https://evil.example/",
    "//evil.example/hr",
    "/\\evil.example/hr",
    "/hr/../../evil",
    "/hr/https://evil.example",
    "/hr?next=//evil.example",
    "/hr\r\nLocation: https://evil.example",
    "/hr\t//evil.example",
    "javascript:alert(1)",
    "/hr@evil.example",
    "http:/hr",
    "/HR/sign-in",
    "\u2215\u2215evil.example",
)
FORWARDED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "javascript",
    "X-Forwarded-For": "'><script>",
    "Forwarded": "host=evil.example;proto=https",
    "X-Original-URL": "https://evil.example/",
    "X-Rewrite-URL": "https://evil.example/",
}


def stays_here(location: str) -> bool:
    return location.startswith("/hr") and "evil" not in location.partition("?")[0] and "\\" not in location


@pytest.mark.parametrize("wanted", HOSTILE)
async def test_no_redirect_leaves_the_site(site: Site, http: ClientSession, wanted: str) -> None:
    """Every redirect there is: the root, a page without a login, the form before and after, the way out."""
    async with http.post("/hr/sign-in", data=FORM | {"next": wanted}, headers=FORWARDED, allow_redirects=False) as it:
        assert it.status == 303
        assert stays_here(it.headers["Location"])
    async with http.get("/hr/sign-in", params={"next": wanted}, headers=FORWARDED) as response:
        assert "evil" not in (await response.text()).replace("/hr?next=//evil.example", "")
    for path in ("/", "/hr", f"/hr/interviews/one?next={'//evil.example'}"):
        async with ClientSession(site.url) as nobody, nobody.get(path, headers=FORWARDED, allow_redirects=False) as it:
            assert it.status == 302
            assert stays_here(it.headers["Location"])
    async with http.post("/hr/sign-out", headers=FORWARDED, allow_redirects=False) as it:
        assert (it.status, it.headers["Location"]) == (303, "/hr/sign-in")


@settings(deadline=None, derandomize=True, max_examples=500)
@given(st.text(st.sampled_from("/\\hr.:@?&=%#evil\t\r\n ;\u2215\u29f8"), max_size=20))
def test_a_way_back_is_a_path_of_hrs_or_nothing(path: str) -> None:
    if is_ours(path):
        assert path.startswith("/hr")
        assert not any(letter in path for letter in "\\:@#\t\r\n ;")
        assert "//" not in path.partition("?")[0]


async def test_what_is_shown_and_linked_never_names_the_host_that_was_asked(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    for path, token in (("/api/interviews/one", links.token), ("/api/interviews/one/link", site.owner)):
        async with http.get(path, headers=FORWARDED | bearer(token)) as response:
            assert response.status == 200
            assert "evil" not in await response.text()
    async with http.get(f"/i/{links.token}", headers=FORWARDED) as response:
        assert "evil" not in await response.text()


# --- bodies --------------------------------------------------------------------------


async def test_a_compressed_body_is_refused_whatever_it_would_become(site: Site, http: ClientSession) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    for path in ("/hr/sign-in", "/api/tokens", "/api/interviews/one/upload-video"):
        headers = {**bearer(site.owner), "Content-Encoding": "gzip", "Content-Type": "application/json"}
        async with http.post(path, data=bomb, headers=headers) as response:
            assert response.status in {413, 415}


@pytest.mark.parametrize(
    "body",
    [
        "[" * 60_000,
        '{"candidate":' * 9_000,
        "[" * 60_000 + "]" * 60_000,
        '{"candidate": ' + "9" * 100_000 + "}",
        '{"candidate": 1e999999}',
        '{"candidate": "\\ud800"}',
        '{"candidate": "' + "\u202e" * 30_000 + '"}',
        json.dumps({f"field {number}": number for number in range(5_000)}),
        "{" + '"candidate": "x",' * 7_000 + '"candidate": "y"}',
    ],
    ids=["deep", "deep fields", "deep and closed", "digits", "exponent", "half a letter", "long", "many", "again"],
)
async def test_json_made_to_harm_is_refused_in_words(site: Site, http: ClientSession, body: str) -> None:
    path = f"/api/jobs/{site.job}/interviews"
    headers = {**bearer(site.owner), "Content-Type": "application/json"}
    async with http.post(path, data=body.encode(errors="surrogatepass"), headers=headers) as response:
        told = await response.json()
        assert response.status == (201 if body.endswith('"y"}') else 400), told
        assert len(json.dumps(told)) < 8_000, "the answer is no echo"


async def test_a_body_that_never_ends_is_not_waited_for(
    site: Site, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.aio.bodies.WITHIN_S", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rpartition(":")[2]))
    writer.write(
        f"POST /api/jobs/{site.job}/interviews HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {site.owner}\r\nContent-Length: 100\r\n\r\n{{".encode()
    )
    async with asyncio.timeout(20):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()


# --- signing in ------------------------------------------------------------------------


async def test_the_cookie_is_for_the_server_alone(site: Site, http: ClientSession) -> None:
    async with http.post("/hr/sign-in", data=FORM, allow_redirects=False) as response:
        cookie = response.cookies[LOGIN_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["domain"] == ""
    assert int(cookie["max-age"]) == 7 * 86_400


async def test_a_login_that_somebody_else_planted_is_never_adopted(site: Site) -> None:
    planted = "planted" * 6
    with_it = {LOGIN_COOKIE: planted}
    async with ClientSession(site.url, cookies=with_it) as http, sign_in(http) as response:
        assert response.cookies[LOGIN_COOKIE].value != planted
    assert not await opens(site, planted)


async def test_signing_in_again_ends_the_login_that_the_browser_had(site: Site, http: ClientSession) -> None:
    async with sign_in(http) as response:
        first = response.cookies[LOGIN_COOKIE].value
    assert await opens(site, first)
    async with sign_in(http) as response:
        second = response.cookies[LOGIN_COOKIE].value
    assert (await opens(site, first), await opens(site, second)) == (False, True)


def sign_in(http: ClientSession) -> AbstractAsyncContextManager[ClientResponse]:
    return http.post("/hr/sign-in", data=FORM, allow_redirects=False)


async def opens(site: Site, login: str) -> bool:
    """Whether a cookie is somebody's login."""
    async with (
        ClientSession(site.url, cookies={LOGIN_COOKIE: login}) as http,
        http.get(HR, allow_redirects=False) as it,
    ):
        return it.status == 200


async def test_an_unknown_user_costs_as_much_work_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    def verify(password: str, password_hash: str | None) -> bool:
        verified.append(password)
        return False

    monkeypatch.setattr("web.passwords._verify", verify)
    checker = PasswordChecker()
    assert not await checker.fits("known user, wrong password", "$argon2id$of a user's")
    assert not await checker.fits("unknown user", None)
    assert len(verified) == 2


async def test_where_somebody_signed_in_goes_with_the_login(site: Site, http: ClientSession) -> None:
    async with http.post("/hr/sign-in", data=FORM, headers={"User-Agent": "Firefox"}, allow_redirects=False):
        pass
    async with http.post("/hr/sign-out", allow_redirects=False):
        pass
    database = site.services.database
    async with database.writing() as db_session:
        from sqlalchemy import select

        from db.models import UserToken

        [login] = await db_session.scalars(select(UserToken).where(UserToken.kind == TokenKind.LOGIN))
        assert (login.address, login.user_agent) == ("", "")
        assert await tokens.forget_ended(db_session, NOW) == 1
    async with http.post("/hr/sign-in", data=FORM, allow_redirects=False):
        pass
    async with database.writing() as db_session:
        assert await tokens.forget_ended(db_session, site.services.clock.utc_now()) == 0
        assert await tokens.forget_ended(db_session, site.services.clock.utc_now() + timedelta(days=8)) == 1


# --- files that people sent ---------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/interviews/one/parts/1", "/api/interviews/one/video/download"])
async def test_what_people_sent_runs_nothing_in_a_browser(site: Site, http: ClientSession, path: str) -> None:
    links = await site.invite(consented=True)
    await site.add_part(media=b"<html><script>alert(1)</script>" * 100)
    await site.services.live_interviews.finish("one")
    assert links.token
    async with http.get(path, headers=bearer(site.owner)) as response:
        assert response.status == 200
        inert(response.headers, "video/webm")
        if path.endswith("download"):
            assert response.headers["Content-Disposition"].startswith("attachment")


async def test_captions_are_text_whatever_they_say(site: Site, http: ClientSession) -> None:
    await site.recorded()
    text = "WEBVTT\n\n00:00.000 --> 00:01.000\n<script>alert(1)</script>\n"
    path = "/api/interviews/one/captions.vtt"
    async with http.put(path, data=text, headers={**bearer(site.owner), "Content-Type": "text/vtt"}) as response:
        assert response.status == 204
    async with http.get(path, headers=bearer(site.owner)) as response:
        inert(response.headers, "text/vtt")


def inert(headers: Any, kind: str) -> None:
    assert CIMultiDict(headers)["Content-Type"].partition(";")[0] == kind
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"].split("; ")
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-site"
