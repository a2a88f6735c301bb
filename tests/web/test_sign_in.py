"""HR signs in and out: by password, by a one-time link, within limits, and lands on our pages alone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from db import people
from db.models import TokenKind
from signaling.protocol.tokens import random_token, token_hash
from tests.web.conftest import OWNER, PASSWORD, Site
from web.auth import LOGIN_COOKIE

FORM = {"email": OWNER, "password": PASSWORD, "next": ""}


async def link(site: Site, *, lasts: timedelta = timedelta(hours=1)) -> str:
    token = random_token()
    now: datetime = site.services.clock.utc_now()
    async with site.services.database.writing() as db_session:
        user = await people.get_user(db_session, OWNER)
        await people.issue_token(db_session, user.id, TokenKind.SIGN_IN, token_hash(token), now, expires_at=now + lasts)
    return f"/hr/sign-in/{token}"


async def is_signed_in(http: ClientSession) -> bool:
    async with http.get("/hr", allow_redirects=False) as response:
        return response.status == 200


async def test_by_password_and_out_again(site: Site, http: ClientSession) -> None:
    assert not await is_signed_in(http)
    async with http.post("/hr/sign-in", data=FORM | {"email": OWNER.upper()}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/hr")
        cookie = response.cookies[LOGIN_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Lax", "/", "")
    assert await is_signed_in(http)
    async with http.post("/hr/sign-out", allow_redirects=False) as response:
        assert response.status == 303
    assert not await is_signed_in(http)
    http.cookie_jar.update_cookies({LOGIN_COOKIE: cookie.value})
    assert not await is_signed_in(http), "a signed-out login is ended on the server, whoever kept the cookie"


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong horse battery"},
        {"email": "nobody@example.org"},
        {"email": "stranger@example.org"},
        {"password": ""},
        {"password": "x" * 2_000},
    ],
)
async def test_a_wrong_password_and_an_unknown_user_look_the_same(
    site: Site, http: ClientSession, wrong: dict[str, str]
) -> None:
    async with http.post("/hr/sign-in", data=FORM | wrong) as response:
        assert response.status == 401
        assert LOGIN_COOKIE not in response.cookies
        assert "do not belong together" in await response.text()
    assert not await is_signed_in(http)


async def test_a_link_signs_in_once(site: Site, http: ClientSession) -> None:
    path = await link(site)
    async with http.head(path) as response:
        assert response.status == 405, "a link preview does not use it up"
    async with http.get(path, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/hr")
    assert await is_signed_in(http)
    async with http.get(path) as response:
        assert response.status == 401
        assert "used already" in await response.text()


async def test_an_old_link_and_a_wrong_one_do_not(site: Site, http: ClientSession) -> None:
    for path in (await link(site, lasts=timedelta(seconds=-1)), "/hr/sign-in/nothing"):
        async with http.get(path) as response:
            assert response.status == 401
    assert not await is_signed_in(http)


@pytest.mark.parametrize("web_settings", [{"sign_in_rate": "3/minute"}])
async def test_too_many_attempts_have_to_wait(site: Site, http: ClientSession, web_settings: dict[str, Any]) -> None:
    for _ in range(3):
        async with http.post("/hr/sign-in", data=FORM | {"password": "wrong horse battery"}) as response:
            assert response.status == 401
    async with http.post("/hr/sign-in", data=FORM) as response:
        assert response.status == 429
        assert 1 <= int(response.headers["Retry-After"]) <= 61
        assert "Please wait" in await response.text()


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/hr/interviews/one", "/hr/interviews/one"),
        ("/hr/interviews/a%2Fb", "/hr/interviews/a%2Fb"),
        ("https://elsewhere.example.org/", "/hr"),
        ("//elsewhere.example.org/hr", "/hr"),
        ("/hr//elsewhere.example.org", "/hr"),
        ("/hr\\elsewhere", "/hr"),
        ("/i/x", "/hr"),
    ],
)
async def test_signing_in_leads_to_our_pages_alone(site: Site, http: ClientSession, wanted: str, reached: str) -> None:
    async with http.post("/hr/sign-in", data=FORM | {"next": wanted}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, reached)


async def test_whoever_is_not_signed_in_is_asked_and_then_gets_there(site: Site, http: ClientSession) -> None:
    async with http.get("/hr/interviews/one", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/hr/sign-in?next=/hr/interviews/one")
    async with http.get("/hr/interviews/one") as response:
        assert 'name="next" value="/hr/interviews/one"' in await response.text()


@pytest.mark.parametrize("web_settings", [{"public_url": "https://interviews.example.org"}])
async def test_behind_tls_the_cookie_is_secure(site: Site, http: ClientSession, web_settings: dict[str, Any]) -> None:
    async with http.post("/hr/sign-in", data=FORM, allow_redirects=False) as response:
        assert response.cookies[LOGIN_COOKIE]["secure"] is True
