"""What a crash left of the parts that were being written: brought into the state that closing leaves.

The server does this at its start, before anybody can record. It can itself be cut anywhere and done again.
"""

import asyncio
import logging
import mmap
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from db import recordings
from db.clock import Clock
from db.engine import Database
from db.errors import DatabaseError
from db.models import Part
from db.recordings import PartOutcome
from media_server.aio.contained_files import ContainedFiles, OutsideFolder
from media_server.aio.data_folder import DataFolder
from media_server.aio.disk_target import sync_to_disk
from media_server.aio.recording_files import remove_part_name
from media_server.recording.measures import mean_kbps, measured_windows
from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.errors import WebmError
from media_server.webm.mend import MendPlan, mend
from media_server.webm.part_head import HEAD_SIZE
from media_server.webm.track_entry import TrackType

logger = logging.getLogger(__name__)

MENDED: Final = "mended"
"The `end_reason` of a part that a crash ended."

UNREADABLE: Final = "unreadable"
"The `end_reason` of a part whose file is no WebM of ours; it is left as it lies."

WORTH_A_LOOK: Final = 1_048_576
"A file without one good block is removed, unless it is longer than this many octets: then somebody should look at it."


class MendResult(StrEnum):
    """What became of a part."""

    MENDED = "mended"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MendedPart:
    """One part that a crash had left open."""

    session_id: str
    "Its interview."
    number: int
    "Its number."
    result: MendResult
    "`empty`: nothing was recorded, file and row are gone. `failed`: the log says why; the next start tries again."
    duration_ms: int = 0
    "Length of what lies there now."


async def mend_all(database: Database, data_folder: DataFolder, clock: Clock) -> list[MendedPart]:
    """Mend every part that no connection has closed; their interviews are `interrupted` after it.

    Nobody may record meanwhile: whoever calls this holds the data folder. One failure stops no other.
    """
    async with database.reading() as db_session:
        open_parts = await recordings.open_parts(db_session)
    return [await _mend_one(database, data_folder.files, clock, part) for part in open_parts]


@dataclass(frozen=True, slots=True)
class _Found:
    """What lies there once the file is whole; None as outcome: nothing was recorded."""

    outcome: PartOutcome | None
    ended_at: datetime


async def _mend_one(database: Database, files: ContainedFiles, clock: Clock, part: Part) -> MendedPart:
    session_id, number = part.session_id, part.number
    try:
        found = await asyncio.to_thread(_mend_file, files, part)
        ended_at = min(found.ended_at, clock.utc_now())
        async with database.writing() as db_session:
            if found.outcome is None:
                await recordings.discard_part(db_session, session_id, number, ended_at)
            else:
                await recordings.mend_part(db_session, session_id, number, found.outcome, ended_at)
    except (OSError, OutsideFolder, DatabaseError):
        logger.exception("interview %s: part %d could not be mended", session_id, number)
        return MendedPart(session_id, number, MendResult.FAILED)
    mended = _told(session_id, number, found.outcome)
    logger.warning(
        "interview %s: a crash left part %d open; %s, %d ms", session_id, number, mended.result, mended.duration_ms
    )
    return mended


def _told(session_id: str, number: int, outcome: PartOutcome | None) -> MendedPart:
    if outcome is None:
        return MendedPart(session_id, number, MendResult.EMPTY)
    result = MendResult.UNREADABLE if outcome.end_reason == UNREADABLE else MendResult.MENDED
    return MendedPart(session_id, number, result, outcome.duration_ms)


def _mend_file(files: ContainedFiles, part: Part) -> _Found:
    try:
        descriptor = files.open(part.path, os.O_RDWR)
    except FileNotFoundError:
        # The crash came between the row and the file.
        return _Found(None, part.started_at)
    try:
        file = os.fstat(descriptor)
        outcome = _mend_open_file(descriptor, file.st_size)
    finally:
        os.close(descriptor)
    if outcome is None:
        remove_part_name(files, part.path)
    return _Found(outcome, datetime.fromtimestamp(file.st_mtime, UTC))


def _mend_open_file(descriptor: int, size: int) -> PartOutcome | None:
    if size < HEAD_SIZE:
        return None  # the crash came before the head was whole
    unreadable = PartOutcome(end_reason=UNREADABLE, duration_ms=0, size_bytes=size)
    try:
        with mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) as buffer:
            plan = mend(buffer)
    except WebmError:
        return unreadable
    if plan.is_empty:
        return None if size <= WORTH_A_LOOK else unreadable
    _apply(descriptor, plan.actions)
    return _outcome(plan)


def _apply(descriptor: int, actions: Iterable[FileAction]) -> None:
    for action in actions:
        match action:
            case Write(position, data):
                _write(descriptor, position, data)
            case Truncate(length):
                os.ftruncate(descriptor, length)
            case Sync():
                sync_to_disk(descriptor)


def _write(descriptor: int, position: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(descriptor, rest, position)
        position, rest = position + written, rest[written:]


# --- what the database is told -------------------------------------------------------


def _outcome(plan: MendPlan) -> PartOutcome:
    picture, sound = plan.picture, plan.sound
    return PartOutcome(
        end_reason=MENDED,
        duration_ms=plan.duration_ms,
        size_bytes=plan.size,
        video_codec=picture.codec_id.removeprefix("V_") if picture else None,
        audio_codec=sound.codec_id.removeprefix("A_").lower() if sound else None,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        video_kbps=mean_kbps(plan, TrackType.VIDEO),
        audio_kbps=mean_kbps(plan, TrackType.AUDIO),
        bitrate_windows=[asdict(window) for window in measured_windows(plan)],
    )
