"""Who a request comes from when reverse proxies stand in front, and only those we were told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

Networks = Sequence[IPv4Network | IPv6Network]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request really comes from."""

    address: str
    "The client's address, as far back as trusted proxies vouch for it."
    scheme: str
    "`http` or `https`, as the client sees it."


def read_origin(
    peer: str, scheme: str, forwarded_for: Sequence[str], forwarded_proto: Sequence[str], trusted: Networks
) -> Origin:
    """Walk `X-Forwarded-For` from its end while the one before is trusted. The headers come as lists of their lines."""
    if not is_trusted(peer, trusted):
        return Origin(peer, scheme)
    address = peer
    for hop in reversed(_split(forwarded_for)):
        address = hop
        if not is_trusted(hop, trusted):
            break
    protocols = [protocol.lower() for protocol in _split(forwarded_proto)]
    if protocols and protocols[-1] in {"http", "https"}:
        scheme = protocols[-1]
    return Origin(address, scheme)


def _split(lines: Sequence[str]) -> list[str]:
    return [item.strip() for line in lines for item in line.split(",") if item.strip()]


def is_trusted(address: str, trusted: Networks) -> bool:
    """Whether an address is one of these proxies."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in trusted)
