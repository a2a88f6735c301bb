"""Sends one message: one POST, no redirects, no cookies, and nothing read of the answer but its status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, Self

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from yarl import URL

from db.webhooks import Attempt
from web.webhooks.guard import AddressRefused, guarded_socket

_TAKEN: Final = range(200, 300)
_MOVED: Final = range(300, 400)
_MOST_HEADER_BYTES: Final = 8_190

_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TimeoutError, "It did not answer in time."),
    (ClientSSLError, "Its certificate is not to be trusted, or it speaks no TLS."),
    (ClientConnectorDNSError, "There is no such host."),
    (ClientConnectorError, "No connection could be made."),
    (InvalidURL, "Its address cannot be used."),
    (ClientError, "The connection ended before there was an answer."),
    (OSError, "The connection ended before there was an answer."),
)
"What is told of each error; the first that fits counts."


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it."""

    attempt: Attempt
    "As it is written down."
    wish_s: float = 0.0
    "How long the receiver asks to be left alone (Retry-After), in seconds."


class Sender:
    """Sends: by `https` to anybody public, by `http` to allowed networks alone."""

    def __init__(self, allowed: Sequence[IPv4Network | IPv6Network], timeout_s: float) -> None:
        self._sessions = {scheme: _session(allowed, timeout_s, plain=scheme == "http") for scheme in ("http", "https")}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._sessions.values():
            await session.close()

    async def send(self, url: str, body: str, headers: Mapping[str, str]) -> Sent:
        """Send it. Whatever goes wrong is told, never raised."""
        try:
            session = self._sessions[URL(url).scheme]
            async with session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as response:
                # The answer's body is of no use to anybody here; closing without reading keeps a large one out.
                response.close()
                return _judged(response.status, response.headers.get("Retry-After", ""))
        except (TimeoutError, ClientError, OSError, ValueError, KeyError) as error:
            return Sent(Attempt(None, _in_words(error)))


def _in_words(error: Exception) -> str:
    # A certificate's error has no os_error, although it is of the same family.
    refused = getattr(error, "os_error", None) if not isinstance(error, ClientSSLError) else None
    if isinstance(refused, AddressRefused):
        return str(refused)
    return next((words for kind, words in _WORDS if isinstance(error, kind)), "Its address cannot be used.")


def _session(allowed: Sequence[IPv4Network | IPv6Network], timeout_s: float, *, plain: bool) -> ClientSession:
    def socket_to(address_info: Any) -> Any:
        return guarded_socket(address_info, allowed, plain=plain)

    return ClientSession(
        connector=TCPConnector(socket_factory=socket_to, force_close=True, use_dns_cache=False, limit=0),
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=timeout_s),
        headers={"User-Agent": "Holdfast-Webhooks/1", "Content-Type": "application/json"},
        auto_decompress=False,
        max_line_size=_MOST_HEADER_BYTES,
        max_field_size=_MOST_HEADER_BYTES,
        trust_env=False,
    )


def _judged(status: int, retry_after: str) -> Sent:
    if status in _TAKEN:
        return Sent(Attempt(status, None))
    if status == HTTPStatus.GONE:
        return Sent(Attempt(status, "It answered 410: it wants no more messages.", gone=True))
    if status in _MOVED:
        return Sent(Attempt(status, f"It answered {status}; redirects are not followed."))
    # Three digits are more than an hour; longer wishes are not granted anyway.
    wish_s = float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 6 else 0.0  # noqa: PLR2004
    return Sent(Attempt(status, f"It answered {status}."), wish_s)
