"""`holdfast serve` as a process: what it prints, whom it makes way for, how it ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, WSMsgType

from db.clock import SystemClock
from db.engine import Database
from tests.web.conftest import NOW
from web.invitations import NewInterview, links_for, set_up
from web.notices import first_words
from web.phone import certificate_for
from web.settings import NoticeSettings


@dataclass
class Serving:
    """A server process and what it has said so far."""

    process: asyncio.subprocess.Process
    lines: list[str]

    async def until(self, part: str) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            async for line in self.process.stdout:
                self.lines.append(line.decode())
                if part in self.lines[-1]:
                    return self.lines[-1]
        raise AssertionError(f"never said {part!r}: {self.lines}")

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 10)


@contextlib.asynccontextmanager
async def serving(data: Path, *arguments: str) -> AsyncIterator[Serving]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "web.cli", "serve", "--data", str(data), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield Serving(process, [])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_and_ends_when_told(tmp_path: Path, unused_tcp_port: int, number: signal.Signals) -> None:
    async with serving(tmp_path / "data", "--port", str(unused_tcp_port)) as server, ClientSession() as http:
        assert f"http://localhost:{unused_tcp_port}" in await server.until("Holdfast serves")
        assert (tmp_path / "data" / "address").read_text() == f"http://localhost:{unused_tcp_port}\n"
        async with http.get(f"http://127.0.0.1:{unused_tcp_port}/healthz") as response:
            assert response.status == 200
        assert await server.end(number) == 0


async def test_the_log_is_json_when_asked_for_and_holds_no_token(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__LOG_FORMAT", "json")
    async with serving(tmp_path / "data", "--port", str(unused_tcp_port)) as server, ClientSession() as http:
        await server.until("Holdfast serves")
        async with http.get(f"http://127.0.0.1:{unused_tcp_port}/i/very.secret?token=secret") as response:
            assert response.status == 401
        line = await server.until("GET")
    assert "secret" not in line
    logged = json.loads(line)
    assert (logged["event"], logged["status"], logged["logger"]) == ("GET /i/…", 401, "web.middleware")


async def test_a_second_server_on_the_same_data_says_so(tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(tmp_path / "data", "--port", str(unused_tcp_port)) as first:
        await first.until("Holdfast serves")
        async with serving(tmp_path / "data", "--port", str(unused_tcp_port)) as second:
            line = await second.until("serves")
            assert line.startswith(f"Another Holdfast (process {first.process.pid}) serves ")
            assert await second.process.wait() == 1


async def test_a_busy_port_is_one_plain_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with serving(tmp_path / "data", "--port", str(port)) as server:
            assert await server.until("Port") == (
                f"Port {port} is used by another program. Stop that one, or choose another with --port "
                f"(make run PORT={port + 1}).\n"
            )
            assert await server.process.wait() == 1
    assert len(server.lines) == 1


async def test_pages_that_are_open_do_not_hold_it_up(tmp_path: Path, unused_tcp_port: int) -> None:
    data = tmp_path / "data"
    async with serving(data, "--port", str(unused_tcp_port)) as server, ClientSession() as http:
        await server.until("Holdfast serves")
        token = await _candidates_token(data)
        url = f"http://127.0.0.1:{unused_tcp_port}/api/interviews/one/live"
        async with http.ws_connect(url) as socket_, asyncio.TaskGroup() as tasks:
            await socket_.send_json({"type": "hello", "token": token, "client_id": "a-page-load"})
            assert (await socket_.receive_json())["type"] == "state"
            ending = tasks.create_task(server.end())
            heard = [message.json() async for message in socket_ if message.type is WSMsgType.TEXT]
            assert {"type": "notice", "code": "server_stopping"}.items() <= heard[-1].items()
            assert socket_.close_code == 1001
        assert ending.result() == 0


async def _candidates_token(data: Path) -> str:
    database = await Database.open(data / "holdfast.db")
    async with database.writing() as db_session:
        from db import people

        user = await people.add_user(db_session, "hr@example.org", None, NOW)
        words = first_words(NoticeSettings(), controller="Example Ltd", contact="hr@example.org")
        job = await people.add_job(db_session, "Lighthouse keeper", user.id, NOW, **words)
        await set_up(db_session, NewInterview("one", job.id, "John Doe"), SystemClock().utc_now())
    await database.close()
    return links_for((data / "server.key").read_bytes(), "", "one", 1).token


async def test_it_speaks_tls_itself(tmp_path: Path, unused_tcp_port: int) -> None:
    certificate, key = certificate_for("127.0.0.1", tmp_path / "tls", SystemClock().utc_now())
    flags = ("--port", str(unused_tcp_port), "--tls-cert", str(certificate), "--tls-key", str(key))
    async with serving(tmp_path / "data", *flags) as server:
        assert f"https://localhost:{unused_tcp_port}" in await server.until("Holdfast serves")
        import ssl

        trusting = ssl.create_default_context(cafile=str(certificate))
        async with (
            ClientSession(connector=TCPConnector(ssl=trusting)) as http,
            http.get(f"https://localhost:{unused_tcp_port}/check") as response,
        ):
            assert response.status == 200
            assert response.headers["Strict-Transport-Security"]


async def test_files_that_are_no_certificate_are_one_plain_line(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")
    for certificate, line in (
        (tmp_path / "none.pem", "There is no "),
        (wrong, f"{wrong} and {wrong} are no certificate"),
    ):
        async with serving(tmp_path / "data", "--tls-cert", str(certificate), "--tls-key", str(wrong)) as server:
            assert (await server.until(".pem")).startswith(line)
            assert await server.process.wait() == 1


async def test_others_are_told_which_ports_to_open(tmp_path: Path, unused_tcp_port: int) -> None:
    flags = ("--host", "127.0.0.2", "--port", str(unused_tcp_port))
    async with serving(tmp_path / "data", *flags) as server:
        await server.until("ufw allow 50000:50999/udp")
        assert any(f"ufw allow {unused_tcp_port}/tcp" in line for line in server.lines)
        assert "https" in await server.until("Browsers open a camera only on https")
