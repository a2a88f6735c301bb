"""What people do leaves rows in the audit: who, what, of which interview, and no more than that."""

import json
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, FormData
from sqlalchemy import select

from db import audit_chain
from db.models import AuditRow, JobRole
from tests.web.conftest import OWNER, PASSWORD, STRANGER, Site, bearer


@dataclass(frozen=True, slots=True)
class Row:
    event: str
    actor: str
    session_id: str | None
    job_id: int | None
    details: dict[str, object]


async def rows(site: Site, *events: str) -> list[Row]:
    """What the audit says, without the server's start."""
    await site.services.audit.flush()
    async with site.services.database.reading() as db_session:
        found = list(await db_session.scalars(select(AuditRow).order_by(AuditRow.number)))
    return [
        Row(
            row.event, f"{row.actor_kind} {row.actor_name}".strip(), row.session_id, row.job_id, json.loads(row.details)
        )
        for row in found
        if not row.event.startswith(("server_", "settings_")) and (not events or row.event in events)
    ]


@pytest.fixture
async def signed_in(site: Site, http: ClientSession) -> ClientSession:
    form = {"email": OWNER, "password": PASSWORD}
    async with http.post("/hr/sign-in", data=form, allow_redirects=False) as response:
        assert response.status == 303
    return http


async def test_signing_in_and_out(site: Site, http: ClientSession) -> None:
    for email, password in [(OWNER, "wrong"), ("my-password-by-mistake", PASSWORD), (OWNER, PASSWORD)]:
        await http.post("/hr/sign-in", data={"email": email, "password": password}, allow_redirects=False)
        await site.services.audit.flush()
    await http.post("/hr/sign-out", allow_redirects=False)
    await http.get("/hr/sign-in/not-a-link", allow_redirects=False)
    hr = f"user {OWNER}"
    assert await rows(site) == [
        Row("sign_in_failed", hr, None, None, {"by": "password"}),
        Row("sign_in_failed", "user", None, None, {"by": "password"}),
        Row("signed_in", hr, None, None, {"by": "password", "as": "browser"}),
        Row("signed_out", hr, None, None, {}),
        Row("sign_in_failed", "user", None, None, {"by": "link"}),
    ]


async def test_tokens_logins_and_the_password(site: Site, signed_in: ClientSession) -> None:
    new = {"name": "Nightly export", "scopes": ["recordings:read"], "expires_in_days": 7}
    async with signed_in.post("/api/tokens", json=new) as response:
        made = (await response.json())["id"]
    await signed_in.delete(f"/api/tokens/{made}")
    await signed_in.delete("/api/logins")
    change = {"present": PASSWORD, "new": "another correct horse"}
    async with signed_in.put("/api/account/password", json=change) as response:
        assert response.status == 204
    hr = f"user {OWNER}"
    assert (await rows(site))[1:] == [
        Row("token_made", hr, None, None, {"made": made, "scopes": "recordings:read", "days": 7}),
        Row("token_revoked", hr, None, None, {"revoked": made}),
        Row("signed_out", hr, None, None, {"others": 0}),
        Row("password_changed", hr, None, None, {}),
    ]


async def test_a_job_and_its_team(site: Site, signed_in: ClientSession) -> None:
    async with signed_in.post("/api/jobs", json={"title": "Ferryman"}) as response:
        job = (await response.json())["id"]
    await signed_in.patch(f"/api/jobs/{job}", json={"title": "Ferrywoman", "retention_days": 30})
    async with signed_in.put(f"/api/jobs/{job}/members", json={"email": STRANGER, "role": "reviewer"}) as response:
        member = next(each for each in (await response.json())["members"] if each["email"] == STRANGER)
    await signed_in.delete(f"/api/jobs/{job}/members/{member['user_id']}")
    await signed_in.post(f"/api/jobs/{job}/archive")
    await signed_in.post(f"/api/jobs/{job}/unarchive")
    async with signed_in.post(f"/api/jobs/{job}/copy", json={"title": "Pilot"}) as response:
        copy = (await response.json())["id"]
    await signed_in.delete(f"/api/jobs/{copy}")
    hr = f"user {OWNER}"
    assert (await rows(site))[1:] == [
        Row("job_added", hr, None, job, {}),
        Row("job_changed", hr, None, job, {"title": True, "retention_days": 30}),
        Row("member_changed", hr, None, job, {"member": STRANGER, "role": JobRole.REVIEWER.value}),
        Row("member_removed", hr, None, job, {"member": STRANGER}),
        Row("job_archived", hr, None, job, {}),
        Row("job_unarchived", hr, None, job, {}),
        Row("job_added", hr, None, copy, {"like": job}),
        Row("job_deleted", hr, None, copy, {}),
    ]


