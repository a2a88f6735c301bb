"""A recording made elsewhere, over HTTP: what becomes of it, who may, and what is refused in which words."""

import asyncio
import dataclasses
import io
import logging
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import pytest
from aiohttp import ClientSession, FormData
from aiohttp import web as aioweb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from db import interviews, people, webhooks
from db.models import InterviewSession, JobMember, JobRole, PartSource, WebhookDelivery
from db.states import InterviewState, PartState
from media_server.aio import data_folder
from tests.media_server.foreign import film, recorded
from tests.media_server.webm.image import SOUND, closed_part
from tests.media_server.webm.real_media import interview, tracks
from tests.web.conftest import NOW, OWNER, Site, bearer
from web import forms
from web.app import create_app

UPLOAD = "/api/interviews/one/upload-video"
MESSAGE = "Video uploaded successfully"


def form(octets: bytes | None = None, kind: str | None = "video/webm", **fields: str) -> FormData:
    """The request's form; fields come before the file."""
    made = FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        made.add_field(name, value)
    if octets is not None:
        made.add_field("video_file", io.BytesIO(octets), filename="blob", content_type=kind)
    return made


async def send(http: ClientSession, token: str, body: Any, url: str = UPLOAD, **headers: str) -> tuple[int, Any]:
    async with http.post(url, data=body, headers={**bearer(token), **headers}) as response:
        return response.status, await response.json()


def lying(site: Site) -> list[str]:
    return sorted(file.path for file in site.services.data_folder.files.walk("uploads"))


async def row(site: Site, session_id: str = "one") -> InterviewSession:
    async with site.services.database.reading() as db_session:
        return await interviews.get_interview(db_session, session_id)


async def assert_untouched(site: Site, state: InterviewState = InterviewState.CONSENTED) -> None:
    assert lying(site) == []
    now = await row(site)
    assert (now.state, now.parts) == (state, [])


# --- what becomes of it -------------------------------------------------------------------


