"""What HR grants a candidate, and where the answers are found."""

from typing import Any

import pytest
from aiohttp import ClientSession

from db import recordings
from db.recordings import NewMark
from tests.web.conftest import Site, bearer

API = "/api/interviews/one"


async def test_hr_grants_more_time_and_it_counts_at_once(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    socket = await http.ws_connect(f"{API}/live")
    await socket.send_json({"type": "hello", "token": links.token, "client_id": "page-0001"})
    body = {"time_factor": 1.5, "extra_takes": 2}
    async with http.patch(f"{API}/accommodations", json=body, headers=bearer(site.owner)) as response:
        seen = await response.json()
    assert response.status == 200
    assert seen["accommodations"] == {"time_factor": 1.5, "no_timer": False, "extra_takes": 2}
    assert seen["questions"][0]["max_takes"] == 3
    told: list[int] = []
    while len(told) < 2:
        message = await socket.receive_json()
        if message["type"] == "flow":
            told.append(message["takes_left"])
    assert told == [1, 3]
    await socket.close()


@pytest.mark.parametrize(
    "body",
    [
        {"time_factor": 0.5},
        {"time_factor": "2"},
        {"no_timer": "yes"},
        {"extra_takes": -1},
        {"extra_takes": 1.5},
        {"else": 1},
        [],
    ],
)
async def test_what_makes_no_sense_is_refused(site: Site, http: ClientSession, body: Any) -> None:
    await site.invite()
    async with http.patch(f"{API}/accommodations", json=body, headers=bearer(site.owner)) as response:
        assert (response.status, (await response.json())["type"]) == (400, "/problems/malformed")


async def test_only_json_is_taken(site: Site, http: ClientSession) -> None:
    await site.invite()
    async with http.patch(f"{API}/accommodations", data=b"{}", headers=bearer(site.owner)) as response:
        assert response.status == 415


async def test_only_the_jobs_owner_grants(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    for token in (links.token, site.stranger):
        async with http.patch(f"{API}/accommodations", json={}, headers=bearer(token)) as response:
            assert response.status == 404


async def test_after_the_end_there_is_nothing_to_grant(site: Site, http: ClientSession) -> None:
    await site.recorded()
    async with http.patch(f"{API}/accommodations", json={}, headers=bearer(site.owner)) as response:
        assert (response.status, (await response.json())["type"]) == (409, "/problems/finished")


async def test_chapters_and_takes_are_found_in_the_recording(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    await site.add_part()
    await site.add_part()
    marks = [
        NewMark(1, 1_000, "question", 1, None),
        NewMark(2, 4_200, "take", 1, 1),
        NewMark(2, 9_000, "take_end", 1, 1),
    ]
    async with site.services.database.writing() as db_session:
        await recordings.add_marks(db_session, "one", [*marks, NewMark(7, 0, "take", 2, 1)])
    async with http.get(f"{API}/chapters.vtt", headers=bearer(site.owner)) as response:
        text = await response.text()
    assert (response.status, response.content_type) == (200, "text/vtt")
    assert "00:00:01.000 --> 00:01:04.200\n1. Who?" in text
    assert "00:01:04.200 --> 00:02:00.000\n1. Who? (take 1)" in text
    async with http.get(f"{API}/chapters.vtt", headers=bearer(links.token)) as response:
        assert response.status == 404
