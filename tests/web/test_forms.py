"""A form whose file goes to the disk piece by piece."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from aiohttp import web as aioweb

from signaling.aio.errors import Problem
from web import forms
from web.forms import Form

MOST = 3_000_000


class Pieces(io.BytesIO):
    """Remembers how much it was given at once."""

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0

    def write(self, octets: object) -> int:
        assert isinstance(octets, memoryview)
        self.longest = max(self.longest, len(octets))
        return super().write(octets[:100_000])  # a file without a buffer may take less than it was given


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes forms at an address."""

    url: str
    saved: Pieces = field(default_factory=Pieces)
    room: list[bool] = field(default_factory=lambda: [True])

    async def take(self, request: aioweb.Request) -> aioweb.Response:
        try:
            form = Form(request, most_octets=MOST, has_room=lambda: self.room[0])
            async for part in form.parts():
                if part.name == "file":
                    return aioweb.json_response(await form.save(part, self.saved))
                assert await form.text(part) == "beside it"
        except Problem as problem:
            return aioweb.json_response(problem.document(), status=problem.status)
        return aioweb.json_response(None)

    async def send(self, octets: bytes) -> tuple[int, Any]:
        body = FormData()
        body.add_field("note", " beside it ")
        body.add_field("file", io.BytesIO(octets), filename="f")
        async with ClientSession() as http, http.post(self.url, data=body) as response:
            return response.status, await response.json()


@pytest.fixture
async def desk(unused_tcp_port: int) -> AsyncIterator[Desk]:
    """A server whose limit for other bodies is far below what is sent here."""
    desk = Desk(f"http://127.0.0.1:{unused_tcp_port}/")
    app = aioweb.Application(client_max_size=1_000)
    app.router.add_post("/", desk.take)
    runner = aioweb.AppRunner(app, access_log=None)
    await runner.setup()
    await aioweb.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    yield desk
    await runner.cleanup()


async def test_a_file_comes_in_pieces_whatever_other_bodies_may_have(desk: Desk) -> None:
    octets = bytes(range(256)) * 10_000
    assert await desk.send(octets) == (200, len(octets))
    assert desk.saved.getvalue() == octets
    assert 1_000 < desk.saved.longest <= forms.CHUNK


async def test_what_looks_like_a_boundary_is_none(desk: Desk) -> None:
    octets = b"\r\n--\r\n--" * 40_000 + b"\r\n"
    assert await desk.send(octets) == (200, len(octets))
    assert desk.saved.getvalue() == octets


async def test_a_disk_that_fills_meanwhile_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "LOOK_EVERY", 1_000_000)
    desk.room[0] = False
    status, problem = await desk.send(bytes(2_500_000))
    assert (status, problem["type"]) == (507, "/problems/disk-full")
    assert len(desk.saved.getvalue()) < 1_500_000


async def test_a_file_that_is_too_large_is_not_kept(desk: Desk) -> None:
    status, problem = await desk.send(bytes(MOST + 1))
    assert (status, problem["detail"]) == (413, "A file of up to 3 MB is taken. Nothing was stored.")
