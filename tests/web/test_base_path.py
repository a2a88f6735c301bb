"""Everything below one path, as behind a proxy that gives us a part of somebody's site."""

import re

import pytest
from aiohttp import ClientSession, CookieJar

from tests.web.conftest import OWNER, PASSWORD, Site, bearer

BASE = "/interviews"
pytestmark = pytest.mark.parametrize("web_settings", [{"public_url": f"https://example.org{BASE}"}])


async def test_pages_lead_to_what_lies_below_it(site: Site) -> None:
    await site.recorded()
    async with ClientSession(site.url, cookie_jar=CookieJar(unsafe=True)) as http:
        async with http.get(f"{BASE}/hr/interviews/one", allow_redirects=False) as response:
            assert response.headers["Location"] == f"{BASE}/hr/sign-in?next=/interviews/hr/interviews/one"
        form = {"email": OWNER, "password": PASSWORD, "next": f"{BASE}/hr/interviews/one"}
        async with http.post(f"{BASE}/hr/sign-in", data=form, allow_redirects=False) as response:
            assert response.headers["Location"] == f"{BASE}/hr/interviews/one"
            cookie = response.headers["Set-Cookie"]
            assert f"Path={BASE};" in cookie
        login = {"Cookie": cookie.partition(";")[0]}  # the server takes it for https, this test speaks http
        async with http.get(f"{BASE}/hr/interviews/one", headers=login) as response:
            page = await response.text()
        assert response.status == 200
        addresses = set(re.findall(r'(?:href|src|action|data-url)="(/[^"]*)"', page))
        assert addresses
        assert not [address for address in addresses if not address.startswith(f"{BASE}/")]
        for address in addresses:
            if "/static/" in address:
                async with http.get(address) as response:
                    assert response.status == 200, address


async def test_the_api_tells_addresses_below_it(site: Site) -> None:
    await site.recorded()
    async with ClientSession(site.url) as http:
        async with http.get(f"{BASE}/api/interviews/one", headers=bearer(site.owner)) as response:
            told = await response.json()
        async with http.get(told["parts"][0]["url"], headers=bearer(site.owner)) as response:
            assert response.status == 200
        async with http.get(f"{BASE}/api/nothing") as response:
            assert response.content_type == "application/problem+json"
        async with http.get("/api/interviews/one", headers=bearer(site.owner)) as response:
            assert response.status == 404
