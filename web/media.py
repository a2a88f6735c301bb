"""Send a file that was opened below the data folder, whole or a stretch of it (RFC 9110)."""

import asyncio
import os
from datetime import UTC, datetime

from aiohttp import web as aioweb

from signaling.aio.errors import PreconditionFailed, Problem
from web.ranges import Changed, FileVersion, Stretch, Unchanged, Unsatisfiable, Whole, select

CHUNK = 256 * 1024
"Bytes that are read at a time, in a thread; six seconds of a recording at its cap."


class RangeNotSatisfiable(Problem):
    """The file does not reach as far as the range asks."""

    status, name, title = 416, "range-not-satisfiable", "The file is shorter than that"


async def send_file(
    request: aioweb.Request, descriptor: int, *, content_type: str = "video/webm", download_name: str | None = None
) -> aioweb.StreamResponse:
    """Answer a GET or HEAD from an open descriptor, which is the caller's to close.

    Raises PreconditionFailed and RangeNotSatisfiable before anything is sent.
    """
    version = await asyncio.to_thread(_version, descriptor)
    match select(request.headers, version):
        case Changed():
            raise PreconditionFailed("The file has changed since.")
        case Unsatisfiable():
            headers = {"Content-Range": f"bytes */{version.size}", "Accept-Ranges": "bytes"}
            raise RangeNotSatisfiable("Ask for bytes that the file has.", headers)
        case Unchanged():
            return aioweb.Response(status=304, headers=_validators(version))
        case Whole():
            response = aioweb.StreamResponse(headers=_validators(version))
            first, last = 0, version.size - 1
        case Stretch(first, last):
            response = aioweb.StreamResponse(status=206, headers=_validators(version))
            response.headers["Content-Range"] = f"bytes {first}-{last}/{version.size}"
    response.content_type = content_type
    response.content_length = last + 1 - first
    if download_name is not None:
        response.headers["Content-Disposition"] = f'attachment; filename="{download_name}"'
    await _send(request, response, descriptor, first, last)
    return response


def _version(descriptor: int) -> FileVersion:
    status = os.fstat(descriptor)
    # Closing a part patches it in place, which changes its time; the inode tells one recording from another.
    tag = f'"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"'
    return FileVersion(status.st_size, tag, datetime.fromtimestamp(status.st_mtime, UTC))


def _validators(version: FileVersion) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "ETag": version.entity_tag,
        "Last-Modified": version.last_modified,
    }


async def _send(
    request: aioweb.Request, response: aioweb.StreamResponse, descriptor: int, first: int, last: int
) -> None:
    await response.prepare(request)
    if request.method == "HEAD":
        return
    position = first
    while position <= last:
        chunk = await asyncio.to_thread(os.pread, descriptor, min(CHUNK, last + 1 - position), position)
        if not chunk:
            # Shorter than it was a moment ago; a broken connection tells the client, a tidy end would not.
            raise ConnectionResetError("the file was cut while it was being sent")
        await response.write(chunk)
        position += len(chunk)
    await response.write_eof()
