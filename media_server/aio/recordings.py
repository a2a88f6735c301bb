"""What becomes of an interview's files when it is over: stored under their final name, compared, deleted when due.

The database is the truth. Each job here is a few steps in an order that a crash may cut anywhere: what was begun is
finished by :meth:`Recordings.finish_pending`, which the server calls at its start, after :meth:`Recordings.mend_all`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from db import deletion, deletion_requests, interviews, recordings, retention, sweep_clock, work
from db.audit import SYSTEM, Actor
from db.clock import Clock
from db.deletion import DeletionReason
from db.engine import Database
from db.errors import DatabaseError
from db.models import InterviewSession
from db.states import GONE, IllegalTransition, InterviewState, PartState
from db.work import Task, WorkKind
from media_server.aio import recording_files
from media_server.aio.adoption_files import tidy_adoptions
from media_server.aio.assemble import Assembler
from media_server.aio.contained_files import ContainedFiles, FoundFile, OutsideFolder
from media_server.aio.data_folder import UPLOADS, DataFolder
from media_server.aio.erasing import Eraser
from media_server.aio.mending import UNREADABLE, MendedPart, mend_all
from media_server.aio.named_files import named_files
from media_server.aio.worker_process import WorkerFailed
from media_server.recording import names
from media_server.recording.assembly import CannotJoin, Refusal

logger = logging.getLogger(__name__)

STORED: Final = "Video uploaded successfully"
"What the log says of every recording that is stored, live ones too; the request's troubleshooting looks for it."


# What one interview's files or the database may say; the next interview has its turn all the same.
_FAILURES = (OSError, OutsideFolder, DatabaseError, IllegalTransition, WorkerFailed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The disk checked against the database, for `holdfast doctor`."""

    files_without_rows: tuple[FoundFile, ...]
    "Media that no row names. WAV files are left out: a host platform may put some of its own there."
    rows_without_files: tuple[tuple[str, str], ...]
    "Paths that a row names and where nothing lies, each with its session id."
    job_sounds_missing: tuple[tuple[str, int], ...] = ()
    "The same of the sounds of jobs' questions, each with its job's id."