async def test_an_upload_is_the_whole_interview(
    site: Site, http: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    links = await site.invite(consented=True)
    caplog.set_level(logging.INFO)
    status, told = await send(http, links.token, form(recorded()))
    assert status == 200
    now = await row(site)
    (path,) = lying(site)
    size_mb = round((site.services.data_folder.path / path).stat().st_size / 1_000_000, 2)
    assert told == {"message": MESSAGE, "path": path, "size_mb": size_mb}
    assert path.startswith("uploads/John_Doe/interview_video_")
    assert (now.state, now.video_file_path, now.video_size_mb) == (InterviewState.READY, path, size_mb)
    assert now.video_uploaded_at is not None
    (part,) = now.parts
    assert (part.source, part.state, part.end_reason) == (PartSource.UPLOAD, PartState.STORED, "uploaded")
    assert (part.video_codec, part.duration_ms, now.duration_ms) == ("VP9", 3_960, 3_960)
    (line,) = (record for record in caplog.records if record.getMessage() == MESSAGE)
    assert (line.__dict__["path"], line.__dict__["size_mb"]) == (path, size_mb)
    async with http.get("/api/interviews/one/video/download", headers=bearer(site.owner)) as response:
        (Path(site.services.data_folder.path) / "got.webm").write_bytes(await response.read())
    with av.open(site.services.data_folder.path / "got.webm") as container:
        assert container.duration == 3_960_000
        assert sum(1 for _ in container.decode(video=0)) == 80


async def test_whoever_listens_hears_of_the_end_and_of_no_interruption(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    async with site.services.database.writing() as db_session:
        owner = (await people.get_user(db_session, OWNER)).id
        await webhooks.add(db_session, owner, "https://example.org/", "sealed", list(webhooks.WebhookEvent), NOW)
    assert (await send(http, links.token, form(recorded())))[0] == 200
    assert (await send(http, site.owner, form(recorded(), replace="true")))[0] == 200
    async with site.services.database.reading() as db_session:
        heard = await db_session.scalars(select(WebhookDelivery.event).order_by(WebhookDelivery.id))
        assert list(heard) == ["interview.completed", "interview.ready", "interview.ready"]


async def test_live_parts_before_it_are_joined_with_it(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    live = closed_part(interview("VP9", 2), tracks("VP9"))
    await site.add_part(media=live)
    status, told = await send(http, links.token, form(recorded()))
    assert status == 200
    now = await row(site)
    assert now.state is InterviewState.READY
    assert lying(site) == [told["path"]] == [now.video_file_path]
    assert [(part.source.value, part.state.value) for part in now.parts] == [("live", "stored"), ("upload", "stored")]
    with av.open(site.services.data_folder.path / told["path"]) as container:
        assert container.duration is not None
        assert abs(container.duration / 1000 - 5_960) < 20
        assert sum(1 for _ in container.decode(video=0)) == 50 + 80


async def test_told_so_it_is_a_part_among_others_and_the_interview_stays_open(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    for count, (body, query) in enumerate(
        ((form(recorded(), finish="false"), ""), (form(recorded()), "?finish=false")), start=1
    ):
        status, told = await send(http, links.token, body, UPLOAD + query)
        assert (status, told["path"]) == (200, f"uploads/John_Doe/.parts/one/{count:04}.webm")
        assert (await row(site)).state is InterviewState.INTERRUPTED
    assert len(lying(site)) == 2
    async with http.get("/api/interviews/one", headers=bearer(links.token)) as response:
        assert (await response.json())["saved_ms"] == 2 * 3_960
    async with http.post("/api/interviews/one/finish", headers=bearer(links.token)) as response:
        assert (await response.json())["state"] == "ready"
    assert len(lying(site)) == 1


async def test_hr_puts_another_recording_in_place_of_the_one_there_is(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    _, first = await send(http, links.token, form(recorded()))
    for body, query in ((form(film(interview("VP8", 3)), replace="true"), ""), (form(film()), "?replace=true")):
        status, told = await send(http, site.owner, body, UPLOAD + query)
        now = await row(site)
        assert (status, now.state) == (200, InterviewState.READY)
        assert told["path"] != first["path"]
        assert lying(site) == [told["path"]] == [now.video_file_path]
        assert [(part.number, part.video_codec) for part in now.parts] == [(1, "VP8")]
        first = told
    assert now.duration_ms == 2_000
    assert (await site.services.recordings.compare()).files_without_rows == ()


async def test_a_job_for_microphones_takes_sound_alone(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    only = film([each for each in interview("VP8", 2) if each.track == SOUND])
    status, problem = await send(http, links.token, form(only, "audio/webm"))
    assert (status, problem["type"]) == (422, "/problems/no-recording")
    await assert_untouched(site)
    async with site.services.database.writing() as db_session:
        (await interviews.get_interview(db_session, "one")).job.microphone_only_allowed = True
    assert (await send(http, links.token, form(only, "audio/webm")))[0] == 200


# --- who may, and when --------------------------------------------------------------------


async def test_whoever_may_not_stores_nothing(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    other = await site.invite("two", consented=True)
    for token, status in ((site.stranger, 404), (other.token, 404), ("nonsense", 401)):
        assert (await send(http, token, form(recorded())))[0] == status
    async with site.services.database.writing() as db_session:
        (await db_session.get_one(JobMember, (site.job, 1))).role = JobRole.REVIEWER
    status, problem = await send(http, site.owner, form(recorded()))
    assert (status, problem["type"]) == (403, "/problems/not-allowed")
    await assert_untouched(site)
    async with site.services.database.writing() as db_session:
        (await db_session.get_one(JobMember, (site.job, 1))).role = JobRole.RECRUITER
    assert (await send(http, site.owner, form(recorded())))[0] == 200


async def test_before_consent_nothing_is_taken(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    for token in (links.token, site.owner):
        status, problem = await send(http, token, form(recorded()))
        assert (status, problem["type"]) == (403, "/problems/consent-missing")
    await assert_untouched(site, InterviewState.INVITED)


async def test_while_somebody_records_nothing_is_taken(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    async with site.services.live_interviews.registry.held("one") as live:
        live.unclosed.add(1)
    status, problem = await send(http, links.token, form(recorded()))
    assert (status, problem["type"]) == (409, "/problems/being-recorded")
    assert lying(site) == []


async def test_a_finished_interview_keeps_its_recording(site: Site, http: ClientSession) -> None:
    links = await site.recorded()
    before = lying(site)
    for token, fields, status, name in (
        (links.token, {}, 409, "finished"),
        (site.owner, {}, 409, "finished"),
        (site.owner, {"replace": "false"}, 409, "finished"),
        (links.token, {"replace": "true"}, 403, "not-allowed"),
    ):
        found, problem = await send(http, token, form(recorded(), **fields))
        assert (found, problem["type"]) == (status, f"/problems/{name}")
    assert (await send(http, site.owner, form(b"no film", replace="true")))[0] == 422
    assert lying(site) == before
    assert (await row(site)).video_file_path == before[0]


async def test_two_at_once_for_one_interview_store_one(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    answers = await asyncio.gather(*(send(http, links.token, form(recorded())) for _ in range(3)))
    assert sorted(status for status, _ in answers) == [200, 409, 409]
    assert len(lying(site)) == 1


# --- what is refused ----------------------------------------------------------------------


async def test_what_is_no_recording_is_told_in_a_sentence(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    for body, status, name, said in (
        (form(b"no film"), 422, "no-recording", "It is no WebM file. Nothing was stored."),
        (form(b""), 422, "no-recording", "There is neither picture nor sound in it. Nothing was stored."),
        (form(recorded()[:50_000]), 422, "no-recording", "It is damaged, or ends in the middle. Nothing was stored."),
        (form(recorded().replace(b"V_VP9", b"V_XYZ")), 422, "no-recording", "Its picture or sound is of a kind that"),
        (form(recorded(), "video/mp4"), 415, "unsupported-media-type", "Send video/webm. Nothing was stored."),
        (form(None, other="field"), 400, "malformed", "Send the recording in the form's field video_file."),
        (form(recorded(), finish="perhaps"), 400, "malformed", "The field finish is true or false."),
        (form(recorded(), note="x" * 5_000), 400, "malformed", "A field holds more than 4096 bytes."),
        ({"video_file": "text"}, 415, "unsupported-media-type", "Send multipart/form-data."),
        (recorded(), 415, "unsupported-media-type", "Send multipart/form-data."),
    ):
        found, problem = await send(http, links.token, body)
        assert (found, problem["type"]) == (status, f"/problems/{name}"), problem
        assert problem["detail"].startswith(said)
    twice = form(recorded())
    twice.add_field("video_file", recorded(), filename="blob", content_type="video/webm")
    assert (await send(http, links.token, twice))[0] == 400
    many = FormData([(f"field{number}", "x") for number in range(40)], default_to_multipart=True)
    assert (await send(http, links.token, many))[0] == 400
    assert (await send(http, links.token, form(recorded()), f"{UPLOAD}?finnish=true"))[0] == 400
    await assert_untouched(site)
    assert (await send(http, links.token, form(recorded(), "video/webm;codecs=vp9", note="fine")))[0] == 200


async def test_too_long_is_refused(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    short = site.services.settings.work.model_copy(update={"max_upload_s": 3.0})
    site.services.uploads._settings = short
    status, problem = await send(http, links.token, form(recorded()))
    assert (status, problem["detail"]) == (422, "It is too long. Nothing was stored.")
    await assert_untouched(site)


@pytest.fixture
async def small(site: Site, unused_tcp_port_factory: Any) -> AsyncIterator[str]:
    """The same server behind another port, whose uploads may have 1 MB."""
    work = site.services.settings.work.model_copy(update={"max_upload_bytes": 1_000_000})
    services = dataclasses.replace(site.services, settings=site.services.settings.model_copy(update={"work": work}))
    runner = aioweb.AppRunner(create_app(services), access_log=None)
    await runner.setup()
    port = unused_tcp_port_factory()
    await aioweb.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_too_much_is_refused_whether_announced_or_not(site: Site, small: str) -> None:
    links = await site.invite(consented=True)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield bytes(100_000)

    unannounced = FormData()
    unannounced.add_field("video_file", endless(), filename="blob", content_type="video/webm")
    async with ClientSession(small) as http:
        for body in (form(bytes(1_100_000)), form(bytes(1_000_001)), unannounced):
            status, problem = await send(http, links.token, body)
            assert (status, problem["type"]) == (413, "/problems/too-large")
            assert problem["detail"] == "A file of up to 1 MB is taken. Nothing was stored."
        assert (await send(http, links.token, form(recorded())))[0] == 200


async def test_a_full_disk_is_told_as_such(site: Site, http: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    links = await site.invite(consented=True)
    monkeypatch.setattr(data_folder, "LEAST_ROOM", site.services.data_folder.room().total_bytes)
    status, problem = await send(http, links.token, form(recorded()))
    assert (status, problem["type"]) == (507, "/problems/disk-full")
    await assert_untouched(site)


async def test_one_more_than_may_come_at_once_is_asked_to_come_again(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    with site.services.uploads.place("another"):
        site.services.uploads._settings = site.services.settings.work.model_copy(update={"uploads_at_once": 1})
        async with http.post(UPLOAD, data=form(recorded()), headers=bearer(links.token)) as response:
            assert (response.status, "Retry-After" in response.headers) == (503, True)
            assert (await response.json())["type"] == "/problems/over-capacity"
    assert (await send(http, links.token, form(recorded())))[0] == 200


def raw(
    site: Site,
    token: str,
    body: bytes,
    length: int | None = None,
    *,
    boundary: str = "frontier",
    session_id: str = "one",
) -> bytes:
    return (
        f"POST {UPLOAD.replace('one', session_id)} HTTP/1.1\r\nHost: {site.url.removeprefix('http://')}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    ).encode() + body


async def exchange(site: Site, request: bytes, *, hang_up: bool = False) -> bytes:
    """Send octets over a socket of our own; returns the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rpartition(":")[2]))
    writer.write(request)
    await writer.drain()
    if hang_up:
        writer.transport.abort()
        return b""
    answered = await reader.read()
    writer.close()
    return answered


BEGUN = b'--frontier\r\nContent-Disposition: form-data; name="video_file"; filename="a.webm"\r\n\r\n'


async def test_whoever_hangs_up_in_the_middle_leaves_nothing(
    site: Site, http: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    links = await site.invite(consented=True)
    await exchange(site, raw(site, links.token, BEGUN + recorded(), 1_000_000), hang_up=True)
    async with asyncio.timeout(10):
        while site.services.uploads._receiving.total():  # noqa: ASYNC110  the server's word is the event
            await asyncio.sleep(0.01)
    await assert_untouched(site)
    assert not [record for record in caplog.records if record.exc_info], "a client's fault is no fault of ours"
    assert (await send(http, links.token, form(recorded())))[0] == 200


async def test_whoever_sends_nothing_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    links = await site.invite(consented=True)
    monkeypatch.setattr(forms, "SILENT_S", 0.3)
    answered = await exchange(site, raw(site, links.token, BEGUN + recorded(), 1_000_000))
    assert answered.startswith(b"HTTP/1.1 408")
    await assert_untouched(site)


_LINES = st.sampled_from(
    (
        *(b"--frontier", b"--frontier--", b"--frontie", b"", b"--", b"Content-Disposition: form-data; name=video_file"),
        b'Content-Disposition: form-data; name="video_file"; filename="a"',
        b"Content-Disposition: form-data; name*=utf-8''%ff",
        *(b"Content-Type: video/webm", b"Content-Type: multipart/mixed; boundary=x", b"Content-Type: multipart/mixed"),
        *(b"Content-Length: -1", b"Content-Length: 5", b"Content-Transfer-Encoding: base64", b"Content-Encoding: gzip"),
        *(b'Content-Disposition: form-data; name="_charset_"', b": nothing", b"x" * 9_000, b"utf-99", b"\xff\xfe"),
        *(b'Content-Disposition: form-data; name="replace"', b'Content-Disposition: form-data; name="finish"', b"no"),
    )
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(_LINES | st.binary(max_size=30), max_size=12),
    missing=st.integers(0, 3),
    boundary=st.sampled_from(("frontier", "", "x" * 80, '"')),
)
async def test_whatever_the_form_holds_the_answer_is_documented(
    site: Site, lines: list[bytes], missing: int, boundary: str
) -> None:
    session_id = secrets.token_hex(8)
    links = await site.invite(session_id, consented=True)
    body = b"\r\n".join(lines)
    request = raw(site, links.token, body[: max(0, len(body) - missing)], boundary=boundary, session_id=session_id)
    head, _, said = (await exchange(site, request)).partition(b"\r\n\r\n")
    assert int(head.split()[1]) in {400, 413, 415, 422}, said
    assert b'"/problems/' in said
    assert lying(site) == []
