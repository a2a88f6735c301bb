"""The credentials that candidates get, against a real coturn, without a browser."""

import asyncio
import ssl

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import TurnTransport, create_turn_endpoint

from db.clock import SystemClock
from signaling.protocol.ice_servers import time_limited_credential
from tests.live.coturn import HOST, RELAY_HOST, SECRET, Coturn, documented_configuration
from tests.live.harness import free_port, until

UNAUTHORISED = 401
FORBIDDEN = 403
PAYLOAD = b"through the relay"


def now() -> int:
    return int(SystemClock().utc_now().timestamp())


class Peer(asyncio.DatagramProtocol):
    """Whoever the relay sends to."""

    def __init__(self) -> None:
        self.first: asyncio.Future[tuple[bytes, tuple[str, int]]] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.first.done():
            self.first.set_result((data, addr))


class Candidate(asyncio.DatagramProtocol):
    """Our end of an allocation."""

    def __init__(self) -> None:
        self.refused: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    def error_received(self, exc: Exception) -> None:
        self.refused.set_result(exc)


async def allocate(
    coturn: Coturn, *, secret: str = SECRET, expires_at: int, tls: bool = False
) -> tuple[TurnTransport, Candidate]:
    username, password = time_limited_credential(secret, "session-1", expires_at)
    context = ssl.create_default_context(cafile=str(coturn.certificate)) if tls else None
    address = (HOST, coturn.tls_port if tls else coturn.port)
    return await create_turn_endpoint(Candidate, address, username, password, ssl=context, transport="tcp")


async def arrives(transport: TurnTransport, host: str) -> tuple[bytes, tuple[str, int]]:
    """Send to a peer at `host` and wait until it is there."""
    loop = asyncio.get_running_loop()
    peer_transport, peer = await loop.create_datagram_endpoint(Peer, (host, 0))
    try:
        transport.sendto(PAYLOAD, peer_transport.get_extra_info("sockname"))
        return await asyncio.wait_for(peer.first, 5)
    finally:
        peer_transport.close()


@pytest.mark.parametrize("tls", [False, True])
async def test_our_credentials_open_a_relay(coturn: Coturn, tls: bool) -> None:
    transport, _ = await allocate(coturn, expires_at=now() + 60, tls=tls)
    assert await arrives(transport, HOST) == (PAYLOAD, transport.get_extra_info("sockname"))
    assert transport.get_extra_info("sockname")[0] == RELAY_HOST
    transport.close()


async def test_another_secret_opens_nothing(coturn: Coturn) -> None:
    with pytest.raises(TransactionFailed) as refused:
        await allocate(coturn, secret="another", expires_at=now() + 60)
    assert refused.value.response.error_code == UNAUTHORISED


async def test_a_credential_that_ran_out_opens_nothing(coturn: Coturn) -> None:
    with pytest.raises(TransactionFailed) as refused:
        await allocate(coturn, expires_at=now() - 1)
    assert refused.value.response.error_code == UNAUTHORISED


async def test_a_connection_outlasts_its_credential(coturn: Coturn) -> None:
    expires_at = now() + 2
    transport, _ = await allocate(coturn, expires_at=expires_at)

    async def ran_out() -> bool:
        try:
            another, _ = await allocate(coturn, expires_at=expires_at)
        except TransactionFailed:
            return True
        another.close()
        return False

    await until(ran_out, within_s=10, every_s=0.2)
    assert (await arrives(transport, HOST))[0] == PAYLOAD, "binding a channel is asked for with the old credential"
    transport.close()


async def test_it_relays_to_holdfast_alone(coturn: Coturn) -> None:
    transport, candidate = await allocate(coturn, expires_at=now() + 60)
    transport.sendto(PAYLOAD, ("127.0.0.3", free_port()))
    refused = await asyncio.wait_for(candidate.refused, 5)
    assert isinstance(refused, TransactionFailed)
    assert refused.response.error_code == FORBIDDEN
    transport.close()


def test_the_manual_has_a_configuration() -> None:
    configuration = documented_configuration()
    assert configuration["use-auth-secret"] == [""]
    assert len(configuration["denied-peer-ip"]) == 2