async def test_an_invitation_and_its_link(site: Site, http: ClientSession) -> None:
    headers, interview = bearer(site.owner), "/api/interviews/one"
    invitation = {"candidate": "Jane Roe", "email": "jane@example.org", "session_id": "one"}
    async with http.post(f"/api/jobs/{site.job}/interviews", json=invitation, headers=headers) as response:
        assert response.status == 201
    await http.get(f"{interview}/link", headers=headers)
    await http.get(f"{interview}/link", headers=headers)  # a page that is loaded again
    async with http.post(f"{interview}/link/reissue", headers=headers) as response:
        url = (await response.json())["candidate_url"]
    for _ in range(2):
        await http.get(url, headers={"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E148"})
    await http.get(url, headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"})
    await http.patch(f"{interview}/deadline", json={"deadline_at": "2099-01-01T00:00:00Z"}, headers=headers)
    await http.patch(f"{interview}/accommodations", json={"time_factor": 1.5}, headers=headers)
    await http.post(f"{interview}/link/revoke", headers=headers)
    found = await rows(site)
    assert {(row.session_id, row.job_id) for row in found} == {("one", site.job)}
    told = {(row.event, row.actor): {key: row.details[key] for key in row.details if key != "token"} for row in found}
    hr = f"user {OWNER}"
    assert told == {
        ("invited", hr): {},
        ("link_shown", hr): {},
        ("link_issued", hr): {},
        ("link_opened", "candidate one"): {"device": "computer"},
        ("deadline_changed", hr): {"until": "2099-01-01T00:00:00+00:00"},
        ("accommodated", hr): {"time_factor": 1.5},
        ("link_revoked", hr): {},
    }
    assert [row.details["device"] for row in found if row.event == "link_opened"] == ["phone", "computer"]
    assert all("token" in row.details for row in found if row.actor == hr)  # a program did it, in their name
    # It outlives the candidate: nothing in it says who they are.
    assert not [row for row in found if "jane" in json.dumps([row.actor, row.details]).lower()]


async def test_playing_and_taking_copies(site: Site, signed_in: ClientSession) -> None:
    await site.recorded("one")
    video = "/api/interviews/one/video/download"
    player = {"Sec-Fetch-Dest": "video"}
    for start in range(3):
        async with signed_in.get(video, headers={**player, "Range": f"bytes={start * 1000}-"}) as response:
            assert response.status == 206
            await response.read()
    await signed_in.head(video)
    await signed_in.get(video, headers={"Sec-Fetch-Dest": "document"})
    await signed_in.get("/api/interviews/one/archive.zip")
    await signed_in.get("/api/archive.zip?id=one")
    await signed_in.get(video, headers={**bearer(site.owner), "Range": "bytes=100-"})  # a program takes it in pieces
    await signed_in.get(video, headers={**bearer(site.stranger)})  # not theirs
    await signed_in.post("/api/interviews/one/exports/mp4")
    found = await rows(site, "played", "downloaded", "exported")
    assert {(row.actor, row.session_id, row.job_id) for row in found} == {(f"user {OWNER}", "one", site.job)}
    told = [(row.event, row.details.get("what"), "token" in row.details) for row in found]
    assert list(dict.fromkeys(told)) == [  # were an hour to end meanwhile, it would be once for each hour
        ("played", None, False),
        ("downloaded", "recording", False),
        ("downloaded", "archive", False),
        ("downloaded", "recording", True),
        ("exported", "mp4", False),
    ]
    stored = await rows(site, "recording_stored")
    async with site.services.database.reading() as db_session:
        verdict = await audit_chain.verify(db_session)
    assert verdict.fault is None
    assert [(row.actor, row.session_id) for row in stored] == [("system", "one")]
    assert len(str(stored[0].details["sha256"])) == 64


async def test_a_player_on_a_plain_address_says_so_by_asking_in_pieces(site: Site, signed_in: ClientSession) -> None:
    await site.recorded("one")
    video = "/api/interviews/one/video/download"
    async with signed_in.get(video, headers={"Range": "bytes=0-"}) as response:
        await response.read()
    assert {row.event for row in await rows(site, "played", "downloaded")} == {"played"}
    async with signed_in.get(video) as response:
        await response.read()
    assert {row.event for row in await rows(site, "played", "downloaded")} == {"played", "downloaded"}


async def test_a_part_that_is_handed_in(site: Site, http: ClientSession) -> None:
    links = await site.invite("one", consented=True)
    form = FormData()
    form.add_field("video_file", b"no recording", filename="x.webm", content_type="video/webm")
    async with http.post("/api/interviews/one/upload-video", data=form, headers=bearer(links.token)) as response:
        assert response.status == 422
    assert await rows(site, "uploaded") == []
