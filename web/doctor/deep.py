"""Every interview that left something, each of its files read through: what is there, and what should be.

The database and the disk are compared both ways by `examine_agreement`; this looks into the files that both know.
"""

import asyncio
from collections.abc import Iterator

from db import interviews, recordings, repairs, work
from db.engine import Database
from db.migrate import migration_status
from db.models import InterviewSession, Part
from db.states import InterviewState, PartState
from media_server.aio import recording_files
from media_server.aio.contained_files import ContainedFiles, OutsideFolder
from media_server.aio.data_folder import DataFolder
from media_server.aio.previews import INDEX
from media_server.recording import names
from web import formats
from web.doctor.finding import Finding, fail, ok, warn
from web.doctor.interview import LENGTH_TOLERANCE_MS
from web.doctor.reading import ReadThrough, read_through
from web.settings import Settings
from web.views import is_joined

BACKUP = "Restore it from a backup."
REPAIR = "Run: holdfast doctor --deep --repair"
RIFF = b"RIFF"


async def examine_deeply(settings: Settings, data_folder: DataFolder) -> list[Finding]:
    """Everything that belongs to interviews; nothing is changed."""
    path = data_folder.database_path
    if not path.exists() or not migration_status(path).up_to_date:
        return [warn("deep", "The database has to be set up first", "Run holdfast serve once.")]
    database = await Database.open(path, settings.database)
    try:
        async with database.reading() as db_session:
            ids = await repairs.with_media(db_session)
            sounds = await work.made_sounds(db_session)
        findings: list[Finding] = []
        for session_id in ids:
            async with database.reading() as db_session:
                interview = await interviews.get_interview(db_session, session_id)
            findings += await asyncio.to_thread(_listed, data_folder.files, interview)
    finally:
        await database.close()
    findings += await asyncio.to_thread(lambda: list(_sounds(data_folder.files, sounds)))
    return [*findings, _counted(ids, findings)]


def _listed(files: ContainedFiles, interview: InterviewSession) -> list[Finding]:
    return list(_interview(files, interview))


def _counted(ids: list[str], findings: list[Finding]) -> Finding:
    wrong = sum(bool(finding.remedy) for finding in findings)
    if wrong:
        return warn(
            "deep", f"{len(ids)} interviews were read through; {wrong} things are not as they should be", REPAIR
        )
    return ok("deep", f"{len(ids)} interviews were read through, and every packet is as it was written")


def _interview(files: ContainedFiles, interview: InterviewSession) -> Iterator[Finding]:
    what = f"interview {interview.session_id}"
    for part in interview.parts:
        if part.state is PartState.OPEN:
            yield ok(f"{what} part {part.number}", "Is being recorded, or waits for the next start to mend it")
        elif part.path != interview.video_file_path and not is_joined(interview, part):
            yield from _part(files, what, part)
    if interview.video_file_path is not None:
        yield from _recording(files, what, interview)
        yield from _previews(files, what, interview)


def _part(files: ContainedFiles, what: str, part: Part) -> Iterator[Finding]:
    name = f"{what} part {part.number}"
    try:
        found = read_through(files, part.path, is_sealed=True)
    except (OSError, OutsideFolder):
        yield fail(name, f"{part.path} is not there", BACKUP)
        return
    if found.troubles:
        yield fail(
            name, f"{part.path}: {'; '.join(found.troubles)}", f"{BACKUP} The other parts are not touched by it."
        )
    if found.size_bytes != part.size_bytes:
        yield warn(name, f"{found.size_bytes} bytes; the database says {part.size_bytes}", REPAIR)
    if not found.troubles and abs(found.duration_ms - (part.duration_ms or 0)) > LENGTH_TOLERANCE_MS:
        told = formats.duration(part.duration_ms or 0)
        yield warn(name, f"{formats.duration(found.duration_ms)}; the database says {told}", REPAIR)
    if not found.troubles and found.size_bytes == part.size_bytes:
        yield ok(name, _said(found))


def _recording(files: ContainedFiles, what: str, interview: InterviewSession) -> Iterator[Finding]:
    path, name = interview.video_file_path or "", f"{what} recording"
    try:
        # What became the recording under another name still has its seals.
        found = read_through(files, path, is_sealed=len(interview.parts) == 1)
    except (OSError, OutsideFolder):
        yield fail(name, f"{path} is not there", BACKUP)
        return
    if interview.video_sha256 is None:
        yield warn(name, "No SHA-256 of it was kept", REPAIR)
    elif found.sha256 != interview.video_sha256:
        yield fail(name, f"{path} is not what was stored: its SHA-256 is another", BACKUP)
    if found.troubles:
        yield fail(name, f"{path}: {'; '.join(found.troubles)}", BACKUP)
    if recordings.megabytes(found.size_bytes) != interview.video_size_mb:
        yield warn(name, f"{found.size_bytes} bytes; the database says {interview.video_size_mb} MB", REPAIR)
    if not found.troubles and found.sha256 == interview.video_sha256:
        yield ok(name, _said(found))


def _previews(files: ContainedFiles, what: str, interview: InterviewSession) -> Iterator[Finding]:
    shown = interview.preview_of
    if interview.state is not InterviewState.READY or shown is None:
        return
    path = f"{recording_files.previews_folder(interview)}/{names.preview_name(shown, INDEX)}"
    if files.stat(path) is None:
        yield warn(f"{what} previews", f"{path} is not there", REPAIR)


def _sounds(files: ContainedFiles, sounds: list[work.MadeSound]) -> Iterator[Finding]:
    for sound in sounds:
        path = recording_files.made_sound_path(sound)
        remedy = REPAIR if sound.take is not None else "Hand the sound in again, or restore a backup."
        try:
            with open(files.open(path), "rb") as file:  # noqa: PTH123  a descriptor has no path
                if file.read(4) != RIFF:
                    yield fail(f"interview {sound.session_id} sound", f"{path} is no WAV", remedy)
        except (OSError, OutsideFolder):
            yield fail(f"interview {sound.session_id} sound", f"{path} is not there", remedy)


def _said(found: ReadThrough) -> str:
    return f"{formats.duration(found.duration_ms)}, {formats.megabytes(found.size_bytes)}, {found.packets} packets"
