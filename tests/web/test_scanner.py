"""A mail scanner opens every link that it finds, and a candidate's side has nothing that changes by being read.

The audit is left out: to note who looked is its purpose.
"""

import re
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from sqlalchemy import text

from db.models import Base
from tests.web.conftest import Site, bearer
from tests.web.test_own import OWN, REQUEST, call
from web.table import endpoints

NOTED = {"audit_events", "work", "sweep_clock"}
"The audit, and what the server does by itself beside it."
LINK = re.compile(r'(?:href|src|action|data-[a-z-]+)="([^"]+)"')
MOST = 400


async def _rows(site: Site) -> dict[str, list[Any]]:
    """Everything in the database."""
    names = [table.name for table in Base.metadata.sorted_tables if table.name not in NOTED]
    async with site.services.database.reading() as db_session:
        return {name: sorted(map(repr, await db_session.execute(text(f"SELECT * FROM {name}")))) for name in names}


def _files(site: Site) -> dict[str, tuple[int, int]]:
    uploads = site.services.data_folder.path / "uploads"
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in uploads.rglob("*") if path.is_file()}


async def _scan(site: Site, link: str) -> int:
    """Open it and every link below our address, as far as they lead; returns how many."""
    seen, wanted = set[str](), [link, f"{link}?lang=de", f"{link}?lang=en"]
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        while wanted and len(seen) < MOST:
            url = wanted.pop()
            if url in seen:
                continue
            seen.add(url)
            for method in ("HEAD", "GET"):
                async with http.request(method, url) as response:
                    body = await response.read()
            found = LINK.findall(body.decode(errors="replace")) if response.content_type == "text/html" else []
            local = [f"{site.url}{path}" for path in found if path.startswith("/")]
            wanted += [each for each in local if "/static/" not in each]
    return len(seen)


async def _read_all(site: Site, token: str) -> list[int]:
    """GET and HEAD of whatever the table gives a candidate, with the link's token and without it."""
    statuses = []
    async with ClientSession(site.url, cookie_jar=DummyCookieJar()) as http:
        for endpoint in endpoints():
            access = endpoint.access
            if endpoint.method != "GET" or not (access.candidate or access.own) or endpoint.path.endswith("/live"):
                continue
            path = endpoint.path.replace("{session_id}", "one").replace("{token}", token)
            path = re.sub(r"\{\w+\}", "1", path)
            for headers in ({}, bearer(token)):
                for method in ("HEAD", "GET"):
                    async with http.request(method, path, headers=headers) as response:
                        statuses.append(response.status)
    return statuses


async def test_reading_changes_nothing_in_any_state(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    await _unchanged_by_reading(site, links.candidate_url, links.token)
    await site.add_part()
    await site.services.live_interviews.finish("one")
    await _unchanged_by_reading(site, links.candidate_url, links.token)
    assert (await call(http, "POST", REQUEST, links.token))[0] == 202
    await site.services.own.requests.look()
    await _unchanged_by_reading(site, links.candidate_url, links.token)
    assert (await call(http, "POST", f"{REQUEST}/grant", site.owner))[0] == 204
    await _unchanged_by_reading(site, links.candidate_url, links.token)


async def test_playing_and_taking_a_copy_change_nothing_either(site: Site, http: ClientSession) -> None:
    links = await site.recorded()
    await call(http, "PUT", f"{OWN}/release", site.owner, {"released": True})
    assert (await call(http, "POST", f"{OWN}/unlock", links.token, {}))[0] == 200
    before = await _rows(site), _files(site)
    for path in (f"{OWN}/recording", f"{OWN}/export.zip"):
        assert (await call(http, "GET", path))[0] == 200
    assert (await _rows(site), _files(site)) == before


async def _unchanged_by_reading(site: Site, link: str, token: str) -> None:
    before = await _rows(site), _files(site)
    assert await _scan(site, link) >= 3
    statuses = await _read_all(site, token)
    assert len(statuses) >= 20
    assert 500 not in statuses
    assert (await _rows(site), _files(site)) == before
