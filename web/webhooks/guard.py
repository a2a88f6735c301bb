"""Which addresses webhooks may reach: a URL that a user wrote must not lead into the server's own network (SSRF).

It is the resolved address that is judged, when the socket to it is made: a name that means one address when it is
looked up and another when it is used gets nowhere either.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

_NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052: the last four octets are an IPv4 address
_REFUSED: Final = "It leads to {address}, which is no public address, and the settings do not allow it."


class AddressRefused(OSError):  # noqa: N818  it says what happened
    """Nobody may be reached there."""


def may_be_reached(address: str, allowed: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address is public, or in one of the allowed networks. Raises ValueError for what is no address."""
    meant = _meant(ip_address(address.partition("%")[0]))
    if any(meant.version == network.version and meant in network for network in allowed):
        return True
    return meant.is_global and not meant.is_multicast and not meant.is_reserved


def is_allowed_by_name(address: str, allowed: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of the allowed networks."""
    meant = _meant(ip_address(address.partition("%")[0]))
    return any(meant.version == network.version and meant in network for network in allowed)


def guarded_socket(address_info: Any, allowed: Sequence[IPv4Network | IPv6Network], *, plain: bool) -> socket.socket:
    """A socket to one resolved address, as aiohttp's connector asks for. Raises AddressRefused.

    `plain`: the URL is `http`, which reaches allowed networks alone: everywhere else messages travel over TLS.
    """
    family, kind, protocol, _, where = address_info
    address = str(where[0])
    if not may_be_reached(address, allowed):
        raise AddressRefused(_REFUSED.format(address=address))
    if plain and not is_allowed_by_name(address, allowed):
        raise AddressRefused("Messages to the internet travel over https alone.")
    return socket.socket(family, kind, protocol)


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
