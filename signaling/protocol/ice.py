"""ICE in session descriptions (RFC 8839): credentials and candidates, checked before anything acts on them."""

import ipaddress
import re
from dataclasses import dataclass

from signaling.protocol.sdp import MalformedSdp

# Each candidate makes this server send checks to an address of the sender's choice.
MAX_ICE_CANDIDATES = 32

_UFRAG = re.compile(r"[A-Za-z0-9+/=_-]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/=_-]{22,256}")
_CANDIDATE = re.compile(
    r"(?P<foundation>[A-Za-z0-9+/]{1,32}) (?P<component>\d{1,3}) (?P<transport>[A-Za-z]{1,16}) (?P<priority>\d{1,10})"
    r" (?P<address>[A-Za-z0-9.:-]{1,255}) (?P<port>\d{1,5}) typ (?P<type>[a-z]{1,16})(?P<rest>(?: [!-~]+)*)"
)
_TYPES = frozenset({"host", "srflx", "prflx", "relay"})
_RTP_COMPONENT = 1
_HIGHEST_PORT = 65_535
_HIGHEST_PRIORITY = 2**31 - 1


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """What one side's connectivity checks are signed with; another pair means an ICE restart."""

    ufrag: str
    "The username fragment."
    pwd: str
    "The password."


def read_credentials(ufrag: str, pwd: str) -> IceCredentials:
    """Check both against RFC 8839 section 5.4. Raises :class:`MalformedSdp`."""
    # Firefox and libwebrtc keep to the RFC's ice-char; some others write the URL-safe base64 alphabet.
    if _UFRAG.fullmatch(ufrag) is None or _PWD.fullmatch(pwd) is None:
        raise MalformedSdp("The ICE credentials are not of the form that RFC 8839 gives them.")
    return IceCredentials(ufrag, pwd)


def read_ice_candidate(value: str) -> str | None:
    """Give back what is of use of an `a=candidate:` value, None when it is of no use to us.

    Of no use: other components than RTP's (we multiplex), TCP, and names: looking up an mDNS name (`….local`) would
    cost a multicast and seconds, while the browser behind it reaches us by itself and is learnt from its checks.
    Raises :class:`MalformedSdp`.
    """
    match = _CANDIDATE.fullmatch(value)
    if match is None:
        raise MalformedSdp("An ICE candidate is not of the form that RFC 8839 gives it.")
    of_use = (
        int(match["component"]) == _RTP_COMPONENT
        and match["transport"].lower() == "udp"
        and match["type"] in _TYPES
        and 0 < int(match["port"]) <= _HIGHEST_PORT
        and int(match["priority"]) <= _HIGHEST_PRIORITY
        and _is_unicast(match["address"])
    )
    if not of_use:
        return None
    return f"{match['foundation']} 1 udp {match['priority']} {match['address']} {match['port']} typ {match['type']}"


def _is_unicast(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (parsed.is_multicast or parsed.is_unspecified or address == "255.255.255.255")
