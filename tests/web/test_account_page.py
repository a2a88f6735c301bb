"""The account page as it is sent: what it shows of whom, and what it never shows."""

import pytest
from aiohttp import ClientSession
from yarl import URL

from db.webhooks import WebhookEvent
from tests.web.conftest import OWNER, PASSWORD, Site, bearer
from web.pages.account import EVENTS, SCOPES
from web.rights import Scope


async def _sign_in(http: ClientSession) -> None:
    async with http.post("/hr/sign-in", data={"email": OWNER, "password": PASSWORD, "next": ""}) as response:
        assert response.status == 200


def test_every_scope_and_event_has_words() -> None:
    assert set(SCOPES) == set(Scope)
    assert set(EVENTS) == set(WebhookEvent)


async def test_it_shows_ones_own(site: Site, http: ClientSession) -> None:
    body = {"url": "https://example.org/<hooks>", "events": ["interview.ready"]}
    async with http.post("/api/webhooks", json=body, headers=bearer(site.owner)) as response:
        made = await response.json()
    await _sign_in(http)
    async with http.get("/hr/account") as response:
        page = await response.text()
    assert OWNER in page
    assert "This browser" in page
    assert "https://example.org/&lt;hooks&gt;" in page
    assert made["secret"] not in page
    async with http.get(f"/hr/webhooks/{made['id']}") as response:
        assert "No messages yet." in await response.text()
    for path in ("/hr/webhooks/999", "/hr/webhooks/one"):
        async with http.get(path) as response:
            assert response.status == 404
    # A cursor as the API's list takes it, and one that is none.
    async with http.get(URL(f"/hr/webhooks/{made['id']}?cursor=nothing")) as response:
        assert response.status == 400


async def test_a_webhook_of_somebody_elses_is_not_there(site: Site, http: ClientSession) -> None:
    body = {"url": "https://example.org/hooks"}
    async with http.post("/api/webhooks", json=body, headers=bearer(site.stranger)) as response:
        made = await response.json()
    await _sign_in(http)
    async with http.get(f"/hr/webhooks/{made['id']}") as response:
        assert response.status == 404


@pytest.mark.parametrize("web_settings", [{"public_url": "http://127.0.0.1/interviews"}])
async def test_below_a_path_its_addresses_begin_with_it(site: Site, http: ClientSession) -> None:
    form = {"email": OWNER, "password": PASSWORD, "next": ""}
    async with http.post("/interviews/hr/sign-in", data=form, allow_redirects=False) as response:
        assert response.status == 303
    async with http.get("/interviews/hr/account") as response:
        page = await response.text()
    assert 'data-url="/interviews/api/tokens"' in page
    assert '"/api/' not in page
