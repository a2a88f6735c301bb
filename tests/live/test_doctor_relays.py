"""The doctor asks STUN and TURN servers, a real coturn among them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from db.clock import SystemClock
from tests.live.coturn import HOST, SECRET, Coturn
from tests.live.harness import free_port
from web.doctor.finding import Finding, Level
from web.doctor.relays import examine_ice_servers
from web.settings import load_settings


async def found(*urls: str, secret: str = SECRET, within_s: float = 5.0, **sections: Any) -> list[Finding]:
    signaling = {"ice_servers": urls, "turn_secret": secret}
    settings = load_settings(None, {"signaling": signaling, **sections})
    return await examine_ice_servers(settings, SystemClock().utc_now(), within_s=within_s)


class StunServer(asyncio.DatagramProtocol):
    """Answers binding requests as RFC 8489 says, from the given one on."""

    def __init__(self, *, answers_from: int) -> None:
        self._remaining = answers_from
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # asyncio gives this one
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert data[:8] == bytes.fromhex("000100002112a442")
        self._remaining -= 1
        if self._remaining <= 0:
            self.transport.sendto(b"noise", addr)
            self.transport.sendto(bytes.fromhex("010100002112a442") + data[8:20], addr)


@asynccontextmanager
async def stun_server(*, answers_from: int) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: StunServer(answers_from=answers_from), (HOST, 0))
    try:
        yield f"stun:{HOST}:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()


@pytest.mark.parametrize(("answers_from", "level"), [(1, Level.OK), (2, Level.OK), (1_000, Level.FAIL)])
async def test_stun(answers_from: int, level: Level) -> None:
    async with stun_server(answers_from=answers_from) as url:
        (finding,) = await found(url, within_s=5.0 if level is Level.OK else 0.05)
    assert finding.level is level


async def test_no_servers_matter_to_whom_others_reach() -> None:
    (here,) = await found()
    (everywhere,) = await found(web={"host": "0.0.0.0"})
    assert (here.level, everywhere.level) == (Level.OK, Level.WARN)


async def test_nobody_answers() -> None:
    tcp, udp = await found(f"turn:{HOST}:{free_port()}?transport=tcp", f"turn:{HOST}:{free_port()}")
    assert {tcp.level, udp.level} == {Level.FAIL}
    assert "does not answer" in tcp.said


async def test_something_else_answers() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(talk, HOST, 0, family=socket.AF_INET)
    async with server:
        (finding,) = await found(f"turn:{HOST}:{server.sockets[0].getsockname()[1]}?transport=tcp")
    assert (finding.level, finding.remedy) == (Level.FAIL, "Check host and port.")


async def test_dtls_is_of_no_use() -> None:
    (finding,) = await found("turns:turn.example.org?transport=udp")
    assert finding.level is Level.WARN


async def test_coturn_relays(coturn: Coturn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(coturn.certificate))
    urls = (coturn.tcp_url, coturn.tls_url, f"turn:{HOST}:{coturn.port}", f"stun:{HOST}:{coturn.port}")
    findings = await found(*urls, media={"bind_addresses": (HOST, "::1")})
    assert [finding.level for finding in findings] == [Level.OK] * 4, findings
    assert findings[1].said == f"{coturn.tcp_url} relays to {HOST}", "STUN comes first"


async def test_what_is_wrong_with_coturn_is_told(coturn: Coturn) -> None:
    (secret,) = await found(coturn.tcp_url, secret="another")
    (elsewhere,) = await found(coturn.tcp_url, media={"public_address": "198.51.100.7"})
    (certificate,) = await found(coturn.tls_url)
    assert {secret.level, elsewhere.level, certificate.level} == {Level.FAIL}
    assert "refuses our credentials" in secret.said
    assert elsewhere.remedy.startswith("In turnserver.conf: allowed-peer-ip=198.51.100.7")
    assert "bad certificate" in certificate.said
