"""Do database and disk agree, and does what people were told still hold? Read beside a running server."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.lives import Promises
from db import audit_chain, deletion, exports, work
from db.engine import Database
from db.models import Candidate, InterviewSession, Part, Work, WorkState
from db.states import GONE, InterviewState, PartState
from media_server.aio import recording_files
from media_server.aio.contained_files import ContainedFiles
from media_server.aio.data_folder import UPLOADS
from media_server.recording import names

OURS = frozenset({names.JOBS_FOLDER, ".here"})
"Folders that may be empty."

JOINT_MS = 60
"By so much at most a recording of a few parts is shorter than they were."


async def disagreements(data: Path, promises: Mapping[str, Promises]) -> list[str]:
    """Everything that does not agree, a sentence each; work that is still done counts, so look again."""
    database = await Database.open(data / "holdfast.db")
    try:
        async with database.reading() as db_session:
            rows = list(await db_session.scalars(select(InterviewSession)))
            found = [*await _states(db_session, rows), *await _files(db_session, data, rows)]
            found += _kept(data, rows, promises)
            verdict = await audit_chain.verify(db_session)
            if verdict.fault is not None:
                found.append(f"the audit's chain is broken: {verdict.fault}")
    finally:
        await database.close()
    return found + list(_integrity(data / "holdfast.db"))


async def _states(db_session: AsyncSession, rows: list[InterviewSession]) -> list[str]:
    """Nobody is connected: nothing is open, and no work is unfinished."""
    found = [f"{row.session_id} is {row.state}" for row in rows if row.state is InterviewState.IN_PROGRESS]
    gone = [row.session_id for row in rows if row.state in GONE]
    named = [row.session_id for row in rows if row.state in GONE and row.video_file_path is not None]
    named += await db_session.scalars(select(Part.session_id).where(Part.session_id.in_(gone)))
    found += [f"{session_id} is gone, and rows name what was recorded" for session_id in named]
    found += [
        f"{part.session_id}: part {part.number} is open"
        for part in await db_session.scalars(select(Part).where(Part.state == PartState.OPEN))
    ]
    unfinished = select(Work).where(Work.state.in_([WorkState.RUNNING, WorkState.FAILED]))
    found += [
        f"{each.session_id}: {each.kind} {each.subject} is {each.state} ({each.error})"
        for each in await db_session.scalars(unfinished)
    ]
    return found


async def _files(db_session: AsyncSession, data: Path, rows: list[InterviewSession]) -> list[str]:
    """Every row has its file, every file its row, and no folder is left over."""
    files = ContainedFiles(data)
    wanted = dict(await deletion.known_paths(db_session))
    wanted |= {recording_files.made_sound_path(each): each.session_id for each in await work.made_sounds(db_session)}
    wanted |= {
        recording_files.export_path(each.folder, each.session_id, each.kind.value): each.session_id
        for each in await exports.files(db_session)
    }
    lying = {each.path for each in files.walk(UPLOADS)}
    shown = {
        f"{names.previews_folder(row.session_id)}/{names.preview_name(row.preview_of, '')}"
        for row in rows
        if row.preview_of is not None
    }
    drawn = {path for path in lying if any(f"/{each}" in path for each in shown)}
    found = [f"{session_id}: {path} is missing" for path, session_id in wanted.items() if path not in lying]
    found += [f"{path} is left over" for path in sorted(lying - set(wanted) - drawn)]
    root, here = data / UPLOADS, await _people(db_session)
    empty = [path for path in root.rglob("*") if path.is_dir() and not any(path.iterdir()) and path.name not in OURS]
    return found + [
        f"{path.relative_to(data)} is empty" for path in empty if path not in {root / each for each in here}
    ]


async def _people(db_session: AsyncSession) -> set[str]:
    """The folders of those who have an interview that is not deleted: these may be empty."""
    query = select(Candidate.folder).join(InterviewSession, InterviewSession.candidate_id == Candidate.id)
    return set(await db_session.scalars(query.where(InterviewSession.state != InterviewState.DELETED)))


def _kept(data: Path, rows: list[InterviewSession], promises: Mapping[str, Promises]) -> Iterator[str]:
    """What people were told."""
    by_id = {row.session_id: row for row in rows}
    for session_id, told in promises.items():
        row = by_id.get(session_id)
        if row is None:
            yield f"{session_id} is gone"
            continue
        is_deleted = row.state in GONE
        if told.deleted and not is_deleted:
            yield f"{session_id} was deleted, and is {row.state}"
        # Joining moves a part by less than a packet of sound; that every packet is there was compared when it was done.
        moved_ms = JOINT_MS if row.state is InterviewState.READY else 0
        if not is_deleted and row.recorded_ms + moved_ms < told.saved_ms:
            yield f"{session_id}: {told.saved_ms} ms were announced as saved, {row.recorded_ms} ms are there"
        if told.sha256 is not None and not is_deleted and row.video_sha256 != told.sha256:
            yield f"{session_id}: its recording is another one than was told"
    for row in rows:
        if row.video_file_path is not None and (data / row.video_file_path).exists():
            lies = recording_files.sha256_of(ContainedFiles(data), row.video_file_path)
            if lies != row.video_sha256:
                yield f"{row.session_id}: {row.video_file_path} has another SHA-256 than its row"


def _integrity(database: Path) -> Iterator[str]:
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            yield f"the database is damaged: {verdict}"
        yield from (f"a reference to nothing: {row}" for row in connection.execute("PRAGMA foreign_key_check"))
    finally:
        connection.close()
