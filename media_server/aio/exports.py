"""Copies of recordings in other formats: made when somebody asks, kept for a while, removed.

A copy is made in a process of its own beside the parts, forced onto the disk, and only then takes its name; a crash
leaves none, or a whole one that no row knows yet and the next attempt replaces. Whether one is of the recording that
there is now, its SHA-256 tells: one that was replaced meanwhile is copied anew.
"""

import asyncio
import logging
import os
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from db import exports, interviews, work
from db.clock import Clock
from db.engine import Database
from db.exports import ExportKind
from db.models import InterviewSession
from db.states import InterviewState
from db.work import Task, WorkKind
from media_server.aio import recording_files
from media_server.aio.contained_files import OutsideFolder
from media_server.aio.data_folder import DataFolder
from media_server.aio.export_job import Job, Outcome
from media_server.aio.marked import chapters_in
from media_server.aio.recordings import Recordings
from media_server.aio.work import GiveUp
from media_server.aio.worker_process import SPARE, OnProgress, WorkerFailed, run_worker

logger = logging.getLogger(__name__)

WORKER: Final = "media_server.aio.export_worker"
TIMES_LARGER: Final = 4
"An MP4 takes hardly ever more than so many times what its recording does."

GONE: Final = "its recording was deleted or replaced meanwhile"
"Told once; the next attempt finds out which."


class Exports:
    """Makes and removes the copies of one data folder."""

    def __init__(
        self, database: Database, data_folder: DataFolder, recordings: Recordings, clock: Clock, keep_days: int
    ) -> None:
        self._database = database
        self._data_folder = data_folder
        self._recordings = recordings
        self._clock = clock
        self.kept_for: Final = timedelta(days=keep_days)
        "How long a copy is kept after it was made."

    async def ask(self, session_id: str, kind: ExportKind) -> None:
        """Somebody wants a copy; one that was given up before is tried again. What is due is looked for elsewhere."""
        async with self._database.writing() as db_session:
            now = self._clock.utc_now()
            await exports.ask(db_session, session_id, kind, now)
            if (await exports.status(db_session, session_id, kind)).state is exports.ExportState.FAILED:
                await work.forget(db_session, [Task(WorkKind.EXPORT, session_id, kind.value)])

    async def make(self, task: Task, on_progress: OnProgress) -> None:
        """Make one copy. Raises GiveUp, WorkerFailed, OSError; there is none then."""
        kind = ExportKind(task.subject)
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, task.session_id)
        if interview.state is not InterviewState.READY or interview.video_file_path is None:
            raise GiveUp("its recording is gone")
        files = self._data_folder.files
        partial = recording_files.draft_path(interview, f"interview.{kind.value}")
        source = await asyncio.to_thread(files.open, interview.video_file_path)
        try:
            outcome = await self._into(partial, source, interview, on_progress)
            await self._name(interview, kind, partial, outcome.size_bytes)
        finally:
            os.close(source)
            await asyncio.to_thread(recording_files.remove_part_name, files, partial)

    async def sweep(self) -> int:
        """Remove copies that were kept long enough; returns how many. One failure stops no other."""
        due = self._clock.utc_now() - self.kept_for
        async with self._database.reading() as db_session:
            copies = await exports.files(db_session, asked_before=due)
        removed = 0
        for copy in copies:
            path = recording_files.export_path(copy.folder, copy.session_id, copy.kind.value)
            try:
                async with self._recordings.held(copy.session_id):
                    await asyncio.to_thread(recording_files.remove_export, self._data_folder.files, path)
                    async with self._database.writing() as db_session:
                        await exports.forget(db_session, copy.session_id, copy.kind)
                        await work.forget(db_session, [Task(WorkKind.EXPORT, copy.session_id, copy.kind.value)])
            except (OSError, OutsideFolder):
                logger.exception("%s could not be removed; it is tried again tomorrow", path)
            else:
                removed += 1
        return removed

    async def _into(self, partial: str, source: int, interview: InterviewSession, on_progress: OnProgress) -> Outcome:
        size = TIMES_LARGER * os.fstat(source).st_size
        output = await asyncio.to_thread(self._data_folder.create_draft, partial, size)
        try:
            job = Job(source, output, interview.duration_ms or 0, _chapters(interview)).encode()
            told = await run_worker(WORKER, job, [source, output], priority=SPARE, on_progress=on_progress)
        finally:
            os.close(output)
        outcome = Outcome.decode(told)
        outcome.check_disk(partial)
        if outcome.refusal:
            raise GiveUp(outcome.refusal)
        return outcome

    async def _name(self, interview: InterviewSession, kind: ExportKind, partial: str, size_bytes: int) -> None:
        files, session_id = self._data_folder.files, interview.session_id
        path = recording_files.export_path(interview.candidate.folder, session_id, kind.value)
        async with self._recordings.held(session_id):
            async with self._database.reading() as db_session:
                if not await _is_still_there(db_session, interview):
                    raise WorkerFailed(GONE)
            await asyncio.to_thread(files.make_folder, path.rpartition("/")[0])
            await asyncio.to_thread(files.replace, partial, path)
            async with self._database.writing() as db_session:
                if await _is_still_there(db_session, interview):
                    made_of = interview.video_sha256 or ""
                    await exports.made(db_session, session_id, kind, made_of, size_bytes, self._clock.utc_now())
                    return
            # Another process deleted or replaced it: what is about it must not live on.
            await asyncio.to_thread(recording_files.remove_export, files, path)
            raise WorkerFailed(GONE)


async def _is_still_there(db_session: AsyncSession, interview: InterviewSession) -> bool:
    """Whether an interview has the same recording as before."""
    now = await interviews.get_interview(db_session, interview.session_id)
    then = (InterviewState.READY, interview.video_file_path, interview.video_sha256)
    return (now.state, now.video_file_path, now.video_sha256) == then


def _chapters(interview: InterviewSession) -> tuple[tuple[int, int, str], ...]:
    return tuple((each.start_ms, each.end_ms, each.title) for each in chapters_in(interview))
