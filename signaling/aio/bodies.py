"""Bodies of requests, read piece by piece and refused as soon as they are too large, or too slow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web as aioweb

from signaling.aio.errors import Problem, Stalled

WITHIN_S: Final = 60.0
"A body that is held in memory, of a megabyte at most, has come by then, or does not come."


async def pieces(
    request: aioweb.Request, most_bytes: int, too_large: Problem, *, at_a_time: int = 262_144
) -> AsyncIterator[bytes]:
    """The body in pieces of at most `at_a_time` bytes. Raises `too_large` before or at the byte that is too many."""
    if (request.content_length or 0) > most_bytes:
        raise too_large
    received = 0
    async for piece in request.content.iter_chunked(at_a_time):
        received += len(piece)
        if received > most_bytes:
            raise too_large
        yield piece


async def whole(request: aioweb.Request, most_bytes: int, too_large: Problem) -> bytes:
    """All of it. Raises `too_large` and Stalled."""
    async with in_time():
        return b"".join([piece async for piece in pieces(request, most_bytes, too_large)])


@contextlib.asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Wait for a body no longer than anybody needs to send it. Raises Stalled."""
    try:
        async with asyncio.timeout(WITHIN_S):
            yield
    except TimeoutError:
        raise Stalled(f"It did not come within {WITHIN_S:g} s. Nothing was changed; please send it again.") from None
