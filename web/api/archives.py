"""Whole interviews as a ZIP, one or a selection."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from aiohttp import web as aioweb

from db import work
from db.errors import NotFound
from db.models import InterviewSession
from db.states import PartState
from media_server.aio import recording_files
from media_server.recording import names
from media_server.recording.names import download_name
from web import views
from web.actors import Handed, What, note_handed
from web.api.captions import has_captions
from web.api.interviews import hr_told
from web.api.recordings import chapters_text
from web.archive import Archive, Member, folder_names
from web.auth import HrAsker, interview_for
from web.bodies import read_query
from web.gate import hr_asker_of
from web.media import attachment
from web.schema.archives import ArchiveAsked
from web.services import SERVICES, Services

ZIP: Final = "application/zip"


async def download_one(request: aioweb.Request) -> aioweb.StreamResponse:
    """Everything of one interview; how large it is is known before."""
    services, asker, session_id = request.app[SERVICES], hr_asker_of(request), request.match_info["session_id"]
    interview, members = await _members(services, asker, session_id)
    return await send_zip(request, interview, members)


async def send_zip(
    request: aioweb.Request, interview: InterviewSession, members: Sequence[Member]
) -> aioweb.StreamResponse:
    """One interview's folder as a ZIP whose size is known before."""
    services, session_id = request.app[SERVICES], interview.session_id
    with closing(Archive(services.data_folder.files, sized=True)) as archive:
        await services.sender.in_thread(archive.add, interview.candidate.folder, members)
        response = _response(download_name(session_id, "zip"))
        response.content_length = len(archive)
        note_handed(request, Handed(session_id, What.ARCHIVE))
        await response.prepare(request)
        if request.method != "HEAD":
            await _send(services, response, archive.pieces())
            await _send(services, response, archive.end())
            await response.write_eof()
    return response


async def download_several(request: aioweb.Request) -> aioweb.StreamResponse:
    """A selection. Files are opened interview by interview, so that a long one needs no more than a short one."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    session_ids = list(dict.fromkeys(read_query(request, ArchiveAsked).id))
    folders = await _folders(services, asker, session_ids)
    response = _response(f"interviews_{services.clock.utc_now():%Y%m%d_%H%M%S}.zip")
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    gone = []
    with closing(Archive(services.data_folder.files, sized=False)) as archive:
        for session_id, folder in zip(session_ids, folders, strict=True):
            try:
                _, members = await _members(services, asker, session_id)
            except NotFound:  # deleted since
                gone.append(folder)
                continue
            note_handed(request, Handed(session_id, What.ARCHIVE))
            await services.sender.in_thread(archive.add, folder, members)
            await _send(services, response, archive.pieces())
        if gone:
            archive.say_missing("", gone, "The interview was deleted while this archive was being made")
        await _send(services, response, archive.end())
        await response.write_eof()
    return response


async def _folders(services: Services, asker: HrAsker, session_ids: Sequence[str]) -> list[str]:
    """Each interview's folder in the archive. Raises NotFound when one of them is not theirs to see."""
    candidates = []
    async with services.database.reading() as db_session:
        for session_id in session_ids:
            interview = await interview_for(db_session, asker, session_id)
            candidates.append((interview.candidate.folder, re.sub(r"[^0-9A-Za-z_-]", "_", session_id)[:64]))
    return folder_names(candidates)


async def _members(services: Services, asker: HrAsker, session_id: str) -> tuple[InterviewSession, list[Member]]:
    """What an interview's folder holds. Raises NotFound."""
    async with services.database.reading() as db_session:
        interview = await interview_for(db_session, asker, session_id)
    told = await hr_told(services, interview)
    # What lets somebody connect is no matter of the interview's.
    document = told.model_dump_json(exclude={"ice_servers"}, indent=2)
    return interview, [*await files_of(services, interview), Member("interview.json", document.encode())]


async def files_of(services: Services, interview: InterviewSession) -> list[Member]:
    """Recording or parts, the answers' sounds, captions, chapters."""
    session_id = interview.session_id
    async with services.database.reading() as db_session:
        cut = await work.answer_sounds(db_session, session_id)
    members = [Member(path.rpartition("/")[2], path) for path in _videos(interview)]
    for index, take in sorted(cut):
        name = names.answer_name(session_id, index, take)
        members.append(Member(name, recording_files.sound_path(interview, name)))
    if await has_captions(services, interview):
        members.append(Member("captions.vtt", recording_files.captions_path(interview)))
    return [*members, Member("chapters.vtt", chapters_text(interview).encode())]


def _videos(interview: InterviewSession) -> list[str]:
    """The recording, or else the parts that have ended."""
    if interview.video_file_path is not None:
        return [interview.video_file_path]
    return [
        part.path
        for part in interview.parts
        if part.state is not PartState.OPEN and not views.is_joined(interview, part)
    ]


def _response(name: str) -> aioweb.StreamResponse:
    headers = {"Content-Disposition": attachment(name), "Cache-Control": "private, no-store"}
    response = aioweb.StreamResponse(headers=headers)
    response.content_type = ZIP
    return response


async def _send(services: Services, response: aioweb.StreamResponse, pieces: Iterator[bytes]) -> None:
    while piece := await services.sender.in_thread(next, pieces, b""):
        await response.write(piece)
