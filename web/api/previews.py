"""What a recording looks and sounds like at a glance: poster, sheet of thumbnails, waveform. For HR."""

import asyncio

from aiohttp import web as aioweb

from db.errors import NotFound
from media_server.aio import recording_files
from media_server.aio.previews import INDEX, POSTER, THUMBNAILS
from media_server.recording import names
from web.api.recordings import send
from web.gate import interview_of
from web.problems import NotReady
from web.services import SERVICES
from web.views import has_previews


async def get_index(request: aioweb.Request) -> aioweb.StreamResponse:
    """How the thumbnails lie in their sheet, and the waveform."""
    return await _send(request, INDEX, "application/json")


async def get_poster(request: aioweb.Request) -> aioweb.StreamResponse:
    """One picture."""
    return await _send(request, POSTER, "image/jpeg")


async def get_thumbnails(request: aioweb.Request) -> aioweb.StreamResponse:
    """All thumbnails in one picture."""
    return await _send(request, THUMBNAILS, "image/jpeg")


async def _send(request: aioweb.Request, kind: str, content_type: str) -> aioweb.StreamResponse:
    interview = await interview_of(request)
    if not has_previews(interview) or interview.preview_of is None:
        raise NotReady("Previews are drawn once the recording is stored; it takes a moment.")
    name = names.preview_name(interview.preview_of, kind)
    path = f"{recording_files.previews_folder(interview)}/{name}"
    files = request.app[SERVICES].data_folder.files
    if kind != INDEX and await asyncio.to_thread(files.stat, path) is None:
        raise NotFound("there is no picture in this recording")
    return await send(request, path, content_type=content_type)
