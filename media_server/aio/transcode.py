"""A part of another picture codec than most gets theirs, so that all can be joined.

The new file is written beside the part, forced onto the disk and compared with it, and then takes its name in one step:
a crash leaves the old part or the new one. A crash between that and the row is met by the next attempt, which finds
that the part is good already.
"""

import asyncio
import logging
import os
from typing import Final

from db import interviews, recordings, work
from db.engine import Database
from db.errors import Conflict
from db.models import InterviewSession, Part
from db.recordings import TranscodedPart
from db.states import InterviewState
from db.work import Task
from media_server.aio.data_folder import DataFolder
from media_server.aio.recordings import Recordings
from media_server.aio.transcode_job import Job, Outcome
from media_server.aio.work import GiveUp
from media_server.aio.worker_process import SPARE, OnProgress, run_worker

logger = logging.getLogger(__name__)

WORKER: Final = "media_server.aio.transcode_worker"


class Transcoder:
    """Gives parts the codec that their interview's recording will have."""

    def __init__(self, database: Database, data_folder: DataFolder, recordings: Recordings, video_bps: int) -> None:
        self._database = database
        self._data_folder = data_folder
        self._recordings = recordings
        self._video_bps = video_bps

    async def transcode(self, task: Task, on_progress: OnProgress) -> None:
        """Transcode one part. Raises GiveUp, WorkerFailed, OSError; the part is as it was then."""
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, task.session_id)
        part = next((part for part in interview.parts if part.number == int(task.subject)), None)
        codec = work.common_codec([(each.video_codec, each.duration_ms or 0) for each in interview.parts])
        if part is None or codec is None or interview.state is not InterviewState.COMPLETED:
            raise GiveUp("the part is not there any more")
        files, partial = self._data_folder.files, f"{part.path}.partial"
        source = await asyncio.to_thread(files.open, part.path)
        try:
            outcome = await self._into(partial, source, codec, on_progress)
            await self._store(interview, part, partial, codec, outcome)
        finally:
            os.close(source)
            await asyncio.to_thread(files.remove, partial)
        logger.info("interview %s: part %d is %s now", task.session_id, part.number, codec)

    async def _into(self, partial: str, source: int, codec: str, on_progress: OnProgress) -> Outcome:
        size = os.fstat(source).st_size
        output = await asyncio.to_thread(self._data_folder.create_draft, partial, size)
        try:
            job = Job(source, output, codec, self._video_bps).encode()
            told = await run_worker(WORKER, job, [source, output], priority=SPARE, on_progress=on_progress)
        finally:
            os.close(output)
        outcome = Outcome.decode(told)
        outcome.check_disk(partial)
        if outcome.refusal:
            raise GiveUp(outcome.refusal)
        return outcome

    async def _store(self, interview: InterviewSession, part: Part, partial: str, codec: str, outcome: Outcome) -> None:
        files, now = (
            self._data_folder.files,
            TranscodedPart(
                codec,
                outcome.size_bytes,
                outcome.width,
                outcome.height,
                # Of a file that was good already nothing was measured.
                None if outcome.is_good_already else outcome.video_kbps,
            ),
        )
        async with self._recordings.held(interview.session_id):
            async with self._database.reading() as db_session:
                state = (await interviews.states_of(db_session, [interview.session_id]))[interview.session_id]
            if state is not InterviewState.COMPLETED:
                raise GiveUp("the interview was deleted")
            if not outcome.is_good_already:
                await asyncio.to_thread(files.replace, partial, part.path)
            try:
                async with self._database.writing() as db_session:
                    await recordings.part_transcoded(db_session, interview.session_id, part.number, now)
            except Conflict:
                # Another process deleted the interview: its files went, and this one came after.
                await asyncio.to_thread(files.remove, part.path)
                raise GiveUp("the interview was deleted") from None
