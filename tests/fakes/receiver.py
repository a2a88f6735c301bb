"""A program that takes webhooks: a real HTTP server, which answers as a test says and keeps what came."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web as aioweb

HANG = 0
"Instead of a status: no answer, until the connection ends."


@dataclass(frozen=True, slots=True)
class Message:
    """What came."""

    path: str
    headers: dict[str, str]
    "Names in lower case."
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass
class Receiver:
    """Answers 200 unless `answers` has something else to say first."""

    url: str = ""
    answers: deque[int] = field(default_factory=deque)
    headers: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: aioweb.Request) -> aioweb.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.messages.append(Message(request.path, headers, await request.read()))
            self._changed.set()
            status = self.answers.popleft() if self.answers else 200
            if status == HANG:
                await asyncio.Event().wait()
            return aioweb.Response(status=status, headers=self.headers)
        finally:
            self.at_once -= 1

    async def got(self, count: int, *, within_s: float = 15) -> list[Message]:
        """Wait until so many came."""
        async with asyncio.timeout(within_s):
            while len(self.messages) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.messages


@asynccontextmanager
async def receiver(port: int = 0, *, receiver_: Receiver | None = None) -> AsyncIterator[Receiver]:
    """Listen until the caller is done."""
    receiving = receiver_ or Receiver()
    app = aioweb.Application()
    app.router.add_route("*", "/{path:.*}", receiving.take)
    runner = aioweb.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await aioweb.TCPSite(runner, "127.0.0.1", port).start()
        receiving.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
        yield receiving
    finally:
        await runner.cleanup()
