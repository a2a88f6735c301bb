"""A whole server through everything that takes a secret, its log at its most talkative: none of them is in it."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import jwt
import pytest
from aiohttp import ClientSession, CookieJar, WSMsgType

from db.clock import SystemClock
from tests.live.harness import Interview, Server, running_server
from tests.media_server.sender import stretch
from tests.media_server.webrtc_sender import WebrtcSender, webrtc_sender

PASSWORD = "correct horse battery staple"
WRONG = "wrong horse battery staple"
TURN_SECRET = "a secret of the relay's, never told"
HOST_SECRET = "a secret of the host platform's, 32 bytes and more"
SETTINGS = {
    "HOLDFAST_WEB__LOG_LEVEL": "debug",
    "HOLDFAST_WEB__LOG_FORMAT": "json",
    "HOLDFAST_SIGNALING__ICE_SERVERS": '["turn:127.0.0.1:9?transport=tcp"]',
    "HOLDFAST_SIGNALING__TURN_SECRET": TURN_SECRET,
    "HOLDFAST_EMBEDDING__JWT_ISSUER": "host",
    "HOLDFAST_EMBEDDING__JWT_SECRET": HOST_SECRET,
    "HOLDFAST_WEBHOOKS__PRIVATE_NETWORKS": '["127.0.0.0/8"]',
}


@dataclass
class Place:
    """The server, and every secret that it was told or told."""

    server: Server
    token: str
    interview: Interview
    secrets: dict[str, str] = field(default_factory=dict)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with running_server(tmp_path, settings=SETTINGS) as server:
        token = await server.add_user(password=PASSWORD)
        job = await server.add_job()
        interview = await server.add_interview(job, consented=True)
        secrets = {"password": PASSWORD, "wrong password": WRONG, "TURN": TURN_SECRET, "host": HOST_SECRET}
        secrets |= {"API token": token, "candidate's token": interview.token}
        secrets["server key"] = (server.data / "server.key").read_bytes().hex()
        yield Place(server, token, interview, secrets)


@pytest.fixture
async def sender(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WebrtcSender]:
    async with webrtc_sender(monkeypatch) as sender:
        yield sender


async def sign_in(place: Place) -> None:
    """By password, wrong and right; by a link of the operator's; by the host platform."""
    async with ClientSession(place.server.base_url, cookie_jar=CookieJar(unsafe=True)) as http:
        for password in (WRONG, PASSWORD):
            form = {"email": "hr@example.org", "password": password}
            async with http.post("/hr/sign-in", data=form, allow_redirects=False) as response:
                assert response.status in {303, 401}
        place.secrets["login"] = response.cookies["holdfast_login"].value
        async with http.post("/api/webhooks", json={"url": "http://127.0.0.1:9/hooks", "events": []}) as response:
            place.secrets["webhook"] = (await response.json()).get("secret", "")
        new = {"name": "a program", "scopes": ["interviews:read"], "expires_in_days": 1}
        async with http.post("/api/tokens", json=new) as response:
            place.secrets["made token"] = (await response.json())["token"]
    link = (await place.server.command("user", "link", "hr@example.org")).strip().split()[-1]
    place.secrets["sign-in link"] = link.rpartition("/")[2]
    now = int(SystemClock().utc_now().timestamp())
    claims = {"iss": "host", "aud": "holdfast", "sub": "hr@example.org", "iat": now, "exp": now + 60}
    place.secrets["host's token"] = jwt.encode(claims, HOST_SECRET, "HS256")
    async with ClientSession(place.server.base_url) as http:
        async with http.get("/hr/sign-in/" + place.secrets["sign-in link"], allow_redirects=False) as response:
            assert response.status == 303
        async with http.post(
            "/hr/enter", data={"token": place.secrets["host's token"]}, allow_redirects=False
        ) as response:
            assert response.status == 303


async def ask_in_every_place(place: Place) -> None:
    """Tokens where they belong and where they do not: path, query, header, cookie, body."""
    async with ClientSession(place.server.base_url) as http:
        for name in ("API token", "candidate's token", "made token"):
            secret = place.secrets[name]
            for path in (f"/i/{secret}", f"/hr/interviews/one?token={secret}", f"/nothing?access_token={secret}"):
                async with http.get(path, allow_redirects=False):
                    pass
            async with http.get("/api/interviews/one", headers={"Authorization": f"Bearer {secret}"}):
                pass
            async with http.get("/hr", cookies={"holdfast_login": secret}, allow_redirects=False):
                pass
            async with http.post(
                "/api/tokens", json={"name": secret, "oops": secret}, headers={"Referer": f"/{secret}"}
            ):
                pass
        async with http.ws_connect(f"/api/interviews/{place.interview.session_id}/live") as socket:
            await socket.send_json({"type": "hello", "token": place.interview.token, "client_id": "a-page-load"})
            assert (await socket.receive()).type is WSMsgType.TEXT
            await socket.send_str(json.dumps({"type": place.interview.token}))
            await socket.receive()


async def publish(place: Place, sender: WebrtcSender) -> None:
    """A real connection, whose ICE passwords are secrets as well."""
    headers = {"Authorization": f"Bearer {place.interview.token}", "Content-Type": "application/sdp"}
    offer = await sender.offer()
    async with ClientSession() as http:
        async with http.post(place.server.whip_url(place.interview), data=offer, headers=headers) as response:
            assert response.status == 201
            answer, links, where = await response.text(), response.headers["Link"], response.headers["Location"]
        await sender.accept(answer)
        await sender.send_all(stretch(), pace=0.1)
        async with http.delete(place.server.base_url + where, headers=headers) as response:
            assert response.status == 200
    for name, text in (("our ICE password", answer), ("their ICE password", offer)):
        place.secrets[name] = re.findall(r"a=ice-pwd:(\S+)", text)[0]
    place.secrets["TURN password"] = re.findall(r'credential="([^"]+)"', links)[0]


async def test_no_secret_is_in_the_log(place: Place, sender: WebrtcSender) -> None:
    await sign_in(place)
    await ask_in_every_place(place)
    await publish(place, sender)
    await place.server.stop()
    log = place.server.log.read_text()
    assert '"level": "debug"' in log, "it was talkative"
    assert "/i/\\u2026" in log, "it did write down what was asked"
    found = {name for name, secret in place.secrets.items() if secret and secret in log}
    assert not found
    assert len(place.secrets) == 15, "each was looked for"
    assert "$argon2" not in log, "nor what passwords are checked against"
    assert "john.doe@example.org" not in log, "nor who the candidate is"
