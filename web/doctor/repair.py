"""What can be repaired is repaired, and nothing is deleted: `holdfast doctor --deep --repair`."""

import asyncio

from db import audit, interviews, repairs, work
from db.audit import AuditEvent
from db.engine import Database
from db.migrate import migration_status
from db.models import InterviewSession
from db.recordings import megabytes
from db.states import PartState
from db.work import Task, WorkKind
from media_server.aio import recording_files
from media_server.aio.contained_files import ContainedFiles, OutsideFolder
from media_server.aio.data_folder import DataFolder, DataFolderHeld
from media_server.aio.mending import MendResult
from media_server.aio.mounted import check_mounted
from media_server.aio.previews import INDEX
from media_server.aio.recordings import Recordings
from media_server.recording import names
from web.cli.common import Workshop, operator
from web.doctor.finding import Finding, ok
from web.doctor.interview import LENGTH_TOLERANCE_MS
from web.doctor.reading import read_through
from web.views import is_joined


async def repair(shop: Workshop) -> list[Finding]:
    """Mend, join, correct sums; have previews drawn and answers cut again. Raises DataFolderUnusable, DatabaseError.

    Beside a running server only the rows are put right; it mends, joins, draws and cuts by itself.
    """
    if not migration_status(shop.data_folder.database_path).up_to_date:
        return []
    await check_mounted(shop.database, shop.data_folder)
    done = await _sums(shop)
    done += await _to_be_drawn(shop.database, shop.data_folder)
    done += await _to_be_cut(shop.database, shop.data_folder)
    done += await _mended_and_joined(shop)
    async with shop.database.writing() as db_session:
        again = await work.try_again(db_session)
    if again:
        done.append(f"{again} pieces of work that had failed, or waited, are tried again")
    return [ok("repair", said) for said in done] or [ok("repair", "There was nothing that could be repaired")]


async def _mended_and_joined(shop: Workshop) -> list[str]:
    done = Recordings(shop.database, shop.data_folder, shop.clock)
    try:
        with shop.data_folder.held():
            mended = await done.mend_all()
            await done.finish_pending()
    except DataFolderHeld:
        return ["A server runs: it mends and joins by itself"]
    return [
        f"Part {part.number} of interview {part.session_id} was {part.result.value}"
        for part in mended
        if part.result is not MendResult.FAILED
    ]


async def _sums(shop: Workshop) -> list[str]:
    """Sizes and lengths as they are; a SHA-256 where none was kept. One that differs is no sum to be corrected."""
    async with shop.database.reading() as db_session:
        ids = await repairs.with_media(db_session)
    done = []
    for session_id in ids:
        async with shop.database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
        corrections = await asyncio.to_thread(_corrections, shop.data_folder.files, interview)
        if not corrections:
            continue
        async with shop.database.writing() as db_session:
            await repairs.correct(db_session, session_id, corrections)
            now, details = shop.clock.utc_now(), {"what": ", ".join(sorted(corrections))[:200]}
            await audit.record(
                db_session, AuditEvent.REPAIRED, now, actor=operator(), session_id=session_id, details=details
            )
        done.append(f"Interview {session_id}: corrected {', '.join(sorted(corrections))}")
    return done


def _corrections(files: ContainedFiles, interview: InterviewSession) -> repairs.Corrections:
    wanted: repairs.Corrections = {}
    for part in interview.parts:
        if part.state is PartState.OPEN or is_joined(interview, part) or part.path == interview.video_file_path:
            continue
        try:
            found = read_through(files, part.path, is_sealed=True)
        except (OSError, OutsideFolder):
            continue
        if not found.troubles and found.size_bytes != part.size_bytes:
            wanted[f"part {part.number}"] = found.size_bytes
        if not found.troubles and abs(found.duration_ms - (part.duration_ms or 0)) > LENGTH_TOLERANCE_MS:
            wanted[f"length of part {part.number}"] = found.duration_ms
    path = interview.video_file_path
    if path is None:
        return wanted
    try:
        found = read_through(files, path, is_sealed=len(interview.parts) == 1)
    except (OSError, OutsideFolder):
        return wanted
    is_as_stored = interview.video_sha256 in {None, found.sha256} and not found.troubles
    if is_as_stored and interview.video_sha256 is None:
        wanted["sha256"] = found.sha256
    if is_as_stored and megabytes(found.size_bytes) != interview.video_size_mb:
        wanted["size"] = found.size_bytes
    return wanted


async def _to_be_drawn(database: Database, data_folder: DataFolder) -> list[str]:
    async with database.reading() as db_session:
        ids = await repairs.with_media(db_session)
    done = []
    for session_id in ids:
        async with database.writing() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
            shown = interview.preview_of
            if shown is None:
                continue
            path = f"{recording_files.previews_folder(interview)}/{names.preview_name(shown, INDEX)}"
            if await asyncio.to_thread(data_folder.files.stat, path) is None:
                interview.preview_of = None
                done.append(f"Interview {session_id}: its previews are drawn again while the server runs")
    return done


async def _to_be_cut(database: Database, data_folder: DataFolder) -> list[str]:
    async with database.reading() as db_session:
        cut = [sound for sound in await work.made_sounds(db_session) if sound.take is not None]
    lost = [sound for sound in cut if not await asyncio.to_thread(_is_there, data_folder.files, sound)]
    tasks = [Task(WorkKind.ANSWER_SOUND, each.session_id, f"{each.index}/{each.take}") for each in lost]
    if tasks:
        async with database.writing() as db_session:
            await work.forget(db_session, tasks)
    return [f"Interview {task.session_id}: answer {task.subject} is cut again while the server runs" for task in tasks]


def _is_there(files: ContainedFiles, sound: work.MadeSound) -> bool:
    try:
        return files.stat(recording_files.made_sound_path(sound)) is not None
    except OutsideFolder:
        return False
