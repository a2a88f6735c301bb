"""The recording as an MP4: asked for, waited for, downloaded."""

from aiohttp import web as aioweb

from db import exports, interviews, stored_files
from db.audit import AuditEvent
from db.exports import ExportKind, ExportState, ExportStatus
from media_server.aio import recording_files
from media_server.recording.names import download_name
from web.actors import Handed, What, note
from web.api.recordings import send
from web.bodies import answer
from web.problems import NotReady
from web.schema.exports import ExportTold
from web.services import SERVICES, Services
from web.views import api_url


async def ask_for_mp4(request: aioweb.Request) -> aioweb.Response:
    """Have it made, unless it is there already. Repeating it is harmless."""
    services, session_id = request.app[SERVICES], request.match_info["session_id"]
    async with services.database.reading() as db_session:
        if await stored_files.recording_path(db_session, session_id) is None:
            raise NotReady("An MP4 can be made once the interview is finished and its parts are joined.")
    await services.exports.ask(session_id, ExportKind.MP4)
    note(request, AuditEvent.EXPORTED, session_id, {"what": What.MP4.value})
    services.heavy_work.wake()
    told = await mp4_of(services, session_id)
    return answer(told, status=200 if told.state is ExportState.READY else 202)


async def get_mp4(request: aioweb.Request) -> aioweb.Response:
    """How far it is."""
    return answer(await mp4_of(request.app[SERVICES], request.match_info["session_id"]))


async def download_mp4(request: aioweb.Request) -> aioweb.StreamResponse:
    """The MP4 itself."""
    services, session_id = request.app[SERVICES], request.match_info["session_id"]
    async with services.database.reading() as db_session:
        status = await exports.status(db_session, session_id, ExportKind.MP4)
        folder = (await interviews.get_interview(db_session, session_id)).candidate.folder
    if status.state is not ExportState.READY:
        raise NotReady("There is no MP4 of it yet, or not any more. Ask for one first.")
    path = recording_files.export_path(folder, session_id, ExportKind.MP4.value)
    handed = Handed(session_id, What.MP4)
    return await send(request, path, download_name(session_id, "mp4"), content_type="video/mp4", handed=handed)


async def mp4_of(services: Services, session_id: str) -> ExportTold:
    """What is told of an interview's MP4."""
    async with services.database.reading() as db_session:
        status = await exports.status(db_session, session_id, ExportKind.MP4)
    return _told(services, session_id, status)


def _told(services: Services, session_id: str, status: ExportStatus) -> ExportTold:
    is_ready = status.state is ExportState.READY
    return ExportTold(
        kind=ExportKind.MP4,
        state=status.state,
        progress=status.progress,
        asked_at=status.asked_at,
        made_at=status.made_at,
        kept_until=None if status.made_at is None else status.made_at + services.exports.kept_for,
        size_bytes=status.size_bytes,
        url=f"{api_url(services.settings.web.base_path, session_id)}/exports/mp4/file" if is_ready else None,
    )
