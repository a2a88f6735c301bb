"""A multipart form (RFC 7578) whose file goes to the disk as it comes: never more than a few pieces are in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import BinaryIO, Final, TypeVar

from aiohttp import BodyPartReader, ClientError, MultipartReader
from aiohttp import web as aioweb
from aiohttp.http_exceptions import HttpProcessingError

from signaling.aio.errors import Malformed, Stalled, StorageFull, TooLarge, UnsupportedMediaType

T = TypeVar("T")

CHUNK: Final = 262_144
"Octets that are read and written at a time."
SILENT_S: Final = 60.0
"Whoever sends nothing for so long is not waited for any more."
LEAST_OCTETS_PER_S: Final = 1_000
"On average, after the first minute; the worst of mobile networks sends ten times as much."
MOST_FIELDS: Final = 32
"Fields of a form."
LONGEST_FIELD: Final = 4_096
"Octets of a field that is no file; none that means something here has more than a few."
FORM_OCTETS: Final = 65_536
"What a form takes besides its file."
LOOK_EVERY: Final = 16_777_216
"Octets between two looks at how much room the disk has."

_PLAIN: Final = frozenset({"", "binary", "8bit", "7bit"})
_UNREADABLE: Final = (
    ValueError,
    AssertionError,
    RuntimeError,
    LookupError,
    TypeError,
    HttpProcessingError,
    ClientError,
)
"What aiohttp's reader says of a form that makes no sense, or that ends in the middle."


class Form:
    """One request's form. Whatever cannot be read is Malformed; nothing of it is this server's fault."""

    def __init__(self, request: aioweb.Request, *, most_octets: int, has_room: Callable[[], bool]) -> None:
        """Take a request; its file may have `most_octets`. Raises UnsupportedMediaType and TooLarge."""
        if request.content_type != "multipart/form-data":
            raise UnsupportedMediaType("Send multipart/form-data.")
        self._too_large = TooLarge(f"A file of up to {most_octets / 1_000_000:g} MB is taken. Nothing was stored.")
        if (request.content_length or 0) > most_octets + FORM_OCTETS:
            raise self._too_large
        self._request = request
        self._most_octets = most_octets
        self._has_room = has_room

    async def parts(self) -> AsyncIterator[BodyPartReader]:
        """Its fields, one after the other; each is to be read before the next comes. Raises Malformed and Stalled."""
        with _told():
            reader = await self._request.multipart()
        for _ in range(MOST_FIELDS):
            part = await _awaited(reader.next)
            if part is None:
                return
            if isinstance(part, MultipartReader):
                raise Malformed("A form in a form cannot be read. Nothing was stored.")
            yield part
        raise Malformed(f"A form has up to {MOST_FIELDS} fields here. Nothing was stored.")

    async def text(self, part: BodyPartReader) -> str:
        """A short field. Raises Malformed and Stalled."""
        octets = b""
        while chunk := await _chunk(part):
            octets += chunk
            if len(octets) > LONGEST_FIELD:
                raise Malformed(f"A field holds more than {LONGEST_FIELD} bytes. Nothing was stored.")
        return octets.decode(errors="replace").strip()

    async def save(self, part: BodyPartReader, file: BinaryIO) -> int:
        """Write a file field to an open file; returns its length.

        Raises Malformed, Stalled, TooLarge, UnsupportedMediaType (encoded as e-mail is), StorageFull and OSError.
        """
        if part.headers.get("Content-Transfer-Encoding", "").lower() not in _PLAIN:
            raise UnsupportedMediaType("Send the file as it is, without a transfer encoding.")
        received = looked_at = 0
        began = asyncio.get_running_loop().time()
        while chunk := await _chunk(part):
            received += len(chunk)
            if received > self._most_octets:
                raise self._too_large
            _check_pace(received, asyncio.get_running_loop().time() - began)
            if received - looked_at >= LOOK_EVERY:
                looked_at = received
                if not await asyncio.to_thread(self._has_room):
                    raise StorageFull("The server's disk has no room for it. Nothing was stored.")
            await asyncio.to_thread(_write, file, chunk)
        return received


def _check_pace(received: int, seconds: float) -> None:
    """Raises Stalled for whoever sends a little now and then, so that a place of the few is never free again."""
    if seconds > SILENT_S and received < seconds * LEAST_OCTETS_PER_S:
        raise Stalled("It came too slowly for its length. Nothing was stored; please send it over a better connection.")


def _write(file: BinaryIO, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[file.write(rest) :]


async def _chunk(part: BodyPartReader) -> bytes:
    # The last piece before a boundary may be empty although more follows; aiohttp says which is the end.
    chunk = b""
    while not chunk and not part.at_eof():
        chunk = bytes(await _awaited(lambda: part.read_chunk(CHUNK)))
    return chunk


async def _awaited(read: Callable[[], Awaitable[T]]) -> T:
    try:
        with _told():
            async with asyncio.timeout(SILENT_S):
                return await read()
    except TimeoutError:
        raise Stalled(f"Nothing came for {SILENT_S:g} s. Nothing was stored; please send it again.") from None


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (ConnectionError, *_UNREADABLE):
        raise Malformed("The form cannot be read, or ended in the middle. Nothing was stored.") from None
