"""What systemd hears, from the real program."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.service_manager import ServiceManager


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        unix.bind(str(tmp_path / "notify"))
        unix.setblocking(False)
        yield unix


async def heard(listener: socket.socket) -> str:
    async with asyncio.timeout(60):
        return (await asyncio.get_running_loop().sock_recv(listener, 200)).decode()


async def test_a_server_says_when_it_serves_and_when_it_ends(
    listener: socket.socket, tmp_path: Path, unused_tcp_port: int
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "web.cli", "serve", "--data", str(tmp_path / "data"), "--port", str(unused_tcp_port)),
        env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert await heard(listener) == "READY=1"
        assert await heard(listener) == "WATCHDOG=1"
        process.send_signal(signal.SIGTERM)
        while (said := await heard(listener)) == "WATCHDOG=1":
            pass
        assert said == "STOPPING=1"
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


async def test_signs_of_life_are_repeated(listener: socket.socket, tmp_path: Path) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000"})
    async with manager.alive():
        assert [await heard(listener) for _ in range(3)] == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "soon"}])
async def test_without_systemd_nothing_is_said(environment: dict[str, str]) -> None:
    manager = ServiceManager(environment)
    manager.tell("READY=1")
    async with manager.alive():
        pass