class Recordings:
    """Stores, compares and deletes what the interviews of one data folder left."""

    def __init__(self, database: Database, data_folder: DataFolder, clock: Clock) -> None:
        self._database = database
        self._data_folder = data_folder
        self._clock = clock
        self._assembler = Assembler(database, data_folder, clock)
        self.eraser = Eraser(database, data_folder, clock, self.held)
        self._joining = asyncio.Lock()  # of two at once, each would find the room that both need
        self._folders: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()  # by the candidate's id

    @contextlib.asynccontextmanager
    async def held(self, session_id: str) -> AsyncIterator[None]:
        """For whoever names, replaces or removes files of an interview that is over: nobody else does meanwhile.

        It is held for all of its candidate's interviews, which lie in one folder, and for no other: joining takes a
        minute, and somebody else who finishes then does not wait for it. Never nest. Raises NotFound.
        """
        async with self._database.reading() as db_session:
            candidate_id = await interviews.candidate_of(db_session, session_id)
        folder = self._folders.setdefault(candidate_id, asyncio.Lock())
        async with folder:
            yield

    async def store(self, session_id: str, *, several: bool = True) -> str | None:
        """Make a finished interview's parts its recording; the interview is `ready` then.

        A single part only gets its final name, several are joined. Returns `video_file_path`. None, and nothing
        happens, while it is not finished, a part is still open, they cannot be joined as they are, or there are
        several and that is not wanted. Repeating it is harmless. Raises NotFound, FileNotFoundError (a part's file is
        gone), OSError, WorkerFailed.
        """
        try:
            return await self._stored(session_id, several=several)
        except CannotJoin as refused:
            logger.warning("interview %s: its parts stay as they are, %s: %s", session_id, refused.refusal, refused)
            return None

    async def join(self, session_id: str) -> None:
        """The same, but when parts cannot be joined as they are, CannotJoin says why."""
        await self._stored(session_id, several=True)

    async def _stored(self, session_id: str, *, several: bool) -> str | None:
        with self.eraser.stoppable(session_id):
            return await self._stored_alone(session_id, several=several)

    async def _stored_alone(self, session_id: str, *, several: bool) -> str | None:
        async with self._joining if several else contextlib.nullcontext(), self.held(session_id):
            async with self._database.reading() as db_session:
                interview = await interviews.get_interview(db_session, session_id)
            if interview.state is InterviewState.READY:
                return interview.video_file_path
            if interview.state is not InterviewState.COMPLETED or not _all_ended(interview):
                return None
            _refuse_unreadable(interview)
            if len(interview.parts) == 1:
                return await self._store(interview)
            return await self._join(interview) if several else None

    async def _join(self, interview: InterviewSession) -> str:
        path, size = await self._assembler.assemble(interview)
        _say_stored(interview.session_id, path, size)
        return path

    async def delete(
        self,
        session_id: str,
        *,
        unless_running: bool = False,
        reason: DeletionReason | None = None,
        actor: Actor = SYSTEM,
    ) -> None:
        """Remove everything of an interview (see :mod:`erasing`); its row stays, `deleted`. Repeating it is harmless.

        Whoever records it is told to stop before; `unless_running`: Conflict while it is recorded. Whoever joins or
        packs it is stopped. Raises OnHold, NotFound; OSError leaves it `deleted`, the rest for :meth:`finish_deletions`.
        """
        await self.eraser.delete(session_id, unless_running=unless_running, reason=reason, actor=actor)

    async def sweep(self, *, trust_clock: bool = False) -> list[str]:
        """Delete what its job's retention period is over for, and what candidates asked to have deleted long enough ago.

        Returns the session ids. One failure stops no other. Raises ClockDoubtful, unless somebody says that the clock
        can be trusted.
        """
        now = self._clock.utc_now()
        async with self._database.writing() as db_session:
            await sweep_clock.believe(db_session, now, trusted=trust_clock)
            kept = await retention.kept(db_session)
            asked = await deletion_requests.due(db_session, now)
        due = [one.session_id for one in kept if one.held_because is None and one.due_at <= now]
        deleted = await self.eraser.delete_several(asked, reason=DeletionReason.REQUESTED, unless_running=True)
        withdrawn = {one.session_id for one in kept if one.is_withdrawn}
        deleted += await self.eraser.delete_several([each for each in due if each in withdrawn])
        rest = [each for each in due if each not in withdrawn and each not in deleted]
        return deleted + await self.eraser.delete_several(rest, reason=DeletionReason.RETENTION, unless_running=True)

    async def finish_deletions(self) -> None:
        """Finish the deletions that something cut, and delete again what has come back."""
        await self.eraser.resume()
        await self.eraser.remove_returned()

    async def mend_all(self) -> list[MendedPart]:
        """Mend every part that a crash left open, before anybody records: see :func:`mending.mend_all`."""
        return await mend_all(self._database, self._data_folder, self._clock)

    async def finish_pending(self, *, join: bool = True) -> None:
        """Finish what a crash interrupted: deletions, storing, names left over. One failure stops no other.

        `join`: not only interviews with a single part are stored; the server has others do that beside it.
        """
        await self.finish_deletions()
        async with self._database.reading() as db_session:
            storable = await recordings.storable(db_session)
        for session_id in storable:
            await self._try_to_store(session_id, several=join)
        async with self._database.reading() as db_session:
            known = await deletion.known_paths(db_session)
            joined = await recordings.joined_parts(db_session)
            sounds = {recording_files.made_sound_path(sound) for sound in await work.made_sounds(db_session)}
        await asyncio.to_thread(recording_files.tidy_parts, self._data_folder.files, set(known), joined)
        await asyncio.to_thread(tidy_adoptions, self._data_folder, set(known) | sounds)
        await self._forget_lost_answers()

    async def _forget_lost_answers(self) -> None:
        """An answer whose sound file is gone is to be cut again; recordings are all that it takes."""
        files = self._data_folder.files
        async with self._database.reading() as db_session:
            cut = [sound for sound in await work.made_sounds(db_session) if sound.take is not None]
        paths = [(sound, recording_files.made_sound_path(sound)) for sound in cut]
        lost = await asyncio.to_thread(lambda: [sound for sound, path in paths if not _lies_there(files, path)])
        if lost:
            tasks = [Task(WorkKind.ANSWER_SOUND, each.session_id, f"{each.index}/{each.take}") for each in lost]
            async with self._database.writing() as db_session:
                await work.forget(db_session, tasks)

    async def compare(self) -> Comparison:
        """Which media lies there without a row, and which row names a file that is not there."""
        found = await asyncio.to_thread(lambda: list(self._data_folder.files.walk(UPLOADS)))
        named = await named_files(self._database)
        files = self._data_folder.files
        silent = await asyncio.to_thread(
            lambda: tuple((path, job_id) for path, job_id in named.of_jobs.items() if not _lies_there(files, path))
        )
        return replace(await asyncio.to_thread(_compare, files, found, named.of_interviews), job_sounds_missing=silent)

    async def _store(self, interview: InterviewSession) -> str:
        # A second name first, then the row, then the old name away: at every moment a row leads to the file.
        session_id, files, part = interview.session_id, self._data_folder.files, interview.parts[0]
        path, size = await asyncio.to_thread(recording_files.name_recording, files, interview, part.path)
        digest = await asyncio.to_thread(recording_files.sha256_of, files, path)
        now = self._clock.utc_now()
        try:
            async with self._database.writing() as db_session:
                await recordings.recording_stored(db_session, session_id, path, size, now, sha256=digest)
        except IllegalTransition:
            await self._take_back(session_id, path)
            raise
        await asyncio.to_thread(recording_files.remove_part_name, files, part.path)
        _say_stored(session_id, path, size)
        return path

    async def _take_back(self, session_id: str, path: str) -> None:
        """Another process (`holdfast interview delete`) came between: what it deleted must not live on as `path`."""
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
        if interview.state in GONE:
            await asyncio.to_thread(self._data_folder.files.remove, path)

    async def _try_to_store(self, session_id: str, *, several: bool) -> None:
        try:
            await self.store(session_id, several=several)
        except _FAILURES:
            logger.exception("interview %s: its recording could not be stored; it stays completed", session_id)


