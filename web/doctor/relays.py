"""STUN and TURN servers, asked as a candidate's browser would: do they answer, give a relay, and relay to us?"""

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Protocol

from signaling.protocol.ice_servers import IceUrl, read_ice_url
from web import views
from web.doctor import stun
from web.doctor.finding import Finding, fail, ok, warn
from web.settings import Settings

ANSWER_WITHIN_S = 5.0
IPV4 = 4
AGAIN_AFTER_S = 0.5
"UDP loses packets; RFC 8489 section 6.2.1 begins with this as well."

_UNAUTHORISED = 401
_WHAT = "STUN and TURN"
_WHO = "doctor"


class Exchange(Protocol):
    """A way to a server."""

    async def ask(self, request: bytes) -> bytes:
        """Send a request, return what comes back. Raises OSError, EOFError or MalformedAnswer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One server and what we bring."""

    url: str
    "As in the settings."
    server: IceUrl
    "The same, read."
    username: str
    "TURN only."
    password: str
    "TURN only."
    peers: tuple[str, ...]
    "The addresses that the relay has to send to."


async def examine_ice_servers(settings: Settings, now: datetime, *, within_s: float = ANSWER_WITHIN_S) -> list[Finding]:
    """Do the STUN and TURN servers do what candidates need?"""
    if not settings.signaling.ice_servers:
        said = "None. Candidates behind strict firewalls, which block UDP, cannot be recorded"
        if settings.web.on_this_machine_only:
            return [ok(_WHAT, said)]
        return [warn(_WHAT, said, "Set signaling.ice_servers; docs/operate.md shows coturn.")]
    told = (settings.media.public_address,) if settings.media.public_address else settings.media.bind_addresses
    # A relay has one address family, and it is IPv4 unless one asks for the other (RFC 8656 section 7.2).
    peers = tuple(address for address in told if ip_address(address).version == IPV4)
    asked = [
        Asked(url, read_ice_url(url), server.username or "", server.credential or "", peers)
        for server in views.servers_for(settings.signaling, _WHO, now)
        for url in server.urls
    ]
    return list(await asyncio.gather(*(_examine(one, within_s) for one in asked)))


async def _examine(asked: Asked, within_s: float) -> Finding:
    server = asked.server
    if server.is_secure and not server.over_tcp:
        return warn(_WHAT, f"{asked.url} speaks DTLS, which browsers do not", "Use ?transport=tcp.")
    try:
        async with asyncio.timeout(within_s), _exchange_with(server) as exchange:
            return await (_relay(asked, exchange) if server.is_turn else _binding(asked, exchange))
    except ssl.SSLCertVerificationError as error:
        remedy = "Browsers say nothing and go without; it takes a certificate that they trust."
        return fail(_WHAT, f"{asked.url} has a bad certificate ({error.verify_message})", remedy)
    except (TimeoutError, OSError, EOFError, UnicodeError):
        remedy = "Check its name, that it runs, and that firewalls let its ports through."
        return fail(_WHAT, f"{asked.url} does not answer", remedy)
    except stun.MalformedAnswer:
        return fail(_WHAT, f"Behind {asked.url} is something else", "Check host and port.")


async def _binding(asked: Asked, exchange: Exchange) -> Finding:
    answer = await _ask(exchange, stun.Method.BINDING)
    if answer.error is not None:
        return _refused(asked, answer.error)
    return ok(_WHAT, f"{asked.url} answers")


async def _relay(asked: Asked, exchange: Exchange) -> Finding:
    answer = await _ask(exchange, stun.Method.ALLOCATE, stun.RELAY_OVER_UDP)
    if answer.error is None:
        remedy = "Let it ask for credentials (use-auth-secret)."
        return warn(_WHAT, f"{asked.url} relays for anybody", remedy)
    if answer.error != _UNAUTHORISED:
        return _refused(asked, answer.error)
    # The first request is always refused: it is how a server tells realm and nonce.
    login = stun.Login(asked.username, asked.password, answer.realm, answer.nonce)
    answer = await _ask(exchange, stun.Method.ALLOCATE, stun.RELAY_OVER_UDP, login)
    if answer.error == _UNAUTHORISED:
        remedy = "signaling.turn_secret has to be its static-auth-secret, and both clocks have to be right."
        return fail(_WHAT, f"{asked.url} refuses our credentials", remedy)
    if answer.error is not None:
        return _refused(asked, answer.error)
    finding = await _permissions(asked, exchange, login)
    await _ask(exchange, stun.Method.REFRESH, stun.NO_LONGER, login)
    return finding


async def _permissions(asked: Asked, exchange: Exchange, login: stun.Login) -> Finding:
    for address in asked.peers:
        answer = await _ask(exchange, stun.Method.CREATE_PERMISSION, login=login, peer=address)
        if answer.error is not None:
            remedy = f"In turnserver.conf: allowed-peer-ip={address}, or the address behind it that external-ip names."
            return fail(_WHAT, f"{asked.url} does not relay to {address}, where candidates are sent", remedy)
    return ok(_WHAT, f"{asked.url} relays {'to ' + ', '.join(asked.peers) if asked.peers else 'for candidates'}")


def _refused(asked: Asked, error: int) -> Finding:
    return fail(_WHAT, f"{asked.url} answers with error {error}", "Its log says why.")


async def _ask(
    exchange: Exchange,
    method: stun.Method,
    attributes: dict[stun.Attribute, bytes] | None = None,
    login: stun.Login | None = None,
    *,
    peer: str | None = None,
) -> stun.Answer:
    transaction = secrets.token_bytes(stun.TRANSACTION_BYTES)
    if peer is not None:
        attributes = {stun.Attribute.XOR_PEER_ADDRESS: stun.peer_address(peer, transaction)}
    answer = await exchange.ask(stun.request(method, transaction, attributes, login))
    return stun.read_answer(answer, method, transaction)


@contextlib.asynccontextmanager
async def _exchange_with(server: IceUrl) -> AsyncIterator[Exchange]:
    if server.over_tcp:
        context = ssl.create_default_context() if server.is_secure else None
        reader, writer = await asyncio.open_connection(server.host, server.port, ssl=context)
        try:
            yield _Stream(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    else:
        loop = asyncio.get_running_loop()
        transport, datagrams = await loop.create_datagram_endpoint(_Datagrams, remote_addr=(server.host, server.port))
        try:
            yield datagrams
        finally:
            transport.close()


@dataclass(frozen=True, slots=True)
class _Stream:
    reader: asyncio.StreamReader
    "What comes."
    writer: asyncio.StreamWriter
    "What goes."

    async def ask(self, request: bytes) -> bytes:
        self.writer.write(request)
        await self.writer.drain()
        header = await self.reader.readexactly(stun.HEADER_BYTES)
        return header + await self.reader.readexactly(stun.body_bytes(header))


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._transaction = b""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # asyncio gives this one
        self._transport = transport

    def datagram_received(self, data: bytes, _address: object) -> None:
        # An answer to an earlier try may still come, and anybody may send to an open port.
        if stun.transaction_of(data) == self._transaction and not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)

    async def ask(self, request: bytes) -> bytes:
        self._answer = asyncio.get_running_loop().create_future()
        self._transaction = stun.transaction_of(request)
        while not self._answer.done():
            self._transport.sendto(request)
            await asyncio.wait([self._answer], timeout=AGAIN_AFTER_S)
        return self._answer.result()
