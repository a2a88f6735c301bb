"""The relay is what other tests measure with, so it is measured first."""

import asyncio
import random
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import cast

import pytest

from tests.fakes.relay import Address, Conditions, Link, Relay

PERFECT = Conditions()
WAIT_S = 5.0


def link(conditions: Conditions, seed: int = 1) -> Link:
    return Link(random.Random(seed), conditions)


class TestLink:
    def test_perfect_line_delivers_at_once(self) -> None:
        assert link(PERFECT).delivery_time(1200, 7.0) == 7.0

    def test_delay_is_added(self) -> None:
        assert link(Conditions(delay_s=0.05)).delivery_time(1200, 7.0) == pytest.approx(7.05)

    def test_jitter_is_evenly_spread_around_the_delay(self) -> None:
        jittery = link(Conditions(delay_s=0.05, jitter_s=0.02))
        delays = [(jittery.delivery_time(100, n * 0.01) or 0.0) - n * 0.01 for n in range(2000)]
        assert 0.03 <= min(delays) < 0.031
        assert 0.069 < max(delays) <= 0.07
        assert statistics.mean(delays) == pytest.approx(0.05, abs=0.001)

    def test_nothing_is_delivered_before_it_arrived(self) -> None:
        jittery = link(Conditions(delay_s=0.0, jitter_s=0.02))
        assert all((jittery.delivery_time(100, 1.0) or 0.0) >= 1.0 for _ in range(100))

    def test_loss_has_the_wanted_share_and_repeats_with_the_seed(self) -> None:
        def lost(seed: int, delay_s: float) -> list[int]:
            lossy = link(Conditions(loss=0.05, delay_s=delay_s), seed)
            return [n for n in range(10_000) if lossy.delivery_time(100, n * 0.01) is None]

        assert 430 < len(lost(1, 0.0)) < 570
        assert lost(1, 0.0) == lost(1, 0.1)
        assert lost(1, 0.0) != lost(2, 0.0)

    def test_bottleneck_spaces_packets_by_its_rate(self) -> None:
        narrow = link(Conditions(bits_per_second=80_000, queue_s=10.0))
        assert [narrow.delivery_time(100, 0.0) for _ in range(3)] == pytest.approx([0.01, 0.02, 0.03])

    def test_full_queue_drops_the_newcomer(self) -> None:
        narrow = link(Conditions(bits_per_second=64_000, queue_s=0.25))  # 125 bytes take exactly 1/64 s
        times = [narrow.delivery_time(125, 0.0) for _ in range(100)]
        assert times[16] == 17 / 64
        assert times[17:] == [None] * 83
        assert narrow.counts.dropped == 83
        assert narrow.delivery_time(125, 1 / 64) == 18 / 64, "one place is free again"

    def test_bottleneck_forgets_its_queue_when_it_is_widened(self) -> None:
        narrow = link(Conditions(bits_per_second=8_000, queue_s=10.0))
        assert [narrow.delivery_time(1000, 0.0) for _ in range(5)][-1] == pytest.approx(5.0)
        narrow.conditions = PERFECT
        assert narrow.delivery_time(1000, 0.1) == 0.1


class Endpoint(asyncio.DatagramProtocol):
    """A UDP socket that remembers what came, when, and from where; upstream, it also echoes."""

    def __init__(self, *, echoes: bool) -> None:
        self.arrived: asyncio.Queue[tuple[bytes, Address, float]] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport
        self._echoes = echoes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.arrived.put_nowait((data, addr, asyncio.get_running_loop().time()))
        if self._echoes:
            self.transport.sendto(data, addr)

    @property
    def address(self) -> Address:
        host, port = self.transport.get_extra_info("sockname")
        return host, port

    async def next(self) -> tuple[bytes, Address, float]:
        return await asyncio.wait_for(self.arrived.get(), WAIT_S)

    async def is_silent(self, seconds: float) -> bool:
        """True when nothing comes for that long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.arrived.get(), seconds)
            return False
        return True


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until `condition` holds."""
    for _ in range(int(WAIT_S / 0.001)):
        if condition():
            return
        await asyncio.sleep(0.001)
    pytest.fail("waited in vain")


OpenEndpoint = Callable[..., Awaitable[Endpoint]]


@pytest.fixture
async def endpoint() -> AsyncIterator[OpenEndpoint]:
    opened: list[Endpoint] = []

    async def open_endpoint(*, echoes: bool = False) -> Endpoint:
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(lambda: Endpoint(echoes=echoes), local_addr=("127.0.0.1", 0))
        opened.append(protocol)
        return protocol

    yield open_endpoint
    for protocol in opened:
        protocol.transport.close()


@pytest.fixture
async def server(endpoint: OpenEndpoint) -> Endpoint:
    return await endpoint(echoes=True)