def _say_stored(session_id: str, path: str, size: int) -> None:
    logger.info(STORED, extra={"session_id": session_id, "path": path, "size_mb": recordings.megabytes(size)})


def _all_ended(interview: InterviewSession) -> bool:
    ended = {PartState.CLOSED, PartState.MENDED}
    return bool(interview.parts) and all(part.state in ended for part in interview.parts)


def _refuse_unreadable(interview: InterviewSession) -> None:
    for part in interview.parts:
        if part.end_reason == UNREADABLE:
            raise CannotJoin(Refusal.UNREADABLE, part.number, "a crash left it, and it is no WebM of ours")


def _compare(files: ContainedFiles, found: list[FoundFile], known: dict[str, str]) -> Comparison:
    lying = {file.path for file in found}
    strangers = tuple(
        file
        for file in found
        if file.path not in known and not names.is_wav(file.path.rpartition("/")[2]) and not names.is_beside(file.path)
    )
    # Looked at once more: it may have come after the walk.
    missing = tuple(
        (path, session_id) for path, session_id in known.items() if path not in lying and not _lies_there(files, path)
    )
    return Comparison(strangers, missing)


def _lies_there(files: ContainedFiles, path: str) -> bool:
    try:
        return files.stat(path) is not None
    except OutsideFolder:
        return False
