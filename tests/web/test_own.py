"""The candidate's own page over the API: what it tells, deletion asked for and granted, the way to the recording."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from db import holds, interviews
from db.audit import Actor, ActorKind
from db.models import AuditRow, DeletionRequest
from db.states import InterviewEvent
from tests.fakes.mail_server import MailServer, mail_server, text_of
from tests.web.conftest import MEDIA, OWNER, Site, bearer
from web.invitations import Links

OWN = "/api/interviews/one/own"
REQUEST = "/api/interviews/one/deletion-request"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mail(server: MailServer) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "interviews@example.org"}


async def finished(site: Site, *, email: str | None = "john.doe@example.org") -> Links:
    links = await site.recorded()
    async with site.services.database.writing() as db_session:
        (await interviews.get_interview(db_session, "one")).candidate.email = email
    return links


async def call(
    http: ClientSession, method: str, path: str, token: str | None = None, body: object = None
) -> tuple[int, Any]:
    headers = {} if token is None else bearer(token)
    async with http.request(method, path, headers=headers, json=body) as response:
        content = await response.read()
        is_json = "json" in response.content_type
        return response.status, json.loads(content) if is_json else content


async def code_for(http: ClientSession, server: MailServer, token: str) -> str:
    status, sent = await call(http, "POST", f"{OWN}/code", token)
    assert (status, sent["sent_to"]) == (202, "j•••@e•••.org")
    found = re.search(r"\b\d{6}\b", text_of(server.messages[-1]))
    assert found is not None
    return found[0]


async def test_what_is_stored_and_until_when(site: Site, http: ClientSession) -> None:
    links = await finished(site)
    status, told = await call(http, "GET", OWN, links.token)
    assert status == 200
    assert (told["state"], told["candidate"], told["job"]) == ("ready", "John Doe", "Lighthouse keeper")
    assert told["recorded"]["length_ms"] == 60_000
    assert told["recorded"]["size_bytes"] == len(MEDIA)
    ended = site.services.clock.utc_now()
    assert told["delete_at"][:10] == f"{ended + timedelta(days=90):%Y-%m-%d}"
    assert (told["request"], told["deleted_at"], told["hold"]) == (None, None, None)
    assert told["viewing"]["sent_to"] == "j•••@e•••.org"
    assert "john.doe" not in json.dumps(told)


async def test_a_running_interview_has_no_such_page(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    for method, path in (("GET", OWN), ("GET", f"{OWN}/receipt"), ("POST", REQUEST)):
        status, told = await call(http, method, path, links.token)
        assert (status, told["type"]) == (409, "/problems/not-over"), path
    assert (await call(http, "POST", f"{OWN}/code", links.token))[0] == 409
    assert (await call(http, "POST", f"{OWN}/unlock", links.token, {"code": "123456"}))[0] == 409


async def test_deletion_is_asked_for_and_hr_hears_of_it(site: Site, http: ClientSession, server: MailServer) -> None:
    links = await finished(site)
    status, told = await call(http, "POST", REQUEST, links.token)
    assert status == 202
    assert told["request"]["due_at"] > told["request"]["requested_at"]
    assert (await call(http, "POST", REQUEST, links.token))[1]["request"] == told["request"], "asked once"
    await site.services.own.requests.look()
    (letter,) = server.messages
    assert server.recipients == [[OWNER]]
    assert "/hr/interviews/one" in text_of(letter)
    assert "John" not in text_of(letter)
    await site.services.own.requests.look()
    assert len(server.messages) == 1, "written to once"
    _, page = await call(http, "GET", "/api/interviews", site.owner)
    assert page["items"][0]["deletion_due_at"] == told["request"]["due_at"]


async def test_mail_that_was_not_taken_is_sent_later(site: Site, http: ClientSession, server: MailServer) -> None:
    links = await finished(site)
    server.refuses = True
    assert (await call(http, "POST", REQUEST, links.token))[0] == 202
    await site.services.own.requests.look()
    assert server.messages == []
    server.refuses = False
    await site.services.own.requests.look()
    assert len(server.messages) == 1


async def test_granted_at_once_by_an_owner_and_the_receipt_stays(site: Site, http: ClientSession) -> None:
    links = await finished(site)
    assert (await call(http, "POST", f"{REQUEST}/grant", site.owner))[0] == 404, "nobody has asked"
    assert (await call(http, "GET", f"{OWN}/receipt", links.token))[0] == 409
    await call(http, "POST", REQUEST, links.token)
    status, due = await call(http, "GET", f"{OWN}/receipt", links.token)
    assert status == 200
    assert "at the latest" in due.decode()
    assert (await call(http, "POST", f"{REQUEST}/grant", site.stranger))[0] == 404
    assert (await call(http, "POST", f"{REQUEST}/grant", site.owner))[0] == 204
    status, told = await call(http, "GET", OWN, links.token)
    assert (status, told["state"]) == (200, "deleted")
    assert told["deleted_at"]
    left = {key for key, value in told.items() if value is not None}
    assert left == {"session_id", "state", "request", "deleted_at"}
    _, receipt = await call(http, "GET", f"{OWN}/receipt", links.token)
    assert b"Interview: one" in receipt
    for name in (b"John", b"Doe", b"example.org", b"Lighthouse"):
        assert name not in receipt
    # The link is good for that and for nothing else.
    for method, path in (
        ("GET", "/api/interviews/one"),
        ("POST", f"{OWN}/code"),
        ("POST", "/api/interviews/one/finish"),
        ("GET", "/api/interviews/one/questions/1/sound"),
    ):
        assert (await call(http, method, path, links.token, {}))[0] == 404, path
    assert (await call(http, "POST", REQUEST, links.token))[0] == 202, "harmless"


async def test_it_is_granted_by_itself_when_it_is_due(site: Site, http: ClientSession) -> None:
    links = await finished(site)
    await call(http, "POST", REQUEST, links.token)
    await site.services.own.requests.look()
    assert (await call(http, "GET", OWN, links.token))[1]["state"] == "ready", "not before"
    async with site.services.database.writing() as db_session:
        request = await db_session.get_one(DeletionRequest, "one")
        request.due_at = site.services.clock.utc_now()
    await site.services.own.requests.look()
    told = (await call(http, "GET", OWN, links.token))[1]
    assert (told["state"], told["recorded"]) == ("deleted", None)
    assert not list((site.services.data_folder.path / "uploads").rglob("*.webm"))


async def test_what_is_held_stays_and_its_reason_is_told(site: Site, http: ClientSession) -> None:
    links = await finished(site)
    await call(http, "POST", REQUEST, links.token)
    now, operator = site.services.clock.utc_now(), Actor(ActorKind.OPERATOR, "us")
    async with site.services.database.writing() as db_session:
        await holds.hold(db_session, "one", "A court has asked for it.", now, actor=operator)
        (await db_session.get_one(DeletionRequest, "one")).due_at = now
    await site.services.own.requests.look()
    told = (await call(http, "GET", OWN, links.token))[1]
    assert (told["state"], told["hold"]["reason"], told["delete_at"]) == ("ready", "A court has asked for it.", None)
    assert (await call(http, "POST", f"{REQUEST}/grant", site.owner))[0] == 409
    assert b"A court has asked for it." in (await call(http, "GET", f"{OWN}/receipt", links.token))[1]
    async with site.services.database.writing() as db_session:
        await holds.release(db_session, "one", now, actor=operator)
    await site.services.own.requests.look()
    assert (await call(http, "GET", OWN, links.token))[1]["state"] == "deleted"


async def test_a_code_opens_the_recording_and_the_link_alone_does_not(
    site: Site, http: ClientSession, server: MailServer
) -> None:
    links = await finished(site)
    for path in (f"{OWN}/recording", f"{OWN}/export.zip"):
        assert (await call(http, "GET", path, links.token))[0] == 401
        assert (await call(http, "GET", path, site.owner))[0] == 401
    assert (await call(http, "POST", f"{OWN}/unlock", links.token, {}))[1]["type"] == "/problems/not-released"
    code = await code_for(http, server, links.token)
    assert server.recipients == [["john.doe@example.org"]]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    status, told = await call(http, "POST", f"{OWN}/unlock", links.token, {"code": wrong})
    assert (status, told["type"]) == (403, "/problems/wrong-code")
    typed = {"code": f" {code[:3]} {code[3:]}"}
    async with http.post(f"{OWN}/unlock", headers=bearer(links.token), json=typed) as response:
        assert response.status == 200
        (cookie,) = response.cookies.values()
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", OWN)
    assert (await call(http, "GET", f"{OWN}/recording"))[1] == MEDIA
    assert (await call(http, "GET", OWN, links.token))[1]["viewing"]["open_until"]
    async with http.get(f"{OWN}/recording", headers={"Range": "bytes=5-9"}) as stretch:
        assert (stretch.status, await stretch.read()) == (206, MEDIA[5:10])
    assert (await call(http, "POST", f"{OWN}/unlock", links.token, {"code": code}))[0] == 403, "good once"


async def test_a_code_is_guessed_at_five_times(site: Site, http: ClientSession, server: MailServer) -> None:
    links = await finished(site)
    code = await code_for(http, server, links.token)
    wrong = {"code": f"{(int(code) + 1) % 1_000_000:06}"}
    kinds = [(await call(http, "POST", f"{OWN}/unlock", links.token, wrong))[1]["type"] for _ in range(5)]
    assert kinds == ["/problems/wrong-code"] * 4 + ["/problems/used-up"]
    status, told = await call(http, "POST", f"{OWN}/unlock", links.token, {"code": code})
    assert (status, told["type"]) == (403, "/problems/used-up")
    status, told = await call(http, "POST", f"{OWN}/code", links.token)
    assert (status, told["type"]) == (429, "/problems/too-often")


async def test_what_is_stored_of_a_code_is_not_the_code(site: Site, http: ClientSession, server: MailServer) -> None:
    links = await finished(site)
    code = await code_for(http, server, links.token)
    database = (site.services.data_folder.path / "holdfast.db").read_bytes()
    wal = site.services.data_folder.path / "holdfast.db-wal"
    kept = database + (wal.read_bytes() if wal.exists() else b"")
    assert code.encode() not in kept
    assert server.messages[0]["Subject"] == f"{code} is your code"


async def test_a_release_opens_it_until_it_is_taken_back(site: Site, http: ClientSession) -> None:
    links = await finished(site, email=None)
    assert (await call(http, "POST", f"{OWN}/code", links.token))[1]["type"] == "/problems/no-mail"
    status, told = await call(http, "PUT", f"{OWN}/release", site.owner, {"released": True})
    assert (status, bool(told["released_at"])) == (200, True)
    assert (await call(http, "GET", OWN, links.token))[1]["viewing"]["released"] is True
    assert (await call(http, "POST", f"{OWN}/unlock", links.token, {}))[0] == 200
    assert (await call(http, "GET", f"{OWN}/recording"))[0] == 200
    await call(http, "PUT", f"{OWN}/release", site.owner, {"released": False})
    assert (await call(http, "GET", f"{OWN}/recording"))[0] == 401


async def test_a_code_that_could_not_be_sent_is_told(site: Site, http: ClientSession, server: MailServer) -> None:
    links = await finished(site)
    server.refuses = True
    status, told = await call(http, "POST", f"{OWN}/code", links.token)
    assert (status, told["type"]) == (502, "/problems/mail-failed")


async def test_the_export_holds_everything_about_them(site: Site, http: ClientSession, server: MailServer) -> None:
    links = await finished(site)
    code = await code_for(http, server, links.token)
    await call(http, "POST", f"{OWN}/unlock", links.token, {"code": code})
    status, content = await call(http, "GET", f"{OWN}/export.zip")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = {name.rpartition("/")[2]: name for name in archive.namelist()}
        about = json.loads(archive.read(names["about_you.json"]))
        (video,) = [name for name in names if name.endswith(".webm")]
        assert archive.read(names[video]) == MEDIA
    assert "chapters.vtt" in names
    assert about["candidate"]["email"] == "john.doe@example.org"
    assert [question["text"] for question in about["interview"]["questions"]] == ["Who?", "Why?"]
    assert about["consents"][0]["client"] == "a test"
    assert "ice_servers" not in about["interview"]
    async with site.services.database.reading() as db_session:
        events = set(await db_session.scalars(select(AuditRow.event).where(AuditRow.session_id == "one")))
    assert {"own_code_sent", "own_opened", "own_exported"} <= events


async def test_a_withdrawn_interview_tells_so(site: Site, http: ClientSession) -> None:
    links = await site.invite(consented=True)
    async with site.services.database.writing() as db_session:
        await interviews.apply_event(db_session, "one", InterviewEvent.WITHDRAW, site.services.clock.utc_now())
    status, told = await call(http, "GET", OWN, links.token)
    assert (status, told["state"], told["viewing"], told["recorded"]) == (200, "withdrawn", None, None)