@pytest.fixture
async def relay(server: Endpoint) -> AsyncIterator[Relay]:
    relay = Relay.start(server.address)
    yield relay
    relay.close()


class TestRelay:
    async def test_each_client_gets_its_own_answers(self, relay: Relay, endpoint: OpenEndpoint) -> None:
        jane, john = await endpoint(), await endpoint()
        jane.transport.sendto(b"jane", relay.address)
        john.transport.sendto(b"john", relay.address)
        assert (await jane.next())[:2] == (b"jane", relay.address)
        assert (await john.next())[:2] == (b"john", relay.address)

    async def test_a_hundred_packets_a_second_keep_their_time(
        self, relay: Relay, server: Endpoint, endpoint: OpenEndpoint
    ) -> None:
        client = await endpoint()
        relay.up.conditions = Conditions(delay_s=0.05)
        loop = asyncio.get_running_loop()
        first = loop.time()
        sent: list[float] = []
        arrived: list[float] = []
        for n in range(150):
            await asyncio.sleep(max(0.0, first + n * 0.01 - loop.time()))
            sent.append(loop.time())
            client.transport.sendto(n.to_bytes(2, "big"), relay.address)
        for n in range(150):
            data, _, at = await server.next()
            assert data == n.to_bytes(2, "big")
            arrived.append(at)
        lateness = [at - start - 0.05 for start, at in zip(sent, arrived, strict=True)]
        assert min(lateness) > -0.001
        assert statistics.median(lateness) < 0.005
        assert abs(statistics.median(lateness[-30:]) - statistics.median(lateness[:30])) < 0.005, "no drift"

    async def test_cut_passes_nothing_and_resume_passes_again(self, relay: Relay, endpoint: OpenEndpoint) -> None:
        client = await endpoint()
        relay.set_both(Conditions(delay_s=0.05))
        client.transport.sendto(b"under way", relay.address)
        await until(lambda: relay.up.counts.received == 1)
        relay.cut()
        client.transport.sendto(b"lost", relay.address)
        assert await client.is_silent(0.3)
        relay.resume()
        client.transport.sendto(b"again", relay.address)
        assert (await client.next())[0] == b"again"
        assert relay.up.counts.dropped == 1

    async def test_rebind_changes_the_port_that_the_server_sees(
        self, relay: Relay, server: Endpoint, endpoint: OpenEndpoint
    ) -> None:
        client = await endpoint()
        client.transport.sendto(b"one", relay.address)
        _, before, _ = await server.next()
        relay.rebind()
        client.transport.sendto(b"two", relay.address)
        _, after, _ = await server.next()
        assert before != after
        answers = [(await client.next())[0]]
        if answers == [b"one"]:  # it came back before the mapping was forgotten
            answers.append((await client.next())[0])
        assert answers[-1] == b"two"

    async def test_rebind_may_move_to_another_address(
        self, relay: Relay, server: Endpoint, endpoint: OpenEndpoint
    ) -> None:
        other = "127.0.0.1" if sys.platform == "darwin" else "127.0.0.2"  # a Mac has one address of its own
        client = await endpoint()
        relay.rebind(other)
        client.transport.sendto(b"moved", relay.address)
        assert (await server.next())[1][0] == other

    async def test_retarget_sends_elsewhere(self, relay: Relay, server: Endpoint, endpoint: OpenEndpoint) -> None:
        client, other = await endpoint(), await endpoint()
        relay.retarget(other.address)
        client.transport.sendto(b"hello", relay.address)
        assert (await other.next())[0] == b"hello"
        assert await server.is_silent(0.05)

    async def test_a_silent_upstream_does_not_stop_it(self, relay: Relay, endpoint: OpenEndpoint) -> None:
        client, gone, back = await endpoint(), await endpoint(), await endpoint(echoes=True)
        address = gone.address
        gone.transport.close()
        relay.retarget(address)
        for _ in range(3):
            client.transport.sendto(b"refused", relay.address)
            assert await client.is_silent(0.02)
        relay.retarget(back.address)
        client.transport.sendto(b"hello", relay.address)
        assert (await client.next())[0] == b"hello"

    @pytest.mark.parametrize(("only_from", "passed"), [("127.0.0.1", 1), ("192.0.2.1", 0)])
    async def test_a_firewall_lets_one_address_in(
        self, server: Endpoint, endpoint: OpenEndpoint, only_from: str, passed: int
    ) -> None:
        relay = Relay.start(server.address, only_from=only_from)
        client = await endpoint()
        client.transport.sendto(b"knock", relay.address)
        await until(lambda: relay.up.counts.received == 1)
        assert (relay.up.counts.delivered, relay.up.counts.refused) == (passed, 1 - passed)
        relay.close()

    async def test_close_can_be_repeated(self, server: Endpoint) -> None:
        relay = Relay.start(server.address)
        relay.close()
        relay.close()
