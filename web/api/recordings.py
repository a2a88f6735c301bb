"""The parts and the recording, for HR: to play and to download."""

import asyncio
import logging
import os

from aiohttp import web as aioweb

from db import stored_files
from db.models import InterviewSession
from db.states import PartState
from media_server.aio.contained_files import OutsideFolder
from media_server.aio.marked import chapters_in
from media_server.recording.chapters import webvtt
from media_server.recording.names import download_name
from signaling.aio.errors import Problem
from web.actors import Handed, What, note_handed
from web.gate import interview_of
from web.ids import row_id
from web.media import handed_over, send_file
from web.problems import NotReady
from web.services import SERVICES

logger = logging.getLogger(__name__)


class FileMissing(Problem):
    """The database knows the file, the disk does not."""

    status, name, title = 410, "file-missing", "The file is gone"


class PartJoined(Problem):
    """The part's own file is gone for good: the recording holds it."""

    status, name, title = 410, "part-joined", "This part is in the recording now"


async def get_part(request: aioweb.Request) -> aioweb.StreamResponse:
    """One part, as it lies there; not while it is being written."""
    number = part_number(request)
    async with request.app[SERVICES].database.reading() as db_session:
        part = await stored_files.part_file(db_session, request.match_info["session_id"], number)
    if part.state is PartState.OPEN:
        raise NotReady("This part is still being recorded. It can be played once it has ended.")
    if part.is_joined:
        raise PartJoined("The parts of this interview have been joined. Its recording holds this one too.")
    handed = Handed(request.match_info["session_id"], What.PART, number)
    return await send(request, part.path, handed=handed)


async def download(request: aioweb.Request) -> aioweb.StreamResponse:
    """The recording, to keep."""
    session_id = request.match_info["session_id"]
    async with request.app[SERVICES].database.reading() as db_session:
        path = await stored_files.recording_path(db_session, session_id)
    if path is None:
        raise NotReady("The recording can be downloaded once the interview is finished and its parts are joined.")
    return await send(request, path, download_name(session_id), handed=Handed(session_id, What.RECORDING))


async def chapters(request: aioweb.Request) -> aioweb.Response:
    """Where each question and take begins in the recording, as WebVTT; of what lies there so far."""
    interview = await interview_of(request)
    return aioweb.Response(text=chapters_text(interview), content_type="text/vtt", charset="utf-8")


def chapters_text(interview: InterviewSession) -> str:
    """The chapters as a WebVTT file."""
    return webvtt(chapters_in(interview))


def part_number(request: aioweb.Request) -> int:
    """The part that the path names. Raises NotFound."""
    return row_id(request, "number")


async def send(
    request: aioweb.Request,
    path: str,
    name: str | None = None,
    *,
    content_type: str = "video/webm",
    handed: Handed | None = None,
) -> aioweb.StreamResponse:
    """Send a file of the data folder. `handed`: what the audit says of it. Raises FileMissing."""
    files = request.app[SERVICES].data_folder.files
    try:
        descriptor = await asyncio.to_thread(files.open, path)
    except (OSError, OutsideFolder):
        logger.exception("%s cannot be opened", path)
        raise FileMissing(
            "It should be on the server's disk and is not. The server's operator can find out why."
        ) from None
    try:
        if handed is not None:
            note_handed(request, handed)
        by_proxy = handed_over(request, path, content_type=content_type, download_name=name)
        if by_proxy is not None:
            return by_proxy
        return await send_file(request, descriptor, content_type=content_type, download_name=name)
    finally:
        os.close(descriptor)
