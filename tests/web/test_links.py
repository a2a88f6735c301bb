"""Inviting candidates over the API, and what becomes of their links."""

from typing import Any

import pytest
from aiohttp import ClientSession

from db import interviews
from db.states import InterviewState
from tests.web.conftest import NOW, OWNER, PASSWORD, Site, bearer

API = "/api/interviews/one"


async def call(
    http: ClientSession, method: str, path: str, token: str, status: int, body: object = None
) -> dict[str, Any]:
    async with http.request(method, path, json=body, headers=bearer(token)) as response:
        told: dict[str, Any] = await response.json() if response.content_length else {}
        assert response.status == status, told
    return told


async def opens(http: ClientSession, token: str) -> bool:
    async with http.get(API, headers=bearer(token)) as response:
        assert response.status in {200, 401}
        return response.status == 200


async def test_an_invitation_opens_an_interview(site: Site, http: ClientSession) -> None:
    body = {
        "candidate": " Zoë Müller ",
        "email": "zoe@example.org",
        "questions": [
            {"text": "Who?", "think_ms": 30_000, "answer_ms": 120_000, "max_takes": 2},
            {"text": "Why?", "think_ms": None, "optional": True},
        ],
    }
    invited = await call(http, "POST", f"/api/jobs/{site.job}/interviews", site.owner, 201, body)
    assert invited["candidate_url"].endswith(f"/i/{invited['token']}")
    assert invited["whip_url"].endswith(f"/whip/{invited['session_id']}")
    told = await call(http, "GET", f"/api/interviews/{invited['session_id']}", invited["token"], 200)
    assert told["candidate"] == {"name": "Zoë Müller"}
    asked = [(each["text"], each["think_ms"], each["answer_ms"], each["max_takes"]) for each in told["questions"]]
    assert asked == [("Who?", 30_000, 120_000, 2), ("Why?", None, None, 1)]


async def test_a_host_platform_brings_its_own_ids_questions_and_deadline(site: Site, http: ClientSession) -> None:
    deadline = "2099-01-01T00:00:00Z"
    body = {
        "candidate": "John Doe",
        "candidate_id": "person/7",
        "session_id": "host 1/ü",
        "questions": [{"text": "How?"}],
        "deadline_at": deadline,
    }
    path = f"/api/jobs/{site.job}/interviews"
    invited = await call(http, "POST", path, site.owner, 201, body)
    assert (invited["session_id"], invited["deadline_at"]) == ("host 1/ü", deadline)
    again = await call(http, "POST", path, site.owner, 409, body)
    assert again["type"] == "/problems/conflict"
    other = await call(http, "POST", path, site.owner, 201, body | {"session_id": "host-2"})
    assert other["candidate_id"] == invited["candidate_id"], "the same person, by the platform's id"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"candidate": " "}, "candidate"),
        ({"email": "nobody"}, "email"),
        ({"deadline_at": "2020-01-01T00:00:00Z"}, "deadline_at"),
        ({"deadline_at": "2099-01-01T00:00:00"}, "deadline_at"),
        ({"session_id": ""}, "session_id"),
        ({"session_id": "ü" * 300}, "session_id"),
        ({"questions": [{"text": ""}]}, "questions.0.text"),
        ({"questions": [{"text": "a", "answer_ms": 1}]}, "questions.0.answer_ms"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_is_named(site: Site, http: ClientSession, changes: dict[str, Any], field: str) -> None:
    body = {"candidate": "John Doe"} | changes
    told = await call(http, "POST", f"/api/jobs/{site.job}/interviews", site.owner, 400, body)
    assert [error["field"] for error in told["errors"]] == [field]


async def test_a_link_is_shown_issued_anew_and_revoked(site: Site, http: ClientSession) -> None:
    first = await site.invite()
    told = await call(http, "GET", f"{API}/link", site.owner, 200)
    assert told["token"] == first.token
    assert told["candidate_url"].endswith(f"/i/{first.token}")
    second = await call(http, "POST", f"{API}/link/reissue", site.owner, 200)
    assert not await opens(http, first.token)
    assert await opens(http, second["token"])
    revoked = await call(http, "POST", f"{API}/link/revoke", site.owner, 200)
    assert (revoked["candidate_url"], revoked["token"]) == (None, None)
    assert revoked["revoked_at"] is not None
    assert not await opens(http, second["token"])
    third = await call(http, "POST", f"{API}/link/reissue", site.owner, 200)
    assert await opens(http, third["token"])
    assert third["revoked_at"] is None


async def test_whoever_holds_a_revoked_link_is_shut_out_at_once(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    async with http.ws_connect(f"{API}/live") as channel:
        await channel.send_json({"type": "hello", "token": links.token, "client_id": "page"})
        assert (await channel.receive_json())["type"] == "state"
        await call(http, "POST", f"{API}/link/revoke", site.owner, 200)
        while not (await channel.receive()).type.name.startswith("CLOS"):
            pass
        assert channel.close_code == 4401


async def test_a_deadline_moves_and_opens_what_expired(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    later = {"deadline_at": "2099-01-01T00:00:00Z"}
    assert (await call(http, "PATCH", f"{API}/deadline", site.owner, 200, later))["deadline_at"] == later["deadline_at"]
    async with site.services.database.writing() as db_session:
        await interviews.reach_deadline(db_session, "one", NOW)
    assert (await call(http, "PATCH", f"{API}/deadline", site.owner, 200, later))["state"] == "invited"
    assert await opens(http, links.token)
    past = {"deadline_at": NOW.isoformat()}
    assert (await call(http, "PATCH", f"{API}/deadline", site.owner, 400, past))["type"] == "/problems/malformed"


@pytest.mark.parametrize("path", ["link/reissue", "link/revoke"])
async def test_what_is_over_has_no_link_to_change(site: Site, http: ClientSession, path: str) -> None:
    await site.recorded()
    told = await call(http, "POST", f"{API}/{path}", site.owner, 409)
    assert told["type"] == "/problems/finished"
    later = {"deadline_at": "2099-01-01T00:00:00Z"}
    await call(http, "PATCH", f"{API}/deadline", site.owner, 409, later)


async def test_deleting_takes_the_files_and_leaves_nothing_to_see(site: Site, http: ClientSession) -> None:
    await site.recorded()
    uploads = site.services.data_folder.uploads_path
    assert list(uploads.rglob("*.webm"))
    await call(http, "DELETE", API, site.owner, 204)
    assert not list(uploads.rglob("*.webm"))
    for method, path in (("GET", API), ("GET", f"{API}/link"), ("DELETE", API)):
        await call(http, method, path, site.owner, 404)
    async with site.services.database.reading() as db_session:
        assert (await interviews.get_interview(db_session, "one")).state is InterviewState.DELETED


async def test_the_last_day_of_a_link_ends_where_the_reader_is(site: Site, http: ClientSession) -> None:
    async with http.post("/hr/sign-in", data={"email": OWNER, "password": PASSWORD}) as response:
        assert response.status == 200
    form = {"job": str(site.job), "candidate": "Ana", "deadline": "2099-07-01", "zone": "Europe/Berlin"}
    async with http.post("/hr/invite", data=form, allow_redirects=False) as response:
        assert response.status == 303
        session_id = response.headers["Location"].partition("/interviews/")[2].partition("?")[0]
    told = await call(http, "GET", f"/api/interviews/{session_id}/link", site.owner, 200)
    assert told["deadline_at"] == "2099-07-01T21:59:59Z"
    async with http.post("/hr/invite", data=form | {"deadline": "9999-12-31"}) as response:
        assert response.status == 400
