"""The TCP side of the pages: how many connections there may be, and how long one may stay without asking anything.

aiohttp's own protocol waits an hour for the head of a request and counts nobody. Whoever opens a thousand connections
and sends a letter a minute (Slowloris) would take every descriptor that a recording needs.
"""

import asyncio
import logging
import ssl
from collections import Counter
from typing import Any

from aiohttp import web as aioweb
from aiohttp.web_protocol import RequestHandler

from web.proxies import is_trusted
from web.settings import WebSettings

logger = logging.getLogger(__name__)

HEAD_OCTETS = 16_384
"Of the first line, and of one header; our longest are a tenth of that."
MOST_HEADERS = 100
HANDSHAKE_WITHIN_S = 15.0
"A connection that has no TLS after that is closed; asyncio would give it a minute."


class Counted:
    """Who is connected."""

    def __init__(self, settings: WebSettings) -> None:
        self._most = settings.max_connections
        self._most_each = settings.max_connections_per_address
        self._trusted = settings.proxies
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    def enter(self, address: str) -> bool:
        """Count one more; False when that is one too many. Trusted proxies speak for many, so only the sum binds them."""
        self._open[address] += 1
        if len(self) > self._most:
            return False
        return self._open[address] <= self._most_each or is_trusted(address, self._trusted)

    def leave(self, address: str) -> None:
        """One less."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


class _Connection(RequestHandler):
    """One of aiohttp's connections, counted from its first moment to its last."""

    __slots__ = ("_address", "_counted")

    def __init__(self, manager: Any, counted: Counted, **options: Any) -> None:
        super().__init__(manager, **options)
        self._counted = counted
        self._address: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        if not self._counted.enter(self._address):
            logger.debug("a connection was refused: there are too many")
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._address is not None:
            self._counted.leave(self._address)
            self._address = None
        super().connection_lost(exc)


class BoundedSite(aioweb.TCPSite):
    """Listens like aiohttp's TCPSite, within the bounds of the settings."""

    __slots__ = ("_settings", "counted")

    def __init__(self, runner: aioweb.AppRunner, settings: WebSettings, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(runner, settings.host, settings.port, ssl_context=tls)
        self._settings = settings
        self.counted = Counted(settings)

    async def start(self) -> None:
        """Begin to listen. Raises OSError."""
        await super(aioweb.TCPSite, self).start()
        server = self._runner.server
        loop = asyncio.get_running_loop()

        def connection() -> _Connection:
            # A body that comes compressed is refused unread (middleware.refuse_encoded).
            return _Connection(
                server,
                self.counted,
                loop=loop,
                keepalive_timeout=self._settings.keepalive_s,
                max_line_size=HEAD_OCTETS,
                max_field_size=HEAD_OCTETS,
                max_headers=MOST_HEADERS,
                auto_decompress=False,
                access_log=None,
            )

        within = HANDSHAKE_WITHIN_S if self._ssl_context else None
        self._server = await loop.create_server(
            connection,
            self._host,
            self._port,
            ssl=self._ssl_context,
            ssl_handshake_timeout=within,
            backlog=self._backlog,
        )
        self._bound_port = self._server.sockets[0].getsockname()[1]
