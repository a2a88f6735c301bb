"""Recordings made elsewhere: looked at by a process of its own, then a part among others, or the whole recording anew.

What was sent lies in a file without a name, which goes with the process that holds it. What becomes of it lies beside
the parts as `upload-….partial`. It gets a part's name in the middle of the transaction that makes it one; a crash before
that is over leaves a file that no row names, under two names, and the next start removes both.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, interviews, recordings
from db.audit import SYSTEM, Actor, AuditEvent, Details
from db.clock import Clock
from db.engine import Database
from db.errors import Conflict
from db.models import InterviewSession, PartSource
from db.recordings import PartOutcome
from db.states import InterviewState
from db.uploads import NewRecording, replace_recording
from media_server.aio import recording_files
from media_server.aio.data_folder import DataFolder
from media_server.aio.recordings import STORED, Recordings
from media_server.aio.upload_look import look_at
from media_server.recording import names
from media_server.settings import WorkSettings

logger = logging.getLogger(__name__)

CHECKS_AT_ONCE: Final = 2
"Uploads that are looked at at the same time; the others wait their turn."
PLACES_OF_ONE: Final = 3
"Uploads of one interview that are received at once: whoever tries again need not wait for a connection that died."
FINISHED: Final = frozenset({InterviewState.COMPLETED, InterviewState.READY})


class NoPlace(Exception):  # noqa: N818  it says what happened
    """As many uploads as may be received at once are."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An upload that has become a part, but nobody's yet."""

    path: str
    "Where it lies, relative to the data folder."
    holds: PartOutcome
    "What is in it."
    user_agent: str
    "Which program sent it."
    actor: Actor = SYSTEM
    "Who handed it in."


class Uploads:
    """Makes parts and recordings of what people hand in. Made by the composition root."""

    def __init__(
        self,
        database: Database,
        data_folder: DataFolder,
        recordings: Recordings,
        settings: WorkSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._data_folder = data_folder
        self._recordings = recordings
        self._settings = settings
        self._clock = clock
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._receiving: Counter[str] = Counter()  # uploads by interview

    @contextlib.contextmanager
    def place(self, session_id: str) -> Iterator[None]:
        """A place among those whose uploads are received at once; no interview takes all of them. Raises NoPlace."""
        taken = self._receiving
        if taken.total() >= self._settings.uploads_at_once or taken[session_id] >= PLACES_OF_ONE:
            raise NoPlace
        taken[session_id] += 1
        try:
            yield
        finally:
            taken[session_id] -= 1
            if not taken[session_id]:
                del taken[session_id]

    def new_file(self) -> BinaryIO:
        """A file without a name for what is received: it goes with this process, however that ends. Blocking."""
        # Systems without O_TMPFILE name it for an instant; the next start knows such a name.
        return tempfile.TemporaryFile(dir=self._data_folder.uploads_path, prefix=names.RECEIVED, buffering=0)

    @contextlib.asynccontextmanager
    async def draft(self, session_id: str, source: int, user_agent: str, actor: Actor = SYSTEM) -> AsyncIterator[Draft]:
        """Make a part of what lies in an open file; whatever of it was not named by then is gone afterwards.

        Raises UploadRefused, WorkerKilled (twice), NotFound, OSError: nothing is there then.
        """
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
        path = recording_files.upload_draft_path(interview, secrets.token_hex(8))
        try:
            async with self._checks:
                holds = await self._look(path, source)
            yield Draft(path, holds, user_agent, actor)
        finally:
            await asyncio.to_thread(recording_files.remove_names, self._data_folder.files, [path])

    async def add(self, session_id: str, draft: Draft, *, finish: bool = False) -> None:
        """The draft becomes the next part, all of it or nothing. Nobody may be recording meanwhile: the caller sees to that.

        `finish`: the interview is finished with it, in the same step, so that nobody hears of an interruption.
        Raises IllegalTransition (no consent, or over meanwhile), NotFound, DatabaseError, OSError.
        """
        files, linked = self._data_folder.files, ""
        now = self._clock.utc_now()
        try:
            async with self._database.writing() as db_session:
                folder = (await interviews.get_interview(db_session, session_id)).candidate.folder
                part = await recordings.open_part(
                    db_session,
                    session_id,
                    PartSource.UPLOAD,
                    lambda number: recording_files.part_path(folder, session_id, number),
                    now,
                    user_agent=draft.user_agent,
                )
                await asyncio.to_thread(files.link, draft.path, part.path)
                linked = part.path
                if finish:
                    await interviews.finish(db_session, session_id, now)
                await recordings.close_part(db_session, session_id, part.number, draft.holds, now)
                details: Details = {"what": "part", "number": part.number}
                await self._audit(db_session, session_id, draft, details)
        except Exception:
            if linked:
                await asyncio.to_thread(files.remove, linked)
            raise

    async def replace(self, session_id: str, draft: Draft) -> None:
        """The draft becomes the recording; what was recorded before goes once the new one is safe.

        Raises Conflict (the interview is not finished), NotFound, DatabaseError, OSError: all is as it was then.
        """
        files = self._data_folder.files
        async with self._recordings.held(session_id):
            async with self._database.reading() as db_session:
                interview = await interviews.get_interview(db_session, session_id)
            if interview.state not in FINISHED:
                raise Conflict(f"interview {session_id} is {interview.state.value}")
            old = await asyncio.to_thread(recording_files.mark_replaced, files, interview)
            marks = [path for path in old if path.endswith(".partial")]
            try:
                path = await self._store(interview, draft)
            except Exception:
                await asyncio.to_thread(recording_files.remove_names, files, marks)
                raise
            await asyncio.to_thread(recording_files.remove_names, files, old)
            # They show, and say, what is gone.
            await asyncio.to_thread(recording_files.remove_beside, files, interview)
        size_mb = recordings.megabytes(draft.holds.size_bytes)
        logger.info(STORED, extra={"session_id": session_id, "path": path, "size_mb": size_mb})

    async def _store(self, interview: InterviewSession, draft: Draft) -> str:
        files = self._data_folder.files
        path, _ = await asyncio.to_thread(recording_files.name_recording, files, interview, draft.path)
        try:
            digest = await asyncio.to_thread(recording_files.sha256_of, files, path)
            new = NewRecording(path, digest, draft.holds, draft.user_agent)
            async with self._database.writing() as db_session:
                await replace_recording(db_session, interview.session_id, new, self._clock.utc_now())
                details: Details = {"what": "recording", "sha256": digest, "replaced": interview.video_sha256}
                await self._audit(db_session, interview.session_id, draft, details)
        except Exception:
            await asyncio.to_thread(files.remove, path)
            raise
        return path

    async def _audit(self, db_session: AsyncSession, session_id: str, draft: Draft, details: Details) -> None:
        now = self._clock.utc_now()
        await audit.record(
            db_session, AuditEvent.UPLOADED, now, actor=draft.actor, session_id=session_id, details=details
        )

    async def _look(self, path: str, source: int) -> PartOutcome:
        output = await asyncio.to_thread(self._data_folder.create_draft, path, os.fstat(source).st_size)
        try:
            longest_ms = round(self._settings.max_upload_s * 1000)
            return await look_at(source, output, path, started_at=self._clock.utc_now(), longest_ms=longest_ms)
        finally:
            os.close(output)
