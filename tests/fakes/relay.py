"""A UDP relay with the manners of a bad network, for tests and benchmarks.

It stands between a WebRTC client and the server like a NAT: each client address gets an
upstream socket of its own, and what comes back there goes back to that client. Every packet
is given an absolute time of delivery when it arrives (:meth:`Link.delivery_time`), so late
timers never add up.
"""

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

Address = tuple[str, int]

LARGEST_DATAGRAM = 65_535
BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True)
class Conditions:
    """What one direction of the network does to packets."""

    loss: float = 0.0
    "Probability that a packet vanishes, 0 to 1, each packet by itself."
    delay_s: float = 0.0
    "Seconds that each packet takes; half of the round-trip time when both directions have it."
    jitter_s: float = 0.0
    "Each packet takes up to this much more or less, evenly spread; packets may overtake each other, as with netem."
    bits_per_second: int | None = None
    "What the bottleneck passes, UDP payload; None for as much as comes."
    queue_s: float = 0.3
    "How long the bottleneck's drop-tail queue may become, in seconds of its rate."


@dataclass(slots=True)
class Counts:
    """What happened to the packets of one direction."""

    received: int = 0
    "Packets that came in."
    delivered: int = 0
    "Packets that went out."
    lost: int = 0
    "Packets that vanished at random."
    dropped: int = 0
    "Packets that found the queue full, or the line cut."
    refused: int = 0
    "Packets that the firewall did not let in."


@dataclass(slots=True)
class Link:
    """One direction: decides for each packet when, and whether, it is delivered. Reads no clock."""

    randomness: random.Random
    "Seeded, so that a run can be repeated."
    conditions: Conditions = field(default_factory=Conditions)
    "May be replaced at any time; what is under way keeps its delivery time."
    counts: Counts = field(default_factory=Counts)
    "What happened so far."
    _free_at: float = 0.0

    def delivery_time(self, size: int, now: float) -> float | None:
        """When a packet of `size` bytes that arrives at `now` comes out; None when it does not."""
        self.counts.received += 1
        # Both random numbers are drawn for every packet: the same seed loses the same packets whatever the delay is.
        lost = self.randomness.random() < self.conditions.loss
        jitter = self.randomness.uniform(-1, 1) * self.conditions.jitter_s
        leaves_at = self._through_bottleneck(size, now)
        if leaves_at is None:
            self.counts.dropped += 1
            return None
        if lost:
            self.counts.lost += 1
            return None
        return max(now, leaves_at + self.conditions.delay_s + jitter)

    def _through_bottleneck(self, size: int, now: float) -> float | None:
        rate = self.conditions.bits_per_second
        if rate is None:
            self._free_at = now
            return now
        starts_at = max(now, self._free_at)
        if starts_at - now > self.conditions.queue_s:
            return None
        self._free_at = starts_at + size * BITS_PER_BYTE / rate
        return self._free_at


