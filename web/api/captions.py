"""Captions of a recording: a WebVTT file that HR attaches, shows and takes away again."""

import asyncio

from aiohttp import web as aioweb

from db import interviews
from db.audit import AuditEvent
from db.errors import NotFound
from db.models import InterviewSession
from db.states import InterviewState
from media_server.aio import recording_files
from media_server.recording.captions import LONGEST_OCTETS, NoCaptions, checked
from signaling.aio import bodies
from signaling.aio.errors import Problem, TooLarge, UnsupportedMediaType
from web.actors import Handed, What, note
from web.api.recordings import send
from web.audit_log import Once
from web.gate import interview_of
from web.problems import InConflict
from web.services import SERVICES, Services

TYPES = frozenset({"text/vtt", "text/plain", "application/octet-stream"})
"What browsers and programs call a .vtt file."


class BadCaptions(Problem):
    """What was sent is no WebVTT with captions in it."""

    status, name, title = 422, "no-captions", "These are no captions that can be shown"


async def get_captions(request: aioweb.Request) -> aioweb.StreamResponse:
    """As they were attached."""
    interview = await interview_of(request)
    if not await has_captions(request.app[SERVICES], interview):
        raise NotFound("no captions were attached")
    path, handed = recording_files.captions_path(interview), Handed(interview.session_id, What.CAPTIONS)
    return await send(request, path, content_type="text/vtt", handed=handed)


async def put_captions(request: aioweb.Request) -> aioweb.Response:
    """Attach them; what was there before is replaced."""
    interview, services = await interview_of(request), request.app[SERVICES]
    if request.content_type not in TYPES:
        raise UnsupportedMediaType("Send text/vtt.")
    too_large = TooLarge(f"Captions of up to {LONGEST_OCTETS // 1_000_000} MB are taken.")
    octets = await bodies.whole(request, LONGEST_OCTETS, too_large)
    try:
        text = checked(octets)
    except NoCaptions as problem:
        raise BadCaptions(f"{problem} Nothing was stored.") from None
    async with services.recordings.held(interview.session_id):
        async with services.database.reading() as db_session:
            now = await interviews.get_interview(db_session, interview.session_id)
        if now.state is InterviewState.DELETED or not now.parts:
            raise InConflict("There is no recording that they could belong to.")
        path = recording_files.captions_path(now)
        await asyncio.to_thread(recording_files.put_file, services.data_folder.files, path, text.encode())
    note(request, AuditEvent.UPLOADED, interview.session_id, {"what": What.CAPTIONS.value}, Once.NO)
    return aioweb.Response(status=204)


async def delete_captions(request: aioweb.Request) -> aioweb.Response:
    """Take them away. Repeating it is harmless."""
    interview, services = await interview_of(request), request.app[SERVICES]
    async with services.recordings.held(interview.session_id):
        await asyncio.to_thread(services.data_folder.files.remove, recording_files.captions_path(interview))
    return aioweb.Response(status=204)


async def has_captions(services: Services, interview: InterviewSession) -> bool:
    """Whether somebody attached some."""
    path = recording_files.captions_path(interview)
    return await asyncio.to_thread(services.data_folder.files.stat, path) is not None
