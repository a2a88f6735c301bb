"""Send a file that was opened below the data folder, whole or a stretch of it (RFC 9110)."""

import asyncio
import logging
import os
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web as aioweb

from signaling.aio.errors import PreconditionFailed, Problem
from web.proxies import is_trusted
from web.ranges import Changed, FileVersion, Stretch, Unchanged, Unsatisfiable, Whole, select
from web.sending import FileCut
from web.services import SERVICES

logger = logging.getLogger(__name__)

CACHING = "private, no-cache"
"A browser may keep it, and asks each time whether it still may have it."

INERT = {
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; img-src 'self'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
}
"""What people sent us is shown as what it is said to be, or not at all: it runs nothing, sends nothing, and is no part of
this site, whatever a browser takes it for."""


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
    response.headers.update(INERT)
    response.content_length = last + 1 - first
    if download_name is not None:
        response.headers["Content-Disposition"] = attachment(download_name)
    await response.prepare(request)
    if request.method != "HEAD":
        try:
            await request.app[SERVICES].sender.send(request, response, descriptor, first, last)
            await response.write_eof()
        except FileCut:
            raise
        except ConnectionError:  # as players do with every seek
            logger.debug("a client went before it had all of a file")
    return response


def handed_over(
    request: aioweb.Request, path: str, *, content_type: str, download_name: str | None
) -> aioweb.Response | None:
    """The answer that has nginx send a file of the data folder itself, ranges and all (X-Accel-Redirect).

    None where the settings name no location for that, or where nobody whom they trust stands between: whoever reaches
    us past the proxy would get an empty file.
    """
    settings = request.app[SERVICES].settings.web
    peer = None if request.transport is None else request.transport.get_extra_info("peername")
    if settings.accel_redirect is None or not peer or not is_trusted(peer[0], settings.proxies):
        return None
    headers = {"X-Accel-Redirect": settings.accel_redirect + quote(path), "Cache-Control": CACHING, **INERT}
    if download_name is not None:
        headers["Content-Disposition"] = attachment(download_name)
    return aioweb.Response(headers=headers, content_type=content_type)


def attachment(name: str) -> str:
    """What has a browser keep an answer as a file of this name, which fits into a quoted string."""
    return f'attachment; filename="{name}"'


def _version(descriptor: int) -> FileVersion:
    status = os.fstat(descriptor)
    # Closing a part patches it in place, which changes its time; the inode tells one recording from another.
    tag = f'"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"'
    return FileVersion(status.st_size, tag, datetime.fromtimestamp(status.st_mtime, UTC))


def _validators(version: FileVersion) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": CACHING,
        "ETag": version.entity_tag,
        "Last-Modified": version.last_modified,
    }
