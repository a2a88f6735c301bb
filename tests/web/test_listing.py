"""The list over the API."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.web.conftest import NOW, OWNER, PASSWORD, Site, bearer

LIST = "/api/interviews"


async def sign_in(http: ClientSession) -> None:
    async with http.post("/hr/sign-in", data={"email": OWNER, "password": PASSWORD}) as response:
        assert response.status == 200


async def listed(http: ClientSession, token: str, **query: str | int) -> dict[str, Any]:
    async with http.get(LIST, params=query, headers=bearer(token)) as response:
        assert response.status == 200
        page: dict[str, Any] = await response.json()
    return page


async def test_pages_follow_each_other(site: Site, http: ClientSession) -> None:
    for number in range(5):
        await site.invite(f"session-{number}")
    pages = [await listed(http, site.owner, limit=2)]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(await listed(http, site.owner, limit=2, cursor=cursor))
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    seen = [item["session_id"] for page in pages for item in page["items"]]
    assert sorted(seen) == [f"session-{number}" for number in range(5)]
    assert (await listed(http, site.stranger))["items"] == []


async def test_a_line_tells_what_a_list_shows(site: Site, http: ClientSession) -> None:
    await site.recorded()
    (line,) = (await listed(http, site.owner))["items"]
    assert line["candidate_name"] == "John Doe"
    assert (line["state"], line["duration_ms"], line["size_bytes"]) == ("ready", 60_000, 1_280_000)
    assert line["job_id"] == site.job
    async with http.get("/api/interview-counts", headers=bearer(site.owner)) as response:
        counts = await response.json()
    assert (counts["total"], counts["by_state"]["ready"], counts["by_state"]["invited"]) == (1, 1, 0)
    assert "deleted" not in counts["by_state"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"state": "gone"}, "state.0"),
        ({"sort": "colour"}, "sort"),
        ({"job": "x"}, "job"),
        ({"colour": "red"}, "colour"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-11-24"}, "since"),
        ({"until": "0001-01-01T00:00:00+23:59"}, "until"),
    ],
)
async def test_a_query_that_is_none_names_the_field(
    site: Site, http: ClientSession, query: dict[str, str], field: str
) -> None:
    async with http.get(LIST, params=query, headers=bearer(site.owner)) as response:
        document = await response.json()
    assert response.status == 400
    assert [error["field"] for error in document["errors"]] == [field]


async def test_a_cursor_of_another_order_is_refused(site: Site, http: ClientSession) -> None:
    for number in range(3):
        await site.invite(f"session-{number}")
    cursor = (await listed(http, site.owner, limit=1, sort="name"))["next_cursor"]
    for query in ({"cursor": cursor, "sort": "date"}, {"cursor": "nonsense"}):
        async with http.get(LIST, params=query, headers=bearer(site.owner)) as response:
            assert response.status == 400


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ({}, True),
        ({"from_day": NOW.date().isoformat(), "to_day": NOW.date().isoformat()}, True),
        ({"from_day": (NOW + timedelta(days=1)).date().isoformat()}, False),
        ({"to_day": (NOW - timedelta(days=1)).date().isoformat()}, False),
        ({"from_day": "0001-01-01", "to_day": "9999-12-31", "zone": "Pacific/Kiritimati"}, True),
        ({"to_day": NOW.date().isoformat(), "zone": "../etc/passwd"}, True),
        ({"until": NOW.isoformat(), "to_day": NOW.date().isoformat()}, False),
    ],
)
async def test_the_page_takes_days(site: Site, http: ClientSession, query: dict[str, str], is_there: bool) -> None:
    await site.invite()
    await sign_in(http)
    async with http.get("/hr", params=query) as response:
        assert response.status == 200
        assert ('data-session-id="one"' in await response.text()) is is_there


async def test_a_day_begins_where_the_reader_is(site: Site, http: ClientSession) -> None:
    await site.invite()
    await sign_in(http)
    # Set up at NOW; there it is the day after already, or still the day before.
    for zone, day in (
        ("Pacific/Kiritimati", NOW + timedelta(hours=14)),
        ("Pacific/Pago_Pago", NOW - timedelta(hours=11)),
    ):
        text = day.date().isoformat()
        async with http.get("/hr", params={"from_day": text, "to_day": text, "zone": zone}) as response:
            assert 'data-session-id="one"' in await response.text()
