"""One message to a real receiver, and to what is none."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from db.clock import SystemClock
from db.webhooks import Attempt
from tests.fakes.receiver import HANG, receiver
from web.phone import certificate_for
from web.webhooks.sender import Sender, Sent

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def send(url: str, *, allowed: tuple = LOOPBACK, timeout_s: float = 5.0) -> Sent:  # type: ignore[type-arg]
    async with Sender(allowed, timeout_s) as sender:
        return await sender.send(url, '{"ä":1}', {"webhook-id": "msg_1"})


@contextlib.asynccontextmanager
async def talking(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_it_arrives_as_it_is() -> None:
    async with receiver() as there:
        assert (await send(there.url)).attempt == Attempt(200, None)
    [message] = there.messages
    assert (message.body, message.id) == ('{"ä":1}'.encode(), "msg_1")
    assert message.headers["content-type"] == "application/json"
    assert "cookie" not in message.headers


@pytest.mark.parametrize(
    ("status", "error", "gone"),
    [
        (204, None, False),
        (500, "It answered 500.", False),
        (404, "It answered 404.", False),
        (302, "It answered 302; redirects are not followed.", False),
        (410, "It answered 410: it wants no more messages.", True),
    ],
)
async def test_what_it_answers_counts(status: int, error: str | None, gone: bool) -> None:
    async with receiver() as there:
        there.answers.append(status)
        there.headers["Location"] = there.url
        assert (await send(there.url)).attempt == Attempt(status, error, gone)
        assert len(there.messages) == 1


@pytest.mark.parametrize(
    ("said", "wish_s"), [("120", 120), ("", 0), ("soon", 0), ("9" * 400, 0), ("-5", 0), ("\u0665", 0)]
)
async def test_a_wish_to_be_left_alone(said: str, wish_s: float) -> None:
    async with receiver() as there:
        there.answers.append(503)
        there.headers["Retry-After"] = said
        assert (await send(there.url)).wish_s == wish_s


async def test_one_that_hangs_is_left() -> None:
    async with receiver() as there:
        there.answers.append(HANG)
        sent = await send(there.url, timeout_s=0.3)
    assert sent.attempt == Attempt(None, "It did not answer in time.")


async def test_nobody_listens_and_nobody_is_called_so(unused_tcp_port: int) -> None:
    nobody = await send(f"http://127.0.0.1:{unused_tcp_port}/")
    assert nobody.attempt == Attempt(None, "No connection could be made.")
    unknown = await send("https://nobody.invalid/")
    assert unknown.attempt.error in {"There is no such host.", "No connection could be made."}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_servers_own_network_is_out_of_reach_whatever_it_is_called(host: str, scheme: str) -> None:
    async with receiver() as there:
        port = there.url.split(":")[2].split("/")[0]
        sent = await send(f"{scheme}://{host}:{port}/", allowed=())
        assert sent.attempt.status is None
        assert sent.attempt.error is not None
        assert "no public address" in sent.attempt.error or host.isdigit()
        assert there.messages == []


async def test_an_address_that_cannot_be_used() -> None:
    for url in ("ftp://127.0.0.1/", "http://", "nothing", "http://[::1"):
        assert (await send(url)).attempt.error == "Its address cannot be used."


async def test_an_answer_without_end_is_not_read() -> None:
    sent_bytes = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent_bytes
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            await writer.drain()
            sent_bytes += 0x10000

    async with talking(pour) as port:
        assert (await send(f"http://127.0.0.1:{port}/")).attempt == Attempt(200, None)
    assert sent_bytes < 20_000_000, "what the sockets hold, and no more"


async def test_headers_without_end_are_refused() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        await writer.drain()

    async with talking(pour) as port:
        sent = await send(f"http://127.0.0.1:{port}/")
    assert sent.attempt == Attempt(None, "The connection ended before there was an answer.")


async def test_one_that_hangs_up() -> None:
    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with talking(hang_up) as port:
        sent = await send(f"http://127.0.0.1:{port}/")
    assert sent.attempt == Attempt(None, "The connection ended before there was an answer.")


async def test_a_certificate_of_nobodys_is_not_trusted(tmp_path: Path) -> None:
    certificate, key = certificate_for("127.0.0.1", tmp_path / "tls", SystemClock().utc_now())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        raise AssertionError

    async with talking(never, context) as port:
        sent = await send(f"https://127.0.0.1:{port}/")
    assert sent.attempt == Attempt(None, "Its certificate is not to be trusted, or it speaks no TLS.")


async def test_a_name_that_changes_its_mind_gets_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: it is the address that is connected to that is judged, not the one that was looked up before."""
    looked_up = socket.getaddrinfo

    def private(host: str, *arguments: object, **more: object) -> object:
        return looked_up("127.0.0.1" if host == "rebinding.example.org" else host, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", private)
    async with receiver() as there:
        port = there.url.split(":")[2].split("/")[0]
        sent = await send(f"https://rebinding.example.org:{port}/", allowed=())
        assert (
            sent.attempt.error == "It leads to 127.0.0.1, which is no public address, and the settings do not allow it."
        )
        assert there.messages == []
