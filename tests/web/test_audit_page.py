"""The audit over the API and on HR's pages: who sees which rows, filtered, a page at a time, as a file."""

import csv
import io
import json
from typing import Any

from aiohttp import ClientSession

from db import audit, jobs, people
from db.audit import Actor, ActorKind, AuditEvent
from db.models import JobRole, TokenKind
from signaling.protocol.tokens import random_token, token_hash
from tests.web.conftest import NOW, OWNER, PASSWORD, STRANGER, Site, bearer

REVIEWER = "reviewer@example.org"


async def fill(site: Site) -> str:
    """Things that happened in two jobs; returns the token of a reviewer in the first."""
    await site.recorded("one")
    hr, other = Actor(ActorKind.USER, OWNER), Actor(ActorKind.USER, REVIEWER)
    token = random_token()
    async with site.services.database.writing() as db_session:
        reviewer = await people.add_user(db_session, REVIEWER, None, NOW)
        await jobs.set_member(db_session, site.job, REVIEWER, JobRole.REVIEWER)
        await people.issue_token(db_session, reviewer.id, TokenKind.API, token_hash(token), NOW)
        theirs = await people.add_job(db_session, "Ferryman", (await people.get_user(db_session, STRANGER)).id, NOW)
        await audit.record(db_session, AuditEvent.JOB_ADDED, NOW, actor=other, job_id=theirs.id)
        await audit.record(db_session, AuditEvent.SIGNED_IN, NOW, actor=other, details={"by": "link"})
        for event, actor in [(AuditEvent.PLAYED, hr), (AuditEvent.PLAYED, other), (AuditEvent.WATCHED_LIVE, other)]:
            await audit.record(db_session, event, NOW, actor=actor, session_id="one")
        details: audit.Details = {"what": "part", "number": 1}
        await audit.record(db_session, AuditEvent.DOWNLOADED, NOW, actor=other, session_id="one", details=details)
    return token


async def read(http: ClientSession, token: str, **query: str) -> dict[str, Any]:
    async with http.get("/api/audit", params=query, headers=bearer(token)) as response:
        assert response.status == 200, await response.text()
        page: dict[str, Any] = await response.json()
        return page


async def test_who_sees_which_rows(site: Site, http: ClientSession) -> None:
    reviewer = await fill(site)
    mine = [(row["event"], row["actor_name"]) for row in (await read(http, site.owner))["items"]]
    assert mine[:4] == [("downloaded", REVIEWER), ("watched_live", REVIEWER), ("played", REVIEWER), ("played", OWNER)]
    assert ("recording_stored", "") in mine
    assert ("job_added", REVIEWER) not in mine  # another owner's job
    assert ("signed_in", REVIEWER) not in mine  # somebody else's account
    assert "server_started" not in {event for event, _ in mine}
    assert [row["event"] for row in (await read(http, reviewer))["items"]] == ["signed_in"]  # no owner: their own
    assert [row["event"] for row in (await read(http, site.stranger))["items"]] == ["job_added"]


async def test_filters_pages_and_a_file(site: Site, http: ClientSession) -> None:
    await fill(site)
    first = await read(http, site.owner, limit="2")
    assert [row["event"] for row in first["items"]] == ["downloaded", "watched_live"]
    second = await read(http, site.owner, limit="2", cursor=first["next_cursor"])
    assert [row["event"] for row in second["items"]] == ["played", "played"]
    found = (await read(http, site.owner, event="played", person=REVIEWER, session_id="one"))["items"]
    assert [(row["event"], row["actor_name"]) for row in found] == [("played", REVIEWER)]
    day = NOW.date().isoformat()
    found = (await read(http, site.owner, from_day=day, to_day=day))["items"]
    assert len(found) == 4  # the recording was stored on the day of the test
    assert (await read(http, site.owner, to_day="2020-01-01")) == {"items": [], "next_cursor": None}
    async with http.get("/api/audit", params={"cursor": "rubbish"}, headers=bearer(site.owner)) as response:
        assert response.status == 400

    export = "/api/audit/export.jsonl"
    async with http.get(export, params={"session_id": "one"}, headers=bearer(site.owner)) as response:
        assert response.headers["Content-Disposition"].startswith('attachment; filename="audit_')
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert [row["event"] for row in lines][-4:] == ["played", "played", "watched_live", "downloaded"]
    async with http.get("/api/audit/export.csv", params={"event": "played"}, headers=bearer(site.owner)) as response:
        assert response.content_type == "text/csv"
        assert [row["actor_name"] for row in csv.DictReader(io.StringIO(await response.text()))] == [OWNER, REVIEWER]
    async with http.head(export, headers=bearer(site.owner)) as response:
        assert response.status == 200
    await site.services.audit.flush()
    taken = (await read(http, site.owner, event="audit_exported"))["items"]
    assert {row["actor_name"] for row in taken} == {OWNER}
    assert "one" in {row["session_id"] for row in taken}


async def test_the_pages(site: Site, http: ClientSession) -> None:
    await fill(site)
    await http.post("/hr/sign-in", data={"email": OWNER, "password": PASSWORD})
    async with http.get("/hr/audit") as response:
        page = await response.text()
    assert response.status == 200
    assert "Took a copy" in page
    assert "part 1" in page
    async with http.get("/hr/audit", params={"event": "played", "to_day": "2020-01-01"}) as response:
        assert "Nothing that fits has happened." in await response.text()
    async with http.get("/hr/audit", params={"event": "odd_kind", "limit": "1"}) as response:
        assert '<option value="odd_kind" selected>' in await response.text()
    async with http.get("/hr/audit", params={"limit": "1"}) as response:
        assert ">Older</a>" in await response.text()

    async with http.get("/hr/interviews/one") as response:
        results = await response.text()
    section = results[results.index('id="watched-title"') :]
    section = section[: section.index("</section>")]
    assert "Copies that have left" in section
    assert "Part 1" in section
    assert section.count("Played the recording") == 2
    assert "Watched live" in section
    assert "/hr/audit?session_id=one" in section
    async with site.services.database.writing() as db_session:
        await jobs.set_member(db_session, site.job, STRANGER, JobRole.OWNER)
        await jobs.set_member(db_session, site.job, OWNER, JobRole.RECRUITER)
    async with http.get("/hr/interviews/one") as response:
        results = await response.text()
    assert 'id="watched-title"' in results  # deleting is nothing without knowing who has copies
    assert "/hr/audit?session_id=one" not in results
    async with site.services.database.writing() as db_session:
        await jobs.set_member(db_session, site.job, OWNER, JobRole.REVIEWER)
    async with http.get("/hr/interviews/one") as response:
        assert 'id="watched-title"' not in await response.text()
