"""How much of an address is kept: enough to tell home from elsewhere, too little to find a person by. Pure."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

_KEPT_BITS: Final = {4: 24, 6: 48}
"What data protection authorities count as shortened: the last octet of IPv4 goes, of IPv6 all but the site."


def shortened(address: str) -> str:
    """An address without its end, as in `203.0.113.0/24`; this machine's own stays, and what is no address is empty."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return str(ip)
    return str(ip_network((ip, _KEPT_BITS[ip.version]), strict=False))
