"""The TCP side of the pages: who is let in, how long somebody may take to ask, and what the head of a request may hold."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web as aioweb

from web.connections import BoundedSite, Counted
from web.settings import WebSettings

ASKED = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
Listen = Callable[..., Any]


async def hello(request: aioweb.Request) -> aioweb.Response:
    return aioweb.Response(text=f"hello {len(await request.read())}")


@pytest.fixture
async def listen(unused_tcp_port: int) -> AsyncIterator[Listen]:
    async with contextlib.AsyncExitStack() as stack:

        async def listening(**settings: Any) -> BoundedSite:
            app = aioweb.Application()
            app.router.add_route("*", "/", hello)
            runner = aioweb.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = BoundedSite(runner, WebSettings(port=unused_tcp_port, **settings))
            await site.start()
            return site

        yield listening


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


async def ask(port: int, *, octets: bytes = ASKED) -> bytes:
    """What is answered before the connection is closed, or goes quiet with an answer."""
    reader, writer = await connect(port)
    writer.write(octets)
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(20):
            answer = await reader.read(65_536)
    writer.close()
    return answer


async def test_whoever_asks_is_answered(listen: Listen, unused_tcp_port: int) -> None:
    site = await listen()
    assert site.port == unused_tcp_port
    assert (await ask(unused_tcp_port)).startswith(b"HTTP/1.1 200")


async def test_one_connection_too_many_from_an_address_is_closed(listen: Listen, unused_tcp_port: int) -> None:
    site = await listen(max_connections_per_address=3)
    open_ = [await connect(unused_tcp_port) for _ in range(3)]
    assert await ask(unused_tcp_port) == b""
    open_[0][1].close()
    async with asyncio.timeout(20):
        while len(site.counted) > 2:  # noqa: ASYNC110  the world outside has no events to wait for
            await asyncio.sleep(0.01)
    assert (await ask(unused_tcp_port)).startswith(b"HTTP/1.1 200")
    for _, writer in open_:
        writer.close()


def test_a_trusted_proxy_speaks_for_many_and_the_sum_binds_it_too() -> None:
    counted = Counted(WebSettings(max_connections=10, max_connections_per_address=2, trusted_proxies=("127.0.0.1",)))
    assert all(counted.enter("127.0.0.1") for _ in range(10))
    assert not counted.enter("127.0.0.1")
    counted.leave("127.0.0.1")
    counted.leave("127.0.0.1")
    assert counted.enter("192.0.2.1")
    assert not counted.enter("192.0.2.1")
    for _ in range(9):
        counted.leave("127.0.0.1")
    assert len(counted) == 2
    assert counted.enter("192.0.2.2")


async def test_whoever_never_finishes_asking_is_not_waited_for(listen: Listen, unused_tcp_port: int) -> None:
    await listen(keepalive_s=1)
    reader, writer = await connect(unused_tcp_port)
    writer.write(b"GET / HTTP/1.1\r\n")
    async with asyncio.timeout(30):  # each letter comes in time for the next, and yet it ends
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"X-Slow: 1\r\n")
                await writer.drain()
                await asyncio.sleep(0.2)
    assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_asks_nothing_is_closed(listen: Listen, unused_tcp_port: int) -> None:
    await listen(keepalive_s=1)
    reader, writer = await connect(unused_tcp_port)
    async with asyncio.timeout(30):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(300)) + b"\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    ],
    ids=["a long header", "a long line", "many headers", "two lengths", "two other lengths", "TLS"],
)
async def test_a_head_that_nobody_needs_is_refused(listen: Listen, unused_tcp_port: int, head: bytes) -> None:
    await listen()
    assert (await ask(unused_tcp_port, octets=head)).startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert (await ask(unused_tcp_port)).startswith(b"HTTP/1.1 200")
