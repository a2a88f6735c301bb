"""The sound of questions and answers over HTTP."""

import io
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, FormData

from db import work
from db.models import Take
from db.work import Task, WorkKind
from media_server.recording import names
from tests.media_server.waves import samples_of, tone
from tests.web.conftest import NOW, Site, bearer

QUESTION = "/api/interviews/one/questions/1/sound"
ANSWER = "/api/interviews/one/answers/1/sound"
WAV = {"Content-Type": "audio/wav"}


async def put(http: ClientSession, token: str, octets: Any, headers: dict[str, str] = WAV, url: str = QUESTION) -> Any:
    body = io.BytesIO(octets) if isinstance(octets, bytes) else octets
    async with http.put(url, data=body, headers={**bearer(token), **headers}) as response:
        return response.status, await response.json()


def lying(site: Site) -> list[Path]:
    return [path for path in site.services.data_folder.uploads_path.rglob("*") if path.is_file()]


async def test_hr_hands_in_a_sound_and_the_candidate_hears_it(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    async with http.get(QUESTION, headers=bearer(links.token)) as response:
        assert response.status == 404
    assert await put(http, site.owner, tone(1.5)) == (200, {"index": 1, "duration_ms": 1500})
    async with http.get("/api/interviews/one", headers=bearer(links.token)) as response:
        urls = [question["sound_url"] for question in (await response.json())["questions"]]
    assert urls == [QUESTION, None]
    for token in (links.token, site.owner):
        async with http.get(QUESTION, headers=bearer(token)) as response:
            octets = await response.read()
            assert (response.status, response.content_type) == (200, "audio/wav")
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Accept-Ranges"] == "bytes"
    async with http.get(QUESTION, headers={**bearer(links.token), "Range": "bytes=4-7"}) as response:
        assert (response.status, await response.read()) == (206, octets[4:8])
    (path,) = lying(site)
    assert path.name == names.question_name("one", 1)
    assert len(samples_of(path)[1]) == 24_000


async def test_whoever_may_not_gets_nothing(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    await put(http, site.owner, tone(1))
    other = await site.invite("two")
    for token, status in ((site.stranger, 404), (links.token, 404), ("nonsense", 401)):
        assert (await put(http, token, tone(1)))[0] == status
    for token, status in ((site.stranger, 404), (other.token, 404), ("nonsense", 401)):
        async with http.get(QUESTION, headers=bearer(token)) as response:
            assert response.status == status
    for url in (QUESTION.replace("/1/", "/9/"), QUESTION.replace("/1/", "/x/"), QUESTION.replace("one", "none")):
        assert (await put(http, site.owner, tone(1), url=url))[0] == 404
        async with http.get(url, headers=bearer(site.owner)) as response:
            assert response.status == 404
    assert len(lying(site)) == 1


async def test_what_is_no_sound_is_told_in_a_sentence_and_nothing_is_stored(site: Site, http: ClientSession) -> None:
    await site.invite()
    for octets, headers, status, said in (
        (b"no sound", WAV, 422, "It is no WAV file"),
        (b"", WAV, 422, "It is no WAV file"),
        (tone(0), WAV, 422, "There is no sound in it"),
        (tone(181, rate=8_000), WAV, 422, "It is too long: up to 180 s are taken"),
        (tone(1), {"Content-Type": "video/webm"}, 415, "Send audio/wav"),
        (bytes(30_000_001), WAV, 413, "A sound of up to 30 MB is taken"),
    ):
        found, problem = await put(http, site.owner, octets, headers)
        assert (found, problem["status"]) == (status, status)
        assert problem["detail"].startswith(said)
    assert lying(site) == []


async def test_a_body_of_unknown_length_is_counted_too(site: Site, http: ClientSession) -> None:
    await site.invite()

    async def endless() -> Any:
        for _ in range(40):
            yield bytes(1_000_000)

    assert (await put(http, site.owner, endless()))[0] == 413
    assert lying(site) == []


async def test_once_the_interview_has_begun_its_questions_stay(site: Site, http: ClientSession) -> None:
    await site.recorded()
    status, problem = await put(http, site.owner, tone(1))
    assert status == 409
    assert "has begun" in problem["detail"]


async def test_a_form_is_no_sound(site: Site, http: ClientSession) -> None:
    await site.invite()
    form = FormData()
    form.add_field("file", tone(1), filename="q.wav")
    assert (await put(http, site.owner, form, headers={}))[0] == 415


@pytest.fixture
async def cut(site: Site) -> bytes:
    """An interview whose first answer has a sound file."""
    await site.recorded()
    octets = tone(1)
    (site.services.data_folder.uploads_path / "John_Doe" / names.answer_name("one", 1, 2)).write_bytes(octets)
    task = Task(WorkKind.ANSWER_SOUND, "one", "1/2")
    async with site.services.database.writing() as db_session:
        for number in (1, 2):
            db_session.add(Take(session_id="one", question_index=1, number=number, chosen=number == 2))
        await work.begin(db_session, task, NOW)
        await work.succeed(db_session, task, NOW)
    return octets


async def test_hr_hears_an_answer_and_nobody_else_does(site: Site, http: ClientSession, cut: bytes) -> None:
    async with http.get(ANSWER, headers=bearer(site.owner)) as response:
        assert (response.status, response.content_type, await response.read()) == (200, "audio/wav", cut)
        assert response.content_disposition is not None
        assert response.content_disposition.filename == names.answer_name("one", 1, 2)
    async with http.get("/api/interviews/one", headers=bearer(site.owner)) as response:
        seen = await response.json()
    assert [take["sound_url"] for take in seen["takes"]] == [None, ANSWER]
    links = await site.invite("two")
    for token in (site.stranger, links.token):
        async with http.get(ANSWER, headers=bearer(token)) as response:
            assert response.status == 404
    async with http.get(ANSWER.replace("/1/", "/2/"), headers=bearer(site.owner)) as response:
        assert response.status == 404
