"""The parts and the recording, for HR: to play and to download."""

import asyncio
import logging
import os

from aiohttp import web as aioweb

from db import stored_files
from db.errors import NotFound
from db.models import InterviewSession
from db.states import PartState
from media_server.aio.contained_files import OutsideFolder
from media_server.recording.chapters import ChapterMark, chapters_of, webvtt
from media_server.recording.names import download_name
from signaling.aio.errors import Problem
from web.auth import interview_for
from web.gate import hr_asker_of
from web.media import handed_over, send_file
from web.problems import NotReady
from web.services import SERVICES
from web.views import timeline_of

logger = logging.getLogger(__name__)

MAX_NUMBER_DIGITS = 9


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
    return await send(request, part.path)


async def download(request: aioweb.Request) -> aioweb.StreamResponse:
    """The recording, to keep."""
    session_id = request.match_info["session_id"]
    async with request.app[SERVICES].database.reading() as db_session:
        path = await stored_files.recording_path(db_session, session_id)
    if path is None:
        raise NotReady("The recording can be downloaded once the interview is finished and its parts are joined.")
    return await send(request, path, download_name(session_id))


async def chapters(request: aioweb.Request) -> aioweb.Response:
    """Where each question and take begins in the recording, as WebVTT; of what lies there so far."""
    interview = await seen_by_hr(request)
    return aioweb.Response(text=chapters_text(interview), content_type="text/vtt", charset="utf-8")


def chapters_text(interview: InterviewSession) -> str:
    """The chapters as a WebVTT file."""
    marks = [
        ChapterMark(part.number, mark.offset_ms, mark.question_index, mark.take)
        for part in interview.parts
        for mark in part.marks
        if mark.question_index is not None
    ]
    texts = {question.index: question.text for question in interview.questions}
    return webvtt(chapters_of(timeline_of(interview), marks, texts))


async def seen_by_hr(request: aioweb.Request) -> InterviewSession:
    """The interview that the path names. Raises NotFound."""
    services = request.app[SERVICES]
    asker = hr_asker_of(request)
    async with services.database.reading() as db_session:
        return await interview_for(db_session, asker, request.match_info["session_id"])


def part_number(request: aioweb.Request) -> int:
    """The part that the path names. Raises NotFound."""
    text = request.match_info["number"]
    if not text.isascii() or not text.isdigit() or len(text) > MAX_NUMBER_DIGITS:
        raise NotFound("no such part")
    return int(text)


async def send(
    request: aioweb.Request, path: str, name: str | None = None, *, content_type: str = "video/webm"
) -> aioweb.StreamResponse:
    """Send a file of the data folder. Raises FileMissing."""
    files = request.app[SERVICES].data_folder.files
    try:
        descriptor = await asyncio.to_thread(files.open, path)
    except (OSError, OutsideFolder):
        logger.exception("%s cannot be opened", path)
        raise FileMissing(
            "It should be on the server's disk and is not. The server's operator can find out why."
        ) from None
    try:
        handed = handed_over(request, path, content_type=content_type, download_name=name)
        if handed is not None:
            return handed
        return await send_file(request, descriptor, content_type=content_type, download_name=name)
    finally:
        os.close(descriptor)
