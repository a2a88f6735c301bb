"""STUN and TURN servers, with credentials that coturn's `use-auth-secret` takes."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

USUAL_PORT = 3478
USUAL_TLS_PORT = 5349
_HIGHEST_PORT = 65_535
_URL = re.compile(
    r"(?P<scheme>stuns?|turns?):(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class IceUrl:
    """A STUN or TURN URL, read."""

    is_turn: bool
    "Whether it relays; STUN only tells addresses."
    host: str
    "Name or address, an IPv6 one without brackets."
    port: int
    "Its port, or the usual one."
    over_tcp: bool
    "TCP carries it, otherwise UDP."
    is_secure: bool
    "Under TLS, or DTLS over UDP."


def read_ice_url(url: str) -> IceUrl:
    """Read a URL (RFC 7064, RFC 7065). Raises ValueError when it is none; a browser would refuse the whole list then."""
    match = _URL.fullmatch(url)
    if match is None or not 0 < int(match["port"] or USUAL_PORT) <= _HIGHEST_PORT:
        raise ValueError(f"{url!r} is no STUN or TURN URL, as in stun:stun.example.org")
    is_turn, is_secure = match["scheme"].startswith("turn"), match["scheme"].endswith("s")
    if match["transport"] is not None and not is_turn:
        raise ValueError(f"{url!r} names a transport, which only TURN URLs may")
    return IceUrl(
        is_turn,
        match["host"].strip("[]"),
        int(match["port"] or (USUAL_TLS_PORT if is_secure else USUAL_PORT)),
        over_tcp=match["transport"] == "tcp" or (is_secure and match["transport"] is None),
        is_secure=is_secure,
    )


@dataclass(frozen=True, slots=True)
class IceServer:
    """What a browser's `RTCPeerConnection` takes as one of `iceServers`."""

    urls: tuple[str, ...]
    "As in `stun:stun.example.org` and `turn:turn.example.org?transport=tcp` (RFC 7064, RFC 7065)."
    username: str | None = None
    "TURN only."
    credential: str | None = None
    "TURN only: the password."

    def as_json(self) -> dict[str, object]:
        """The shape of an RTCIceServer; STUN servers have no credentials."""
        if self.username is None or self.credential is None:
            return {"urls": list(self.urls)}
        return {"urls": list(self.urls), "username": self.username, "credential": self.credential}


def time_limited_credential(secret: str, name: str, expires_at: int) -> tuple[str, str]:
    """User name and password that a TURN server with the same secret takes until `expires_at` (Unix seconds).

    This is the scheme of draft-uberti-behave-turn-rest-00, which coturn speaks: the user name holds the expiry, the
    password is its HMAC-SHA1. SHA-1 is the server's choice; as a MAC it is still sound.
    """
    username = f"{expires_at}:{name}"
    mac = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(mac).decode()


def ice_servers(
    urls: Sequence[str], *, secret: str | None, name: str, expires_at: int, fixed: tuple[str, str] | None = None
) -> list[IceServer]:
    """The servers to tell a browser of, STUN before TURN.

    TURN URLs come with a time-limited credential for `name` when there is a `secret`, otherwise with the `fixed` user
    name and password.
    """
    stun = tuple(url for url in urls if not _is_turn(url))
    turn = tuple(url for url in urls if _is_turn(url))
    servers = [IceServer(stun)] if stun else []
    if turn:
        username, credential = time_limited_credential(secret, name, expires_at) if secret else (fixed or (None, None))
        servers.append(IceServer(turn, username, credential))
    return servers


def _is_turn(url: str) -> bool:
    return url.lower().startswith(("turn:", "turns:"))
