"""Several parts become one recording: joined by a process of its own, verified, named, and only then the parts go.

At every moment either all parts lie there and the rows name them, or the recording does:

1. the recording is written beside the parts as `….webm.partial`, forced onto the disk and compared with them;
2. it gets its final name too, and the folder is synced;
3. one transaction makes it the interview's recording, and the interview `ready`;
4. the parts go, then the name `….webm.partial`.

Until (3) a crash leaves the parts, and the next attempt begins anew; after it, it leaves the recording, and
:meth:`~media_server.aio.recordings.Recordings.finish_pending` does what is left of (4).
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from db import interviews, recordings
from db.clock import Clock
from db.engine import Database
from db.models import InterviewSession, Part
from db.recordings import JoinedRecording
from db.states import GONE, IllegalTransition
from media_server.aio import recording_files
from media_server.aio.assembly_job import Job, Outcome
from media_server.aio.data_folder import DataFolder
from media_server.aio.marked import question_marks
from media_server.aio.worker_process import run_worker
from media_server.recording.assembly import CannotJoin, Refusal

logger = logging.getLogger(__name__)

WORKER: Final = "media_server.aio.assemble_worker"


class Assembler:
    """Joins the parts of finished interviews. One at a time: whoever calls sees to that."""

    def __init__(self, database: Database, data_folder: DataFolder, clock: Clock) -> None:
        self._database = database
        self._data_folder = data_folder
        self._clock = clock

    async def assemble(self, interview: InterviewSession) -> tuple[str, int]:
        """Join the parts of a finished interview, all of them ended; it is `ready` then.

        Returns `video_file_path` and the recording's size in bytes.

        Raises CannotJoin when they need more than joining, OSError, WorkerFailed, IllegalTransition (somebody
        deleted it meanwhile): the parts are as they were then, and the interview too.
        """
        _refuse_early(interview.parts)
        files, partial = self._data_folder.files, recording_files.partial_path(interview)
        await asyncio.to_thread(recording_files.discard_partial, files, interview, partial)
        try:
            outcome = await self._join(interview, partial)
        except BaseException:
            await asyncio.to_thread(files.remove, partial)
            raise
        path = await self._store(interview, partial, outcome)
        await asyncio.to_thread(recording_files.remove_joined, files, interview, partial)
        logger.info("interview %s: %d parts joined", interview.session_id, len(interview.parts))
        return path, outcome.size_bytes

    async def _join(self, interview: InterviewSession, partial: str) -> Outcome:
        with contextlib.ExitStack() as stack:
            job = await asyncio.to_thread(self._open, interview, partial, stack)
            handed = [*(descriptor for _, descriptor in job.parts), job.output]
            outcome = Outcome.decode(await run_worker(WORKER, job.encode(), handed))
        if outcome.errno:
            raise OSError(outcome.errno, outcome.why, partial)
        if outcome.refusal is not None:
            raise CannotJoin(Refusal(outcome.refusal), outcome.part_number, outcome.why)
        return outcome

    def _open(self, interview: InterviewSession, partial: str, stack: contextlib.ExitStack) -> Job:
        files, parts = self._data_folder.files, []
        for part in interview.parts:
            descriptor = files.open(part.path)
            stack.callback(os.close, descriptor)
            parts.append((part.number, descriptor))
        size = sum(os.fstat(descriptor).st_size for _, descriptor in parts)
        output = self._data_folder.create_draft(partial, size)
        stack.callback(os.close, output)
        return _job(interview, tuple(parts), output)

    async def _store(self, interview: InterviewSession, partial: str, outcome: Outcome) -> str:
        files, session_id = self._data_folder.files, interview.session_id
        path, size = await asyncio.to_thread(recording_files.name_recording, files, interview, partial)
        joined = JoinedRecording(path, size, outcome.sha256, dict(outcome.lengths))
        try:
            async with self._database.writing() as db_session:
                await recordings.recording_joined(db_session, session_id, joined, self._clock.utc_now())
        except IllegalTransition:
            await self._take_back(interview, partial)
            raise
        return path

    async def _take_back(self, interview: InterviewSession, partial: str) -> None:
        """Another process (`holdfast interview delete`) came between: what it deleted must not live on."""
        async with self._database.reading() as db_session:
            now = await interviews.get_interview(db_session, interview.session_id)
        if now.state in GONE:
            await asyncio.to_thread(recording_files.discard_partial, self._data_folder.files, interview, partial)


def _refuse_early(parts: Sequence[Part]) -> None:
    """What the rows tell already needs no process; finished interviews are looked at again at every start."""
    first: str | None = None
    for part in parts:
        first = first or part.video_codec
        if part.video_codec not in {None, first}:
            raise CannotJoin(Refusal.NEEDS_TRANSCODING, part.number, f"its {part.video_codec} follows {first}")


def _job(interview: InterviewSession, parts: tuple[tuple[int, int], ...], output: int) -> Job:
    return Job(
        parts=parts,
        output=output,
        started_at_ns=_nanoseconds(recording_files.started_at(interview)),
        marks=tuple(question_marks(interview)),
        questions=tuple((question.index, question.text) for question in interview.questions),
    )


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
