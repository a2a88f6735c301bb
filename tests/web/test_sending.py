"""Sending files over real connections, on both loops that serve, to readers who are slow, gone, or encrypted."""

import asyncio
import contextlib
import hashlib
import os
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvloop
from aiohttp import web as aioweb

from db.clock import SystemClock
from web.phone import certificate_for
from web.sending import LOOK_EVERY_S, THREADS, FileSender

CLOCK = SystemClock()
MEGABYTE = 1_000_000
SIZE = 24 * MEGABYTE
"More than the system keeps for a connection on either side."
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@dataclass(frozen=True, slots=True)
class Here:
    """A server of one file, in a thread."""

    port: int
    file: Path
    ended: list[BaseException | None]
    "What each request came to; None for one that was sent whole."
    tls: ssl.SSLContext | None

    def ask(self, more: str = "") -> socket.socket:
        """A connection that has asked for the file."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_hostname="127.0.0.1")
        connection.sendall(f"GET / HTTP/1.1\r\nHost: here\r\n{more}\r\n".encode())
        return connection

    def digest(self, connection: socket.socket) -> str:
        """The SHA-256 of the body that comes; stops at its end. Raises ConnectionError when it breaks off."""
        received, head = b"", b""
        while not head:
            received += connection.recv(65_536)
            head, _, body = received.partition(b"\r\n\r\n") if b"\r\n\r\n" in received else (b"", b"", b"")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        digest, missing = hashlib.sha256(body), length - len(body)
        while missing:
            chunk = connection.recv(1 << 20)
            if not chunk:
                raise ConnectionResetError(f"{missing} octets are missing")
            digest.update(chunk)
            missing -= len(chunk)
        return digest.hexdigest()


@contextlib.contextmanager
def serving(folder: Path, loop: Callable[[], asyncio.AbstractEventLoop], *, tls: bool = False) -> Iterator[Here]:
    file = folder / "recording.webm"
    file.write_bytes(os.urandom(MEGABYTE) * (SIZE // MEGABYTE))
    trusting = context = None
    if tls:
        certificate, key = certificate_for("127.0.0.1", folder / "tls", CLOCK.utc_now())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        trusting = ssl.create_default_context(cafile=str(certificate))
    ended: list[BaseException | None] = []
    up, stop, ports = threading.Event(), threading.Event(), list[int]()

    async def serve() -> None:
        async with server(file, ended, context) as port:
            ports.append(port)
            up.set()
            await asyncio.to_thread(stop.wait)

    def run() -> None:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(10)
    try:
        yield Here(ports[0], file, ended, trusting)
    finally:
        stop.set()
        thread.join()


@contextlib.asynccontextmanager
async def server(file: Path, ended: list[BaseException | None], tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    sender = FileSender()

    async def handler(request: aioweb.Request) -> aioweb.StreamResponse:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            size = os.fstat(descriptor).st_size
            response = aioweb.StreamResponse()
            response.content_length = size
            await response.prepare(request)
            await sender.send(request, response, descriptor, 0, size - 1)
            await response.write_eof()
        except BaseException as error:
            ended.append(error)
            raise
        finally:
            os.close(descriptor)
        ended.append(None)
        return response

    app = aioweb.Application()
    app.router.add_get("/", handler)
    runner = aioweb.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await aioweb.SockSite(runner, listening, ssl_context=tls).start()
        yield listening.getsockname()[1]
        await runner.cleanup()
        sender.close()


@pytest.fixture(params=sorted(LOOPS))
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Here]:
    with serving(tmp_path, LOOPS[request.param]) as here:
        yield here


def open_descriptors() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208  pathlib would say the same with more words


def wait_until(condition: Callable[[], bool], *, within_s: float) -> None:
    ends = CLOCK.monotonic() + within_s
    while not condition():
        assert CLOCK.monotonic() < ends, "it did not come to that"
        time.sleep(0.01)


def test_a_file_arrives_whole_and_the_connection_goes_on(here: Here) -> None:
    wanted = hashlib.sha256(here.file.read_bytes()).hexdigest()
    with here.ask() as connection:
        assert here.digest(connection) == wanted
        connection.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert here.digest(connection) == wanted


def test_requests_in_one_breath_are_answered_one_after_the_other(here: Here) -> None:
    """Pipelined (RFC 9112 section 9.3.2): the second head must not overtake the first body."""
    wanted = hashlib.sha256(here.file.read_bytes()).hexdigest()
    with here.ask("\r\nGET / HTTP/1.1\r\nHost: here\r\n") as connection:
        received = b""
        while len(received) < 2 * SIZE:
            received += connection.recv(1 << 20)
        head, _, rest = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert hashlib.sha256(rest[:SIZE]).hexdigest() == wanted
        assert rest[SIZE:].startswith(b"HTTP/1.1 200 ")


def test_readers_who_do_not_read_hold_no_thread(here: Here) -> None:
    wanted = hashlib.sha256(here.file.read_bytes()).hexdigest()
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(here.ask()) for _ in range(3 * THREADS)]
        for _ in range(2):
            with here.ask() as connection:
                assert here.digest(connection) == wanted
        assert here.ended == [None, None], "the idle ones are still being served"
        assert [here.digest(connection) for connection in idle] == [wanted] * len(idle)


def test_a_reader_who_goes_leaves_nothing_open(here: Here) -> None:
    before = open_descriptors()
    readers = [here.ask() for _ in range(5)]
    for reader in readers:
        assert reader.recv(100_000)
    for reader in readers:
        reader.close()
    wait_until(lambda: len(here.ended) == len(readers), within_s=LOOK_EVERY_S + 5)
    assert all(isinstance(error, ConnectionError) for error in here.ended), here.ended
    wait_until(lambda: open_descriptors() <= before, within_s=5)


def test_a_reader_who_says_goodbye_and_reads_no_more_is_let_go(here: Here) -> None:
    """Its connection never takes more, and no error tells: half closed, and nobody reads."""
    before = open_descriptors()
    with here.ask() as reader:
        assert reader.recv(100_000)
        reader.shutdown(socket.SHUT_WR)
        wait_until(lambda: len(here.ended) == 1, within_s=LOOK_EVERY_S + 5)
        assert isinstance(here.ended[0], ConnectionError)
    wait_until(lambda: open_descriptors() <= before, within_s=5)


def received_before_the_end(connection: socket.socket) -> int:
    """Octets that still come, whether it then ends or breaks."""
    received = 0
    with contextlib.suppress(ConnectionError):
        for chunk in iter(lambda: connection.recv(1 << 20), b""):
            received += len(chunk)
    return received


def test_a_file_that_is_cut_meanwhile_breaks_the_connection(here: Here) -> None:
    with here.ask() as connection:
        assert connection.recv(1_000)
        os.truncate(here.file, MEGABYTE)
        assert received_before_the_end(connection) < SIZE
    wait_until(lambda: len(here.ended) == 1, within_s=5)
    assert isinstance(here.ended[0], ConnectionResetError)


def test_the_end_of_the_server_waits_for_no_slow_reader(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        with serving(tmp_path, uvloop.new_event_loop) as here:
            for _ in range(THREADS):
                assert stack.enter_context(here.ask()).recv(1_000)
            began = CLOCK.monotonic()
        assert CLOCK.monotonic() - began < LOOK_EVERY_S
        assert len(here.ended) == THREADS


@pytest.mark.parametrize("loop", sorted(LOOPS))
def test_where_it_is_encrypted_the_file_is_read_piece_by_piece(tmp_path: Path, loop: str) -> None:
    with serving(tmp_path, LOOPS[loop], tls=True) as here, here.ask() as connection:
        assert here.digest(connection) == hashlib.sha256(here.file.read_bytes()).hexdigest()
