"""Bodies of requests, read piece by piece and refused as soon as they are too large."""

from collections.abc import AsyncIterator

from aiohttp import web as aioweb

from signaling.aio.errors import Problem


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
    """All of it. Raises `too_large`."""
    return b"".join([piece async for piece in pieces(request, most_bytes, too_large)])
