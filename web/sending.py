"""Sends stretches of files over a connection: by the kernel where nothing has to be encrypted, piece by piece elsewhere.

uvloop has no `sendfile`, so the system's is called on the connection's descriptor, in a few threads of our own: a file
that is not in memory makes a thread wait, never the loop. A thread sends until the connection takes no more; whether it
takes more is heard in the loop, so that a slow reader holds no thread.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, TypeVarTuple

from aiohttp import web as aioweb

THREADS: Final = 4
"Each is busy only while the kernel copies, or reads from a disk."
ROUND: Final = 8 * 1024 * 1024
"Octets that one connection is sent before another has its turn in the thread."
CHUNK: Final = 256 * 1024
"Octets that are read at a time where they cannot be sent by the kernel; six seconds of a recording at its cap."
LOOK_EVERY_S: Final = 5.0
"How often it is looked whether a connection that takes nothing has been closed meanwhile."

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class FileCut(ConnectionResetError):  # noqa: N818  it says what happened
    """The file is shorter than it was a moment ago."""


class FileSender:
    """The threads that send files. Close it at the end."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "sender")

    def close(self) -> None:
        """Let the threads go; what is being sent then has ended before."""
        self._threads.shutdown(wait=False)

    async def send(
        self, request: aioweb.Request, response: aioweb.StreamResponse, descriptor: int, first: int, last: int
    ) -> None:
        """Send the file's octets `first` to `last`, itself included; the response is prepared and sends nothing else.

        Raises FileCut when the file is shorter than that by now (a broken connection tells the client so, a tidy end
        would not), and any other ConnectionError when the client has gone.
        """
        transport, position = request.transport, first
        if transport is None or not _is_plain(transport):
            while position <= last:
                position += await self._send_chunk(response, descriptor, position, last)
            return
        async with _unbuffered(transport):
            # What aiohttp wrote goes first. It is a head, and usually gone with the loop's next turn.
            await asyncio.sleep(0)
            while position <= last and not transport.is_closing() and transport.get_write_buffer_size():
                position += await self._send_chunk(response, descriptor, position, last)
            if position <= last:
                await self._send_by_kernel(transport, descriptor, position, last)

    async def in_thread(self, work: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Have something done that may wait for the disk. Who is cancelled waits for its end: it holds open files."""
        doing = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            while not doing.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([doing])
            raise

    async def _send_chunk(self, response: aioweb.StreamResponse, descriptor: int, position: int, last: int) -> int:
        chunk = await self.in_thread(os.pread, descriptor, min(CHUNK, last + 1 - position), position)
        if not chunk:
            raise _cut()
        await response.write(chunk)
        return len(chunk)

    async def _send_by_kernel(self, transport: asyncio.Transport, descriptor: int, position: int, last: int) -> None:
        if transport.is_closing():
            raise _gone()
        # A descriptor of our own: the loop lets nobody else watch its own, and closes it when the client goes.
        connection = os.dup(transport.get_extra_info("socket").fileno())
        try:
            while True:
                position, takes_more = await self.in_thread(_send_round, connection, descriptor, position, last)
                if position > last:
                    return
                if not takes_more:
                    await _takes_more(connection, transport)
                if transport.is_closing():
                    raise _gone()
        finally:
            os.close(connection)


def _is_plain(transport: asyncio.Transport) -> bool:
    connection = transport.get_extra_info("socket")
    families = {socket.AF_INET, socket.AF_INET6}
    return (
        hasattr(os, "sendfile")
        and transport.get_extra_info("sslcontext") is None
        and connection is not None
        and connection.family in families
    )


@contextlib.asynccontextmanager
async def _unbuffered(transport: asyncio.Transport) -> AsyncIterator[None]:
    """Whoever waits until aiohttp's writes are taken waits until all of them are, so that nothing overtakes them."""
    transport.set_write_buffer_limits(high=0)
    try:
        yield
    finally:
        if not transport.is_closing():  # uvloop takes no word for one that is closed
            transport.set_write_buffer_limits()


def _send_round(connection: int, descriptor: int, position: int, last: int) -> tuple[int, bool]:
    """Send what the connection takes now; returns where it goes on, and whether the connection takes more. In a thread."""
    end = min(last + 1, position + ROUND)
    while position < end:
        try:
            sent = os.sendfile(connection, descriptor, position, end - position)
        except BlockingIOError:
            return position, False
        if not sent:
            raise _cut()
        position += sent
    return position, True


async def _takes_more(connection: int, transport: asyncio.Transport) -> None:
    """Wait until the connection takes more, or its client has gone."""
    loop, taken = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(connection, taken.set)
    try:
        while not taken.is_set() and not transport.is_closing():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await taken.wait()
    finally:
        loop.remove_writer(connection)


def _cut() -> FileCut:
    return FileCut("the file was cut while it was being sent")


def _gone() -> ConnectionResetError:
    return ConnectionResetError("the client has gone")