class Relay:
    """Passes packets between clients and one upstream address under given conditions.

    Use :meth:`start`; needs a running event loop. ``up`` is the direction from the clients to
    the upstream address, ``down`` the one back; assign ``relay.up.conditions`` to change one.
    ``only_from`` makes it a firewall as well: what clients at any other address send is dropped.
    """

    def __init__(self, upstream: Address, host: str, seed: int, only_from: str | None) -> None:
        self.upstream = upstream
        self.only_from = only_from
        self.up = Link(random.Random(seed))
        self.down = Link(random.Random(seed + 1))
        self._upstream_host = host
        self._loop = asyncio.get_running_loop()
        self._is_cut = False
        self._deliveries: set[asyncio.TimerHandle] = set()
        self._toward_upstream: dict[Address, socket.socket] = {}
        self._listener = _open_socket(host)
        self._loop.add_reader(self._listener, self._receive_from_clients)

    @classmethod
    def start(
        cls,
        upstream: Address,
        *,
        host: str = "127.0.0.1",
        seed: int = 1,
        up: Conditions | None = None,
        down: Conditions | None = None,
        only_from: str | None = None,
    ) -> Self:
        """Listen on a free port of `host`; see :attr:`address`."""
        relay = cls(upstream, host, seed, only_from)
        relay.up.conditions = up or Conditions()
        relay.down.conditions = down or Conditions()
        return relay

    @property
    def address(self) -> Address:
        """Where clients send to."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    @property
    def is_cut(self) -> bool:
        """True between :meth:`cut` and :meth:`resume`."""
        return self._is_cut

    def cut(self) -> None:
        """Pull the cable: nothing passes, what is under way is gone."""
        self._is_cut = True
        for delivery in self._deliveries:
            delivery.cancel()
        self._deliveries.clear()

    def resume(self) -> None:
        """Put the cable back."""
        self._is_cut = False

    def set_both(self, conditions: Conditions) -> None:
        """The same conditions each way."""
        self.up.conditions = conditions
        self.down.conditions = conditions

    def rebind(self, host: str | None = None) -> None:
        """Give every client a new upstream port, as a NAT does that forgot its mapping; of `host`, when it moves there."""
        self._close_upstream_sockets()
        self._upstream_host = host or self._upstream_host

    def retarget(self, upstream: Address) -> None:
        """Send what comes from now on to another address."""
        self._close_upstream_sockets()
        self.upstream = upstream

    def close(self) -> None:
        """Stop and free all ports. Repeatable."""
        if self._listener.fileno() < 0:
            return
        self.cut()
        self._close_upstream_sockets()
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _close_upstream_sockets(self) -> None:
        for upstream_socket in self._toward_upstream.values():
            self._loop.remove_reader(upstream_socket)
            upstream_socket.close()
        self._toward_upstream.clear()

    def _upstream_socket(self, client: Address) -> socket.socket:
        known = self._toward_upstream.get(client)
        if known is not None:
            return known
        opened = _open_socket(self._upstream_host)
        self._toward_upstream[client] = opened
        self._loop.add_reader(opened, self._receive_from_upstream, opened, client)
        return opened

    def _receive_from_clients(self) -> None:
        for data, client in _waiting_datagrams(self._listener):
            if self.only_from not in {None, client[0]}:
                self.up.counts.received += 1
                self.up.counts.refused += 1
                continue
            self._pass_on(self.up, data, lambda data=data, client=client: self._send_up(data, client))  # type: ignore[misc]  # the defaults bind the loop's variables

    def _receive_from_upstream(self, upstream_socket: socket.socket, client: Address) -> None:
        for data, _ in _waiting_datagrams(upstream_socket):
            self._pass_on(self.down, data, lambda data=data: self._send_down(data, client))  # type: ignore[misc]  # the default binds the loop's variable

    def _pass_on(self, link: Link, data: bytes, send: Callable[[], None]) -> None:
        if self._is_cut:
            link.counts.received += 1
            link.counts.dropped += 1
            return
        now = self._loop.time()
        due = link.delivery_time(len(data), now)
        if due is None:
            return
        if due <= now:
            link.counts.delivered += 1
            send()
            return
        self._send_at(due, link, send)

    def _send_at(self, due: float, link: Link, send: Callable[[], None]) -> None:
        def deliver() -> None:
            self._deliveries.discard(handle)
            link.counts.delivered += 1
            send()

        handle = self._loop.call_at(due, deliver)
        self._deliveries.add(handle)

    def _send_up(self, data: bytes, client: Address) -> None:
        with suppress(OSError):  # UDP promises nothing; a refused or full socket is one more lost packet
            self._upstream_socket(client).sendto(data, self.upstream)

    def _send_down(self, data: bytes, client: Address) -> None:
        with suppress(OSError):
            self._listener.sendto(data, client)


def _open_socket(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.bind((host, 0))
    return opened


def _waiting_datagrams(source: socket.socket) -> list[tuple[bytes, Address]]:
    """Everything that lies in the socket's buffer now."""
    datagrams: list[tuple[bytes, Address]] = []
    # A refused send to a closed port is reported on the next read; the packet that it was about is simply gone.
    with suppress(BlockingIOError, ConnectionRefusedError):
        while True:
            datagrams.append(source.recvfrom(LARGEST_DATAGRAM))
    return datagrams
