"""Jobs over HTTP."""

import asyncio
import io
from typing import Any

import pytest
from aiohttp import ClientSession

from db import people
from db.models import TokenKind
from signaling.protocol.tokens import random_token, token_hash
from tests.media_server.waves import tone
from tests.web.conftest import NOW, OWNER, STRANGER, Site, bearer

WAV = {"Content-Type": "audio/wav"}
QUESTIONS = [
    {"text": " Who? ", "think_ms": None, "answer_ms": 60_000, "max_takes": 3},
    {"text": "Why?", "optional": True},
]


class Caller:
    """Somebody of HR with an API token."""

    def __init__(self, http: ClientSession, token: str) -> None:
        self._http, self._token = http, token

    async def __call__(
        self, method: str, path: str, body: Any = None, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> Any:
        sent = {"data": io.BytesIO(body)} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        async with self._http.request(
            method, f"/api/jobs{path}", headers={**bearer(self._token), **(headers or {})}, **sent
        ) as response:
            assert response.status == status, await response.text()
            if response.content_type.startswith("audio/"):
                return await response.read()
            return await response.json() if status != 204 else None


@pytest.fixture
def call(site: Site, http: ClientSession) -> Caller:
    return Caller(http, site.owner)


@pytest.fixture
def stranger(site: Site, http: ClientSession) -> Caller:
    return Caller(http, site.stranger)


async def test_a_job_is_added_read_and_changed(call: Caller) -> None:
    added = await call("POST", "", {"title": "  Nurse ", "questions": QUESTIONS, "answers_only": True}, status=201)
    assert (added["title"], added["role"], added["retention_days"], added["answers_only"]) == (
        "Nurse",
        "owner",
        90,
        True,
    )
    assert [(each["text"], each["think_ms"], each["answer_ms"]) for each in added["questions"]] == [
        ("Who?", None, 60_000),
        ("Why?", 0, None),
    ]
    assert [member["email"] for member in added["members"]] == [OWNER]
    path = f"/{added['id']}"
    assert await call("GET", path) == added
    who, why = (each["id"] for each in added["questions"])
    change = {"help_contact": "0123", "questions": [{"id": why, "text": "Why so?"}, {"id": who, "text": "Who?"}]}
    changed = await call("PATCH", path, change)
    assert [each["id"] for each in changed["questions"]] == [why, who]
    assert (changed["help_contact"], changed["title"], changed["answers_only"]) == ("0123", "Nurse", True)
    replaced = await call("PUT", f"{path}/questions", {"questions": [{"id": who, "text": "Who?"}, {"text": "New"}]})
    assert [(each["position"], each["text"]) for each in replaced["questions"]] == [(1, "Who?"), (2, "New")]
    assert replaced["questions"][0]["id"] == who


async def test_what_makes_no_sense_is_told_with_its_field_and_changes_nothing(site: Site, call: Caller) -> None:
    path = f"/{site.job}"
    before = await call("GET", path)
    for body, field in (
        ({"title": " "}, "title"),
        ({"retention_days": 0}, "retention_days"),
        ({"deadline_days": True}, "deadline_days"),
        ({"titel": "Nurse"}, "titel"),
        ({"title": "Gone too", "questions": [{"text": "x", "id": 999}]}, "questions"),
        ({"questions": [{"text": ""}]}, "questions.0.text"),
        ({"questions": [{"text": "x", "max_takes": 0}]}, "questions.0.max_takes"),
        ({"questions": [{"text": "x"}] * 101}, "questions"),
    ):
        problem = await call("PATCH", path, body, status=400)
        assert [error["field"] for error in problem["errors"]] == [field]
    await call("PATCH", path, {"questions": [{"text": "Who?"}]})
    ((who, *_),) = [(each["id"],) for each in (await call("GET", path))["questions"]]
    problem = await call("PATCH", path, {"questions": [{"text": "a", "id": who}] * 2}, status=400)
    assert problem["errors"][0]["problem"] == "An id stands there twice"
    assert (await call("GET", path))["title"] == before["title"]


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(site: Site, call: Caller) -> None:
    path = f"/{site.job}"
    seen = await call("GET", path)
    mine = {"If-Match": f'"{seen["version"]}"'}
    changed = await call("PATCH", path, {"title": "Theirs"}, headers=mine)
    assert changed["version"] != seen["version"]
    problem = await call("PATCH", path, {"title": "Mine"}, headers=mine, status=412)
    assert "Somebody else changed this job" in problem["detail"]
    assert (await call("GET", path))["title"] == "Theirs"
    await call("PATCH", path, {"title": "Mine"}, headers={"If-Match": f'"{changed["version"]}"'})
    await call("PATCH", path, {"title": "Mine"}, headers={"If-Match": "*"})


async def test_two_at_once_do_not_both_win(site: Site, call: Caller) -> None:
    path = f"/{site.job}"
    seen = await call("GET", path)

    async def change(title: str) -> int:
        try:
            await call("PATCH", path, {"title": title}, headers={"If-Match": f'"{seen["version"]}"'})
        except AssertionError:
            return 0
        return 1

    assert sum(await asyncio.gather(*(change(f"Title {n}") for n in range(8)))) == 1


async def test_the_list_is_paged_searched_and_counts(site: Site, call: Caller, stranger: Caller) -> None:
    for number in range(5):
        await call("POST", "", {"title": f"Nürse {number}"}, status=201)
    await site.invite("one")
    first = await call("GET", "?limit=4")
    assert [job["title"] for job in first["items"]] == [f"Nürse {n}" for n in (4, 3, 2, 1)]
    second = await call("GET", f"?limit=4&cursor={first['next_cursor']}")
    assert [job["title"] for job in second["items"]] == ["Nürse 0", "Lighthouse keeper"]
    assert (second["items"][1]["interviews"], second["next_cursor"]) == ({"invited": 1}, None)
    found = await call("GET", "?search=nurse 3")
    assert [job["title"] for job in found["items"]] == ["Nürse 3"]
    await call("POST", f"/{found['items'][0]['id']}/archive")
    assert len((await call("GET", ""))["items"]) == 5
    assert [job["title"] for job in (await call("GET", "?archived=true"))["items"]] == ["Nürse 3"]
    await call("GET", "?cursor=nonsense", status=400)
    assert (await stranger("GET", ""))["items"] == []


async def test_an_archived_job_comes_back(site: Site, call: Caller) -> None:
    archived = await call("POST", f"/{site.job}/archive")
    assert archived["archived_at"] is not None
    assert await call("POST", f"/{site.job}/archive") == archived
    assert (await call("POST", f"/{site.job}/unarchive"))["archived_at"] is None


async def test_a_question_gets_a_sound_that_a_copy_has_too(site: Site, call: Caller) -> None:
    job = await call("PUT", f"/{site.job}/questions", {"questions": QUESTIONS})
    who = job["questions"][0]["id"]
    path = f"/{site.job}/questions/{who}/sound"
    await call("GET", path, status=404)
    assert await call("PUT", path, tone(1.5), headers=WAV) == {"question_id": who, "duration_ms": 1500}
    job = await call("GET", f"/{site.job}")
    assert job["questions"][0]["sound_url"].startswith(f"/api/jobs{path}?v=")
    octets = await call("GET", path)
    copy = await call("POST", f"/{site.job}/copy", {"title": "Again"}, status=201)
    copied = f"/{copy['id']}/questions/{copy['questions'][0]['id']}/sound"
    await call("DELETE", path, status=204)
    await call("GET", path, status=404)
    assert await call("GET", copied) == octets
    await call("DELETE", f"/{copy['id']}", status=204)
    assert list(site.services.data_folder.uploads_path.rglob("*.wav")) == []


async def test_what_is_no_sound_is_told(site: Site, call: Caller) -> None:
    job = await call("PUT", f"/{site.job}/questions", {"questions": QUESTIONS})
    path = f"/{site.job}/questions/{job['questions'][0]['id']}/sound"
    assert "no WAV file" in (await call("PUT", path, b"no sound", headers=WAV, status=422))["detail"]
    await call("PUT", path, tone(1), headers={"Content-Type": "video/webm"}, status=415)
    await call("PUT", path, bytes(30_000_001), headers=WAV, status=413)
    await call("PUT", f"/{site.job}/questions/999/sound", tone(1), headers=WAV, status=404)
    await call("PUT", f"/{site.job}/questions/x/sound", tone(1), headers=WAV, status=404)
    await call("DELETE", f"/{site.job}/questions/999/sound", status=404)


async def test_members_come_change_and_go(site: Site, call: Caller, stranger: Caller) -> None:
    path = f"/{site.job}/members"
    await stranger("GET", path, status=404)
    added = await call("PUT", path, {"email": STRANGER.upper(), "role": "reviewer"})
    assert [(each["email"], each["role"]) for each in added["members"]] == [(OWNER, "owner"), (STRANGER, "reviewer")]
    assert (await stranger("GET", f"/{site.job}"))["role"] == "reviewer"
    await stranger("PATCH", f"/{site.job}", {"title": "Mine"}, status=403)
    await call("PUT", path, {"email": STRANGER, "role": "recruiter"})
    await stranger("PATCH", f"/{site.job}", {"title": "Ours"})
    await stranger("PUT", path, {"email": STRANGER, "role": "owner"}, status=403)
    await stranger("DELETE", f"/{site.job}", status=403)
    problem = await call("PUT", path, {"email": OWNER, "role": "reviewer"}, status=409)
    assert "at least one owner" in problem["detail"]
    problem = await call("PUT", path, {"email": "nobody@example.org", "role": "reviewer"}, status=400)
    assert "Nobody has an account as nobody@example.org" in problem["errors"][0]["problem"]
    ids = {each["email"]: each["user_id"] for each in added["members"]}
    await call("DELETE", f"{path}/{ids[OWNER]}", status=409)
    await call("DELETE", f"{path}/{ids[STRANGER]}")
    await call("DELETE", f"{path}/{ids[STRANGER]}", status=404)
    await stranger("GET", f"/{site.job}", status=404)


async def test_a_job_with_recordings_stays(site: Site, call: Caller) -> None:
    await site.recorded()
    await site.invite("two")
    problem = await call("DELETE", f"/{site.job}", status=409)
    assert "has interviews with recordings" in problem["detail"]
    assert (await call("GET", f"/{site.job}"))["interviews"] == {"ready": 1, "invited": 1}
    await site.services.recordings.delete("one")
    await call("DELETE", f"/{site.job}", status=204)
    await call("GET", f"/{site.job}", status=404)


async def test_a_token_without_the_scope_reads_and_changes_nothing(site: Site, http: ClientSession) -> None:
    token = random_token()
    async with site.services.database.writing() as db_session:
        owner = await people.get_user(db_session, OWNER)
        await people.issue_token(db_session, owner.id, TokenKind.API, token_hash(token), NOW, scopes=["jobs:read"])
    call = Caller(http, token)
    await call("GET", f"/{site.job}")
    await call("PATCH", f"/{site.job}", {"title": "x"}, status=403)
