"""What belongs to whoever is signed in: API tokens, logins, the password."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from db import people
from db.models import TokenKind
from signaling.protocol.tokens import random_token, token_hash
from tests.web.conftest import OWNER, PASSWORD, Site, bearer
from web.api.tokens import MOST_TOKENS

FORM = {"email": OWNER, "password": PASSWORD, "next": ""}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW_PASSWORD = "another horse, another staple"


async def _sign_in(http: ClientSession, password: str = PASSWORD, *, user_agent: str = FIREFOX) -> int:
    form = FORM | {"password": password}
    async with http.post(
        "/hr/sign-in", data=form, headers={"User-Agent": user_agent}, allow_redirects=False
    ) as response:
        return response.status


async def _is_signed_in(http: ClientSession) -> bool:
    async with http.get("/api/logins") as response:
        return response.status == 200


async def _make(http: ClientSession, **wanted: Any) -> dict[str, Any]:
    async with http.post("/api/tokens", json={"name": "Export", "scopes": ["recordings:read"], **wanted}) as response:
        assert response.status == 201, await response.text()
        made: dict[str, Any] = await response.json()
        return made


async def _items(http: ClientSession, path: str) -> list[dict[str, Any]]:
    async with http.get(path) as response:
        assert response.status == 200
        items: list[dict[str, Any]] = (await response.json())["items"]
        return items


async def test_a_token_is_made_used_and_revoked(site: Site, http: ClientSession) -> None:
    await site.recorded()
    await _sign_in(http)
    made = await _make(http, expires_in_days=30, scopes=["recordings:read", "recordings:read"])
    assert made["scopes"] == ["recordings:read"]
    assert made["expires_at"] > made["created_at"]
    async with ClientSession(site.url, headers=bearer(made["token"])) as program:
        async with program.get("/api/interviews/one/video/download") as response:
            assert response.status == 200
        async with program.get("/api/interviews/one") as response:
            assert response.status == 403
            assert (await response.json())["type"] == "/problems/insufficient-scope"
            assert 'scope="interviews:read"' in response.headers["WWW-Authenticate"]
        listed = await _items(http, "/api/tokens")
        seen = next(token for token in listed if token["id"] == made["id"])
        assert "token" not in seen
        assert seen["last_used_at"] is not None
        async with http.delete(f"/api/tokens/{made['id']}") as response:
            assert response.status == 204
        async with program.get("/api/interviews/one/video/download") as response:
            assert response.status == 401
    async with http.delete(f"/api/tokens/{made['id']}") as response:
        assert response.status == 404


async def test_a_token_makes_no_tokens(site: Site, http: ClientSession) -> None:
    for method, path in (
        ("POST", "/api/tokens"),
        ("GET", "/api/tokens"),
        ("GET", "/api/logins"),
        ("DELETE", "/api/logins"),
    ):
        async with http.request(method, path, headers=bearer(site.owner), json={}) as response:
            assert response.status == 403
            assert (await response.json())["type"] == "/problems/sign-in-needed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "  "},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"expires_in_days": 0},
        {"kind": "login"},
        {"name": 1},
    ],
)
async def test_a_wrong_wish_makes_none(site: Site, http: ClientSession, wrong: dict[str, Any]) -> None:
    await _sign_in(http)
    before = await _items(http, "/api/tokens")
    async with http.post("/api/tokens", json={"name": "Export", "scopes": ["jobs:read"], **wrong}) as response:
        assert response.status == 400
    assert await _items(http, "/api/tokens") == before


async def test_nobody_has_tokens_without_end(site: Site, http: ClientSession) -> None:
    await _sign_in(http)
    async with site.services.database.writing() as db_session:
        user = await people.get_user(db_session, OWNER)
        for _ in range(MOST_TOKENS - 1):
            await people.issue_token(
                db_session, user.id, TokenKind.API, token_hash(random_token()), site.services.clock.utc_now()
            )
    async with http.post("/api/tokens", json={"name": "One more", "scopes": ["jobs:read"]}) as response:
        assert response.status == 409


async def test_sign_ins_are_listed_and_ended(site: Site, http: ClientSession) -> None:
    async with ClientSession(site.url, cookie_jar=CookieJar(unsafe=True)) as other:
        await _sign_in(http)
        await _sign_in(other, user_agent="curl/8.5.0")
        theirs, ours = await _items(http, "/api/logins")
        assert (ours["browser"], ours["address"], ours["current"]) == ("Firefox on Linux", "127.0.0.1", True)
        assert (theirs["browser"], theirs["current"]) == ("Another program", False)
        async with http.delete(f"/api/logins/{theirs['id']}") as response:
            assert response.status == 204
        assert not await _is_signed_in(other)
        await _sign_in(other)
        async with http.delete("/api/logins") as response:
            assert (response.status, await response.json()) == (200, {"ended": 1})
        assert not await _is_signed_in(other)
    assert await _is_signed_in(http)
    async with http.delete(f"/api/logins/{ours['id']}") as response:
        assert response.status == 204
    assert not await _is_signed_in(http)


async def test_a_password_is_changed_and_ends_the_other_logins(site: Site, http: ClientSession) -> None:
    async with ClientSession(site.url, cookie_jar=CookieJar(unsafe=True)) as other:
        await _sign_in(http)
        await _sign_in(other)
        for wrong in ({}, {"present": "wrong horse battery"}):
            async with http.put("/api/account/password", json={"new": NEW_PASSWORD, **wrong}) as response:
                assert response.status == 403
                assert (await response.json())["type"] == "/problems/wrong-password"
        async with http.put("/api/account/password", json={"present": PASSWORD, "new": "short"}) as response:
            assert response.status == 400
            assert (await response.json())["errors"][0]["field"] == "new"
        assert await _is_signed_in(other)
        async with http.put("/api/account/password", json={"present": PASSWORD, "new": NEW_PASSWORD}) as response:
            assert response.status == 204
        assert await _is_signed_in(http)
        assert not await _is_signed_in(other)
        assert await _sign_in(other) == 401
        assert await _sign_in(other, NEW_PASSWORD) == 303


@pytest.mark.parametrize("web_settings", [{"sign_in_rate": "3/minute"}])
async def test_guessing_the_password_of_an_open_browser_has_to_wait(
    site: Site, http: ClientSession, web_settings: dict[str, Any]
) -> None:
    await _sign_in(http)
    statuses = []
    for _ in range(3):
        async with http.put("/api/account/password", json={"present": "a guess", "new": NEW_PASSWORD}) as response:
            statuses.append(response.status)
    assert statuses == [403, 403, 429]


async def test_a_link_lets_its_user_choose_a_password_once(site: Site, http: ClientSession) -> None:
    links = [random_token(), random_token()]
    now = site.services.clock.utc_now()
    async with site.services.database.writing() as db_session:
        user = await people.get_user(db_session, OWNER)
        for token in links:
            await people.issue_token(
                db_session, user.id, TokenKind.SIGN_IN, token_hash(token), now, expires_at=now + timedelta(hours=1)
            )
    async with http.get(f"/hr/sign-in/{links[0]}", allow_redirects=False) as response:
        assert response.status == 303
    async with http.put("/api/account/password", json={"new": NEW_PASSWORD}) as response:
        assert response.status == 204
    async with http.put("/api/account/password", json={"new": "one more password"}) as response:
        assert response.status == 403, "from now on the new one is asked for"
    async with http.get(f"/hr/sign-in/{links[1]}") as response:
        assert response.status == 401, "a link from before is no way around the new password"
