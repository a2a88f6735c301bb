"""The API as candidates and HR meet it: codes of contract.md, and nothing of anybody else's."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from aiohttp import ClientSession
from yarl import URL

from db import interviews, people
from db.models import TokenKind
from signaling.protocol.tokens import random_token, token_hash
from tests.web.conftest import MEDIA, NOW, OWNER, Site, bearer

API = "/api/interviews/one"


async def test_a_candidate_sees_their_own_part_of_it(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    async with http.get(API, headers=bearer(links.token)) as response:
        seen = await response.json()
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert seen["candidate"] == {"name": "John Doe"}
    assert seen["state"] == "invited"
    assert [(each["index"], each["text"]) for each in seen["questions"]] == [(1, "Who?"), (2, "Why?")]
    assert seen["questions"][0] | {"index": 0, "text": ""} == {
        "index": 0,
        "text": "",
        "think_ms": 0,
        "answer_ms": None,
        "max_takes": 1,
        "optional": False,
        "skipped": False,
        "sound_url": None,
    }
    assert (seen["flow"]["step"], seen["flow"]["revision"], seen["flow"]["can"]) == ("before", 0, [])
    assert (seen["away_ms"], seen["interrupted_at"], seen["answers_only"]) == (None, None, False)
    assert seen["consent"] is None
    assert seen["notice"]["retention_days"] == 90
    assert seen["limits"] == {"video_bps": 250_000, "audio_bps": 64_000, "audio_target_bps": 32_000}
    assert not {"parts", "video_file_path", "created_at"} & set(seen)


async def test_what_no_setting_says_is_said_in_the_candidates_language(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    said = {}
    for language in ("en", "de-AT,de;q=0.8", "xx"):
        async with http.get(API, headers=bearer(links.token) | {"Accept-Language": language}) as response:
            said[language] = (await response.json())["notice"]
    assert said["en"] == said["xx"]
    assert said["en"]["language"] == "en"
    assert said["en"]["purpose"].startswith("So that the people who decide")
    assert said["de-AT,de;q=0.8"]["purpose"].startswith("Damit die Menschen, die über Ihre Bewerbung entscheiden")
    assert all(
        said[language][field] for language in said for field in ("controller", "purpose", "recipients", "rights")
    )


async def test_hr_sees_all_of_it(site: Site, http: ClientSession) -> None:
    await site.recorded()
    async with http.get(API, headers=bearer(site.owner)) as response:
        seen = await response.json()
    assert seen["state"] == "ready"
    assert seen["candidate"] == {"id": 1, "name": "John Doe", "email": None, "folder": "John_Doe"}
    assert seen["video_file_path"].startswith("uploads/John_Doe/interview_video_")
    assert seen["video_size_mb"] == 1.28
    assert seen["created_at"] == "2026-11-24T09:00:00Z"
    (part,) = seen["parts"]
    assert part["url"] == f"{API}/parts/1"
    assert (part["n"], part["state"], part["source"], part["size_bytes"]) == (1, "stored", "live", len(MEDIA))


async def test_consent_is_stored_with_version_and_time(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    body = {"notice_version": await site.notice_version()}
    async with http.post(f"{API}/consent", json=body, headers=bearer(links.token)) as response:
        seen = await response.json()
    assert response.status == 200
    assert seen["state"] == "consented"
    assert (seen["consent"]["notice_version"], seen["consent"]["language"]) == (body["notice_version"], "en")
    async with site.services.database.reading() as db_session:
        (consent,) = (await interviews.get_interview(db_session, "one")).consents
    assert consent.client.startswith("Python/")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "problem"),
    [
        ('{"notice_version": "older"}', "application/json", 422, "unknown-notice"),
        ("{}", "application/json", 400, "malformed"),
        ('{"notice_version": "', "application/json", 400, "malformed"),
        ('{"notice_version": 7}', "application/json", 400, "malformed"),
        ("\N{SNOWMAN}", "application/json", 400, "malformed"),
        ('{"notice_version": "2026-11-1"}', "text/plain", 415, "unsupported-media-type"),
        (" " * 200_000, "application/json", 413, "too-large"),
    ],
)
async def test_a_consent_that_is_none(
    site: Site, http: ClientSession, body: str, content_type: str, status: int, problem: str
) -> None:
    links = await site.invite()
    headers = {**bearer(links.token), "Content-Type": content_type}
    async with http.post(f"{API}/consent", data=body.encode(), headers=headers) as response:
        document = await response.json()
    assert response.content_type == "application/problem+json"
    assert (response.status, document["status"]) == (status, status)
    assert document["type"] == f"/problems/{problem}"


async def test_finish_stores_the_only_part_and_may_be_repeated(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    part_path = await site.add_part()
    for _ in range(2):
        async with http.post(f"{API}/finish", headers=bearer(links.token)) as response:
            assert (await response.json())["state"] == "ready"
    assert not (site.services.data_folder.path / part_path).exists()


async def test_with_several_parts_it_stays_completed(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    await site.add_part()
    await site.add_part()
    async with http.post(f"{API}/finish", headers=bearer(links.token)) as response:
        assert (await response.json())["state"] == "completed"
    async with http.get(f"{API}/video/download", headers=bearer(site.owner)) as response:
        assert response.status == 409


async def test_what_cannot_be_done_any_more_is_409(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    async with http.post(f"{API}/finish", headers=bearer(links.token)) as response:
        assert (response.status, (await response.json())["type"]) == (409, "/problems/nothing-recorded")
    await site.add_part()
    async with http.post(f"{API}/finish", headers=bearer(links.token)) as response:
        assert response.status == 200
    body = {"notice_version": await site.notice_version()}
    async with http.post(f"{API}/consent", json=body, headers=bearer(links.token)) as response:
        assert (response.status, (await response.json())["type"]) == (409, "/problems/finished")


async def test_a_host_platforms_id_may_hold_anything(site: Site, http: ClientSession) -> None:
    session_id = "Ä/1?x=.. %2F"
    await site.recorded(session_id)
    url = f"/api/interviews/{quote(session_id, safe='')}"
    async with http.get(URL(site.url + url, encoded=True), headers=bearer(site.owner)) as response:
        seen = await response.json()
    assert seen["session_id"] == session_id
    async with http.get(URL(site.url + seen["parts"][0]["url"], encoded=True), headers=bearer(site.owner)) as response:
        assert await response.read() == MEDIA
    async with http.get(URL(f"{site.url}{url}/video/download", encoded=True), headers=bearer(site.owner)) as response:
        assert response.headers["Content-Disposition"] == 'attachment; filename="interview___1_x_..__2F.webm"'


PRIVATE = ("", "/parts/1", "/video/download")


@pytest.mark.parametrize("path", PRIVATE)
async def test_without_a_good_token_it_is_401(site: Site, http: ClientSession, path: str) -> None:
    links = await site.recorded()
    revoked, expired, used = random_token(), random_token(), random_token()
    async with site.services.database.writing() as db_session:
        user = await people.get_user(db_session, OWNER)
        await people.issue_token(db_session, user.id, TokenKind.API, token_hash(revoked), NOW)
        await people.revoke_token(db_session, token_hash(revoked), NOW)
        await people.issue_token(
            db_session, user.id, TokenKind.API, token_hash(expired), NOW, expires_at=NOW - timedelta(1)
        )
        await people.issue_token(db_session, user.id, TokenKind.SIGN_IN, token_hash(used), NOW)
    wrong = ["", "Bearer", "Bearer ", "Basic abc", "Bearer a.b", "Bearer nothing", f"Bearer {links.token[:-1]}"]
    wrong += [f"Bearer {token}" for token in (revoked, expired, used)]
    for header in wrong:
        async with http.get(API + path, headers={"Authorization": header}) as response:
            assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer"), header
    async with http.get(API + path) as response:
        assert response.status == 401


@pytest.mark.parametrize("path", PRIVATE)
async def test_somebody_elses_and_unknown_are_the_same_404(site: Site, http: ClientSession, path: str) -> None:
    await site.recorded()
    other = await site.invite("two")
    answers = []
    for url, token in (
        (API + path, site.stranger),
        (API + path, other.token),
        (f"/api/interviews/unknown{path}", site.owner),
        (f"/api/interviews/..%2f{path}", site.owner),
    ):
        async with http.get(url, headers=bearer(token)) as response:
            answers.append((response.status, await response.text()))
    assert {status for status, _ in answers} == {404}
    assert len({text for _, text in answers}) == 1


async def test_a_candidate_cannot_watch_not_even_themselves(site: Site, http: ClientSession) -> None:
    links = await site.recorded()
    for path in ("/parts/1", "/video/download"):
        async with http.get(API + path, headers=bearer(links.token)) as response:
            assert response.status == 404


async def test_only_the_candidate_consents_and_finishes(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    other = await site.invite("two")
    for token in (site.owner, other.token):
        for action in ("consent", "finish"):
            body = {"notice_version": "2026-11-1"}
            async with http.post(f"{API}/{action}", json=body, headers=bearer(token)) as response:
                assert response.status == 404


async def test_a_renewed_link_ends_the_old_one(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    async with site.services.database.writing() as db_session:
        await interviews.renew_link(db_session, "one")
    async with http.get(API, headers=bearer(links.token)) as response:
        assert response.status == 401


async def test_a_deleted_interview_is_gone_for_everybody(site: Site, http: ClientSession) -> None:
    links = await site.recorded()
    await site.services.recordings.delete("one")
    for path in PRIVATE:
        for token in (links.token, site.owner):
            async with http.get(API + path, headers=bearer(token)) as response:
                assert response.status == 404
