"""Puts the relay between a page and the server, by rewriting what WHIP carries.

The offer's own candidates are taken out, so that the server cannot reach the browser beside
the relay; the answer's are replaced by the relay's address.
"""

import re
import socket
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Error, Page, Route

from tests.fakes.relay import Address, Conditions, Relay

CANDIDATE_LINE = re.compile(r"^a=candidate:.*\r?\n", re.MULTILINE)
UDP_CANDIDATE = re.compile(
    r"^a=candidate:\S+ \d+ udp \d+ (?P<host>[\d.]+) (?P<port>\d+) typ host", re.MULTILINE | re.IGNORECASE
)
WHIP = "**/whip/**"
CREATED = 201


def _silent_socket() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    return opened


@dataclass  # without slots: Playwright keeps notes on the handler's owner
class BadNetwork:
    """What lies between the pages of a context and the server. Each connection gets a relay of its own."""

    seed: int = 1
    "For what is lost and how it jitters."
    conditions: Conditions = field(default_factory=Conditions)
    "Of both directions, for new connections."
    host: str = "127.0.0.1"
    "The address of the relays of new connections."
    udp_only_from: str | None = None
    """A firewall that drops UDP: packets pass only from this address, a TURN server's. The offer's relayed candidates stay,
    so that the server may answer them as well."""
    relays: list[Relay] = field(default_factory=list)
    "One for each connection so far, the latest last."
    _silent: socket.socket = field(default_factory=_silent_socket)

    async def between(self, pages: Page | BrowserContext) -> None:
        """Send the media of these pages through relays from now on."""
        await pages.route(WHIP, self._handle)

    @property
    def relay(self) -> Relay:
        """The latest connection's."""
        return self.relays[-1]

    def cut(self) -> None:
        """Pull every cable."""
        for relay in self.relays:
            relay.cut()

    def move(self, host: str) -> None:
        """Another network: the old paths are gone, new connections go by another address."""
        self.cut()
        self.host = host

    def rebind(self, host: str) -> None:
        """The clients' packets come from another address and port, and nothing goes to the old one any more."""
        for relay in self.relays:
            relay.rebind(host)

    def set_both(self, conditions: Conditions) -> None:
        """The same conditions each way, for every connection."""
        self.conditions = conditions
        for relay in self.relays:
            relay.set_both(conditions)

    def close(self) -> None:
        """Free all ports."""
        for relay in self.relays:
            relay.close()
        self._silent.close()

    async def _handle(self, route: Route) -> None:
        if route.request.method not in {"POST", "PATCH"}:
            await route.continue_()
            return
        try:
            response = await route.fetch(post_data=self.offered(route.request.post_data or ""))
        except Error:  # the server is down; the page is to see it as it would without us
            await route.abort("connectionrefused")
            return
        if response.status != CREATED:
            await route.fulfill(response=response)
            return
        await route.fulfill(response=response, body=self.answered(await response.text()))

    def offered(self, sdp: str) -> str:
        """An offer as the server gets it: its candidates are hidden."""
        # aioice gives up at once when it has no candidate at all, so it gets one where nobody answers.
        return with_candidate(sdp, self._silent.getsockname(), keep_relayed=self.udp_only_from is not None)

    def answered(self, sdp: str) -> str:
        """An answer as the client gets it: with a new relay's address in it."""
        relay = Relay.start(
            first_candidate(sdp),
            host=self.host,
            seed=self.seed,
            up=self.conditions,
            down=self.conditions,
            only_from=self.udp_only_from,
        )
        self.relays.append(relay)
        return with_candidate(sdp, relay.address)


def first_candidate(sdp: str) -> Address:
    """Where the first IPv4 UDP host candidate points to. Raises ValueError when there is none."""
    match = UDP_CANDIDATE.search(sdp)
    if match is None:
        raise ValueError("the description holds no UDP candidate")
    return match["host"], int(match["port"])


def with_candidate(sdp: str, address: Address, *, keep_relayed: bool = False) -> str:
    """The description with each section's candidates replaced by one that points to `address`.

    `keep_relayed` leaves those of a TURN server beside it.
    """
    host, port = address
    only = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\n"
    replaced: list[str] = []
    is_replaced = False
    for line in sdp.splitlines(keepends=True):
        if line.startswith("m="):
            is_replaced = False
        if not CANDIDATE_LINE.match(line):
            replaced.append(line)
            continue
        if not is_replaced:
            replaced.append(only)
            is_replaced = True
        if keep_relayed and " typ relay" in line:
            replaced.append(line)
    return "".join(replaced)
