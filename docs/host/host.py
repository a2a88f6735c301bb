"""A small host platform, whole: it invites, shows the candidate's page in its own or records without it, and hears of the end.

    python docs/host/host.py --holdfast https://interviews.example.org --token API_TOKEN --job 1 --jwt-secret SECRET

Serves http://127.0.0.1:9090. Nothing here is needed by Holdfast; it shows what a platform's developer writes, with the
standard library, aiohttp and PyJWT.
"""

import argparse
import base64
import hashlib
import hmac
import html
import io
import json
import math
import secrets
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from aiohttp import ClientSession, web

HERE = Path(__file__).parent


@dataclass
class Host:
    """What this platform knows."""

    holdfast: str
    token: str
    job: int
    jwt_secret: str
    recruiter: str = "recruiter@example.org"
    hook_url: str = ""
    webhook_secret: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)

    @property
    def bearer(self) -> dict[str, str]:
        """The API token, which never leaves this server."""
        return {"Authorization": f"Bearer {self.token}"}


HOST = web.AppKey("host", Host)


async def invite(host: Host, *, questions: list[str]) -> dict[str, Any]:
    """An interview with an id of our own."""
    body = {
        "candidate": "John Doe",
        "candidate_id": "person-7",
        "session_id": f"host-{secrets.token_hex(6)}",
        "questions": [{"text": text} for text in questions],
    }
    url = f"{host.holdfast}/api/jobs/{host.job}/interviews"
    async with ClientSession(headers=host.bearer, raise_for_status=True) as http, http.post(url, json=body) as response:
        invited: dict[str, Any] = await response.json()
    return invited


async def hand_in_sound(host: Host, session_id: str, index: int, wav: bytes) -> None:
    """A question as it is spoken."""
    url = f"{host.holdfast}/api/interviews/{session_id}/questions/{index}/sound"
    headers = host.bearer | {"Content-Type": "audio/wav"}
    async with ClientSession(headers=headers, raise_for_status=True) as http, http.put(url, data=wav):
        pass


def spoken() -> bytes:
    """A question as it is spoken; here a tone of half a second stands for a voice."""
    rate, file = 16_000, io.BytesIO()
    samples = (round(8_000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(rate // 2))
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
    return file.getvalue()


async def listen(app: web.Application) -> None:
    """Ask to be told what becomes of interviews; the secret of the messages is told once."""
    host = app[HOST]
    if not host.hook_url:
        return
    async with (
        ClientSession(headers=host.bearer, raise_for_status=True) as http,
        http.post(f"{host.holdfast}/api/webhooks", json={"url": host.hook_url}) as response,
    ):
        host.webhook_secret = (await response.json())["secret"]


async def framed(request: web.Request) -> web.Response:
    """The candidate's page inside ours."""
    host = request.app[HOST]
    invited = await invite(host, questions=["Who are you?", "Why this job?"])
    await hand_in_sound(host, invited["session_id"], 1, spoken())
    return _page("framed.html", url=invited["candidate_url"], origin=_origin(host), session=invited["session_id"])


async def own(request: web.Request) -> web.Response:
    """A page of ours that records with Holdfast's module and asks its own questions."""
    host = request.app[HOST]
    invited = await invite(host, questions=[])
    return _page("own.html", holdfast=host.holdfast, session=invited["session_id"], token=invited["token"])


async def results(request: web.Request) -> web.Response:
    """Our recruiter goes to Interview Results, signed in by us."""
    host, now = request.app[HOST], int(time.time())  # noqa: TID251  a platform has a clock of its own
    claims = {
        "iss": "host",
        "aud": "holdfast",
        "sub": host.recruiter,
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    }
    token = jwt.encode(claims, host.jwt_secret, algorithm="HS256")
    path = f"/hr/interviews/{request.match_info['session']}"
    return _page("results.html", holdfast=host.holdfast, token=token, next=_base_path(host) + path)


async def hook(request: web.Request) -> web.Response:
    """Holdfast tells what became of an interview (Standard Webhooks)."""
    host, body = request.app[HOST], await request.read()
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(host.webhook_secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    if not any(hmac.compare_digest(expected, each) for each in request.headers["webhook-signature"].split()):
        raise web.HTTPUnauthorized
    host.heard.append(json.loads(body))
    return web.Response(status=204)


async def heard(request: web.Request) -> web.Response:
    """What we were told so far."""
    return web.json_response(request.app[HOST].heard)


def _page(name: str, **values: str) -> web.Response:
    text = (HERE / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"[[{key}]]", html.escape(value, quote=True))
    return web.Response(text=text, content_type="text/html")


def _origin(host: Host) -> str:
    return "/".join(host.holdfast.split("/")[:3])


def _base_path(host: Host) -> str:
    return host.holdfast.removeprefix(_origin(host))


def make_app(host: Host) -> web.Application:
    """The platform's server."""
    app = web.Application()
    app[HOST] = host
    app.on_startup.append(listen)
    app.add_routes(
        [
            web.get("/framed", framed),
            web.get("/own", own),
            web.get("/results/{session}", results),
            web.post("/hook", hook),
            web.get("/heard", heard),
            web.static("/files", HERE),
        ]
    )
    return app


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--holdfast", required=True)
    parser.add_argument("--token", required=True, help="an API token with jobs:read, interviews:read, interviews:write")
    parser.add_argument("--job", type=int, required=True)
    parser.add_argument("--jwt-secret", default="")
    parser.add_argument("--hooks", action="store_true", help="be told what becomes of interviews (webhooks:write)")
    parser.add_argument("--port", type=int, default=9090)
    given = parser.parse_args()
    hook_url = f"http://127.0.0.1:{given.port}/hook" if given.hooks else ""
    host = Host(given.holdfast, given.token, given.job, given.jwt_secret, hook_url=hook_url)
    web.run_app(make_app(host), host="127.0.0.1", port=given.port)


if __name__ == "__main__":
    main()
