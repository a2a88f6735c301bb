"""ZIPs of interviews over HTTP: what is inside, who gets them, and what happens when files are gone."""

import io
import json
import zipfile
from pathlib import Path

from aiohttp import ClientSession

from db import interviews, work
from db.work import Task, WorkKind
from media_server.recording.names import answer_name
from tests.web.conftest import MEDIA, NOW, Site, bearer

ONE = "/api/interviews/one/archive.zip"


async def answered(site: Site, session_id: str = "one") -> Path:
    """A finished interview whose first answer was cut; returns the candidate's folder."""
    await site.recorded(session_id)
    async with site.services.database.writing() as db_session:
        task = Task(WorkKind.ANSWER_SOUND, session_id, "1/1")
        await work.begin(db_session, task, NOW)
        await work.succeed(db_session, task, NOW)
        folder = (await interviews.get_interview(db_session, session_id)).candidate.folder
    path = site.services.data_folder.uploads_path / folder
    (path / answer_name(session_id, 1)).write_bytes(b"RIFF of " + session_id.encode())
    return path


async def fetched(http: ClientSession, url: str, site: Site) -> zipfile.ZipFile:
    async with http.get(url, headers=bearer(site.owner)) as response:
        assert response.status == 200
        octets = await response.read()
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="interview')
    if url == ONE:
        assert int(response.headers["Content-Length"]) == len(octets)
    archive = zipfile.ZipFile(io.BytesIO(octets))
    assert archive.testzip() is None
    assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    return archive


async def test_everything_of_an_interview_is_in_it(site: Site, http: ClientSession) -> None:
    folder = await answered(site)
    archive = await fetched(http, ONE, site)
    (recording,) = folder.glob("*.webm")
    assert archive.namelist() == [
        f"John_Doe/{recording.name}",
        f"John_Doe/{answer_name('one', 1)}",
        "John_Doe/chapters.vtt",
        "John_Doe/interview.json",
    ]
    assert archive.read(f"John_Doe/{recording.name}") == MEDIA
    assert archive.read(f"John_Doe/{answer_name('one', 1)}") == b"RIFF of one"
    assert archive.read("John_Doe/chapters.vtt").startswith(b"WEBVTT")
    document = json.loads(archive.read("John_Doe/interview.json"))
    assert (document["session_id"], document["candidate"]["name"]) == ("one", "John Doe")
    assert "ice_servers" not in document


async def test_its_parts_are_in_it_while_there_is_no_recording(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    await site.add_part()
    await site.add_part(media=MEDIA[::-1])
    await site.add_part(closed=False)
    archive = await fetched(http, ONE, site)
    assert archive.namelist()[:2] == ["John_Doe/0001.webm", "John_Doe/0002.webm"]
    assert archive.read("John_Doe/0002.webm") == MEDIA[::-1]
    assert "John_Doe/0003.webm" not in archive.namelist()


async def test_a_file_that_is_gone_is_told_and_breaks_nothing(site: Site, http: ClientSession) -> None:
    folder = await answered(site)
    (recording,) = folder.glob("*.webm")
    recording.unlink()
    archive = await fetched(http, ONE, site)
    assert f"John_Doe/{recording.name}" not in archive.namelist()
    said = archive.read("John_Doe/MISSING.txt").decode()
    assert said == f"{recording.name}: It should be on the server's disk and is not.\n"
    assert archive.read(f"John_Doe/{answer_name('one', 1)}") == b"RIFF of one"


async def test_a_selection_has_a_folder_for_each(site: Site, http: ClientSession) -> None:
    """Two people called John Doe never share one."""
    for session_id in ("one", "two"):
        await answered(site, session_id)
    archive = await fetched(http, "/api/archive.zip?id=one&id=two&id=one", site)
    names = archive.namelist()
    assert [name for name in names if name.endswith("interview.json")] == [
        "John_Doe/interview.json",
        "John_Doe_2/interview.json",
    ]
    for name in names:
        if name.endswith(".webm"):
            assert archive.read(name) == MEDIA
    async with http.head("/api/archive.zip?id=one", headers=bearer(site.owner)) as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_who_may_not_see_one_of_them_gets_none(site: Site, http: ClientSession) -> None:
    await site.recorded()
    for url in (ONE, "/api/archive.zip?id=one"):
        async with http.get(url, headers=bearer(site.stranger)) as response:
            assert (response.status, response.content_type) == (404, "application/problem+json")
    async with http.get("/api/archive.zip?id=one&id=unknown", headers=bearer(site.owner)) as response:
        assert response.status == 404
    async with http.get("/api/archive.zip", headers=bearer(site.owner)) as response:
        assert (response.status, (await response.json())["errors"][0]["field"]) == (400, "id")
