"""One interview: its row, its parts, and what really lies in their files."""

import asyncio
import os
from dataclasses import dataclass

import av
from av.error import FFmpegError

from db import interviews
from db.engine import Database
from db.errors import NotFound
from db.migrate import migration_status
from db.models import InterviewSession, Part
from db.states import InterviewState, PartState
from media_server.aio.contained_files import OutsideFolder
from media_server.aio.data_folder import DataFolder
from media_server.aio.recording_files import sha256_of
from web import formats
from web.doctor.finding import Finding, fail, ok, warn
from web.settings import Settings
from web.views import is_joined

LENGTH_TOLERANCE_MS = 1_500
"How far the row and the file may differ: the last block has no length of its own."


@dataclass(frozen=True, slots=True)
class Contents:
    """What reading a file to its end found."""

    duration_ms: int
    "Where its last packet begins."
    packets: int
    "How many there are, all tracks."


async def examine_interview(settings: Settings, data_folder: DataFolder, session_id: str) -> list[Finding]:
    """Everything about one interview; nothing is changed."""
    path = data_folder.database_path
    if not path.exists() or not migration_status(path).up_to_date:
        return [warn("interview", "The database has to be set up first", "Run holdfast serve once.")]
    database = await Database.open(path, settings.database)
    try:
        async with database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
    except NotFound:
        return [fail("interview", f"There is no interview {session_id}", "holdfast interview list names them all.")]
    finally:
        await database.close()
    findings = [_state(interview), _consent(interview)]
    for part in interview.parts:
        if is_joined(interview, part):
            findings += _caps(f"part {part.number}", part, settings)
        else:
            findings += await asyncio.to_thread(_part, data_folder, part, settings)
    if interview.video_sha256 is not None:
        findings.append(await asyncio.to_thread(_recording, data_folder, interview))
    return findings


def _state(interview: InterviewSession) -> Finding:
    parts = len(interview.parts)
    said = f"{interview.session_id} is {interview.state.value}, {parts} part{'' if parts == 1 else 's'}"
    if interview.state is InterviewState.INTERRUPTED:
        return warn("interview", said, "The candidate goes on with the same link: holdfast interview link shows it.")
    if interview.state is InterviewState.COMPLETED:
        remedy = (
            "Its recording is not stored yet; the next holdfast serve does it, or its log says what stands in the way."
        )
        return warn("interview", said, remedy)
    return ok("interview", said)


def _consent(interview: InterviewSession) -> Finding:
    if interview.consents:
        last = interview.consents[-1]
        return ok("consent", f"Given {last.given_at:%Y-%m-%d %H:%M} UTC to notice {last.notice_version}")
    if interview.parts:
        return fail("consent", "It was recorded without a stored consent", "Ask the candidate, or delete it.")
    return ok("consent", "Not given yet")


def _part(data_folder: DataFolder, part: Part, settings: Settings) -> list[Finding]:
    what = f"part {part.number}"
    if part.state is PartState.OPEN:
        return [ok(what, "Is being recorded; after a crash, holdfast mend closes it")]
    try:
        contents, size = _read(data_folder, part.path)
    except (OSError, OutsideFolder):
        return [fail(what, f"{part.path} is not there", "Restore it from a backup.")]
    except FFmpegError:
        return [fail(what, f"{part.path} cannot be read as WebM", "Keep a copy, then run holdfast mend.")]
    findings = [_length(what, part, contents, size)]
    if part.gaps:
        lost = sum(gap.end_ms - gap.start_ms for gap in part.gaps)
        said = f"{len(part.gaps)} gaps, {formats.duration(lost)} in all"
        findings.append(warn(what, said, "The results page shows where; the candidate's network lost it."))
    return [*findings, *_caps(what, part, settings)]


def _recording(data_folder: DataFolder, interview: InterviewSession) -> Finding:
    """Still, to the last octet, what was stored."""
    path = interview.video_file_path or ""
    try:
        digest = sha256_of(data_folder.files, path)
    except (OSError, OutsideFolder):
        return fail("recording", f"{path} is not there", "Restore it from a backup.")
    if digest != interview.video_sha256:
        return fail("recording", f"{path} is not what was stored", "Restore it from a backup.")
    parts = "1 part" if len(interview.parts) == 1 else f"{len(interview.parts)} parts"
    said = f"{parts}, {formats.duration(interview.duration_ms or 0)}, unchanged"
    return ok("recording", said)


def _length(what: str, part: Part, contents: Contents, size: int) -> Finding:
    said = f"{formats.duration(contents.duration_ms)}, {formats.megabytes(size)}, {contents.packets} packets"
    if abs(contents.duration_ms - (part.duration_ms or 0)) > LENGTH_TOLERANCE_MS:
        told = formats.duration(part.duration_ms or 0)
        return warn(what, f"{said}; the database says {told}", "Run holdfast mend while no server runs.")
    if size != part.size_bytes:
        return warn(what, f"{said}; the database says {part.size_bytes} bytes", "Was the file changed by hand?")
    return ok(what, said)


def _caps(what: str, part: Part, settings: Settings) -> list[Finding]:
    media = settings.media
    measured = (("picture", part.video_kbps, media.video_bps), ("sound", part.audio_kbps, media.audio_bps))
    return [
        warn(what, f"Its {track} has {kbps:.0f} kbps, the cap is {cap // 1000}", "The sender ignored the cap.")
        for track, kbps, cap in measured
        if kbps is not None and kbps * 1000 > cap * media.over_cap_ratio
    ]


def _read(data_folder: DataFolder, path: str) -> tuple[Contents, int]:
    descriptor = data_folder.files.open(path)
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        with av.open(file, mode="r", format="matroska") as container:
            last, count = 0.0, 0
            for packet in container.demux():
                if packet.pts is None:
                    continue
                count += 1
                last = max(last, float(packet.pts * packet.time_base))
    return Contents(int(last * 1000), count), size
