"""Deleting an interview means everything: marked, its files removed, its rows emptied, looked for again, scrubbed, noted.

1. one transaction marks it: nobody reaches it from then on, and a row of `erasures` says why and when;
2. whoever works on it is stopped;
3. its files go, and are looked for;
4. one transaction empties its rows, and they are looked for;
5. the database's own files are written anew;
6. the row of `erasures` says that nothing was found any more.

A crash anywhere leaves (6) undone, and :meth:`Eraser.resume` does it all again; repeating a step is harmless.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager

from db import audit, deletion, interviews, returned_rows
from db.audit import SYSTEM, Actor, AuditEvent, Details
from db.clock import Clock
from db.deletion import DeletionReason, Stored
from db.engine import Database
from db.errors import Conflict, DatabaseError
from db.holds import OnHold
from db.models import InterviewSession
from db.states import IllegalTransition
from media_server.aio import erasure_files, erasure_journal
from media_server.aio.contained_files import ContainedFiles, OutsideFolder
from media_server.aio.data_folder import DataFolder
from media_server.aio.erasure_journal import Noted
from media_server.aio.recording_files import sha256_of
from media_server.aio.worker_process import SCOPE, WorkerScope
from media_server.recording.belongings import marks_of

logger = logging.getLogger(__name__)

Held = Callable[[str], AbstractAsyncContextManager[None]]
"What keeps everybody else from the files of an interview meanwhile."


class NotGone(OSError):  # noqa: N818  it says what happened
    """Something is still there after everything was removed; it is tried again."""


class Eraser:
    """Deletes the interviews of one data folder."""

    def __init__(self, database: Database, data_folder: DataFolder, clock: Clock, held: Held) -> None:
        self._database = database
        self._data_folder = data_folder
        self._clock = clock
        self._held = held
        self._scrubbing = asyncio.Lock()
        self._asked = self._scrubbed = 0
        self._work: dict[str, list[WorkerScope]] = {}

    @contextlib.contextmanager
    def stoppable(self, session_id: str) -> Iterator[None]:
        """Whoever works on an interview inside does not hold up its deletion: the processes that they started are ended."""
        scope = WorkerScope()
        self._work.setdefault(session_id, []).append(scope)
        token = SCOPE.set(scope)
        try:
            yield
        finally:
            SCOPE.reset(token)
            self._work[session_id].remove(scope)
            if not self._work[session_id]:
                del self._work[session_id]

    async def delete(
        self,
        session_id: str,
        *,
        unless_running: bool = False,
        reason: DeletionReason | None = None,
        actor: Actor = SYSTEM,
        scrub: bool = True,
    ) -> None:
        """See :meth:`Recordings.delete`. Without `scrub` the last step is the caller's: :meth:`scrub_all`."""
        await self._begin(session_id, unless_running=unless_running, reason=reason, actor=actor)
        for scope in self._work.get(session_id, ()):
            scope.stop()
        async with self._held(session_id):
            await self._remove(session_id)
            if scrub and not await self._is_erased(session_id):
                await self._scrub([session_id])
        logger.info("interview %s: deleted", session_id)

    async def delete_several(
        self,
        session_ids: Iterable[str],
        *,
        reason: DeletionReason | None = None,
        unless_running: bool = False,
        actor: Actor = SYSTEM,
    ) -> list[str]:
        """Delete them one after the other, the database's files written anew once. One failure stops no other."""
        deleted = []
        for session_id in session_ids:
            try:
                await self.delete(session_id, reason=reason, unless_running=unless_running, actor=actor, scrub=False)
            except OnHold:
                logger.info("interview %s: it is held and stays", session_id)
            except Conflict:
                logger.info(
                    "interview %s: its time is over, but it is being recorded again; it stays for now", session_id
                )
            except (OSError, OutsideFolder, DatabaseError, IllegalTransition):
                logger.exception("interview %s: not all of it could be deleted; tried again soon", session_id)
            else:
                deleted.append(session_id)
        if deleted:
            await self._scrub(deleted)
        return deleted

    async def resume(self) -> list[str]:
        """Finish what a crash or a full disk cut, and what an older database, put back, has forgotten."""
        noted = await asyncio.to_thread(erasure_journal.read, self._data_folder)
        async with self._database.reading() as db_session:
            unfinished = await deletion.unfinished_deletions(db_session)
            known = await returned_rows.forgotten(db_session, {each.session_id: each.begun_at for each in noted})
        finished = await self.delete_several(unfinished)
        return finished + await self.delete_several(known, reason=DeletionReason.CAME_BACK)

    async def remove_returned(self) -> list[str]:
        """Delete again what has come back of deleted interviews: a late upload, files of a backup. Returns whose it was."""
        async with self._database.reading() as db_session:
            rows = await returned_rows.sessions_with_rows(db_session)
            gone = await returned_rows.gone(db_session)
            others = await returned_rows.not_deleted(db_session)
            known = set(await deletion.known_paths(db_session))
        marks = {mark: each.session_id for each in gone for mark in marks_of(each.session_id)}
        for session_id in others:
            for mark in marks_of(session_id):
                marks.pop(mark, None)  # eight characters may be another's too, and that one keeps its files
        recordings = {
            each.sha256: (each.session_id, each.size_bytes) for each in gone if each.sha256 and each.size_bytes
        }
        files = self._data_folder.files
        found = await asyncio.to_thread(erasure_files.returned, files, marks, recordings, known)
        for session_id, paths in found.items():
            await asyncio.to_thread(erasure_files.remove_returned, files, session_id, paths)
            logger.warning("interview %s: %d files of it had come back; deleted again", session_id, len(paths))
            await self._note_return(session_id, len(paths))
        await self.delete_several(rows, reason=DeletionReason.CAME_BACK)
        return sorted({*found, *rows})

    async def scrub_all(self, session_ids: Iterable[str]) -> None:
        """The last steps of deletions that left them out."""
        await self._scrub([*session_ids])

    # --- steps ----------------------------------------------------------------------------

    async def _begin(
        self, session_id: str, *, unless_running: bool, reason: DeletionReason | None, actor: Actor
    ) -> None:
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
        stored = await asyncio.to_thread(_stored, self._data_folder.files, interview)
        now = self._clock.utc_now()
        async with self._database.writing() as db_session:
            is_new = await deletion.erasure_of(db_session, session_id) is None
            await deletion.begin_deletion(
                db_session, session_id, now, unless_running=unless_running, reason=reason, actor=actor, stored=stored
            )
        if is_new:
            await asyncio.to_thread(erasure_journal.note, self._data_folder, Noted(session_id, now))

    async def _remove(self, session_id: str) -> None:
        """Remove the files, then what the rows say. Raises NotGone when something is there after all."""
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
            last_one = not await deletion.others(db_session, session_id)
            rows = await deletion.remaining_rows(db_session, session_id)
        files = self._data_folder.files
        lying = await asyncio.to_thread(erasure_files.lying, files, interview, last_one=last_one)
        await asyncio.to_thread(erasure_files.remove, files, interview, lying)
        if interview.candidate.name == deletion.NOBODY:
            await self._remove_late(session_id)
        left = await asyncio.to_thread(erasure_files.lying, files, interview, last_one=last_one)
        if left:
            raise NotGone(f"interview {session_id}: still there: {', '.join(left)}")
        if rows or not await self._is_erased(session_id):
            await self._empty_rows(session_id)

    async def _empty_rows(self, session_id: str) -> None:
        async with self._database.writing() as db_session:
            await deletion.begin_again(db_session, session_id)
            await deletion.complete_deletion(db_session, session_id)
        async with self._database.reading() as db_session:
            left = await deletion.remaining_rows(db_session, session_id)
        if left:
            raise NotGone(f"interview {session_id}: still in the tables {', '.join(left)}")

    async def _is_erased(self, session_id: str) -> bool:
        async with self._database.reading() as db_session:
            erasure = await deletion.erasure_of(db_session, session_id)
        return erasure is not None and erasure.erased_at is not None

    async def _remove_late(self, session_id: str) -> None:
        """What was being recorded when it was deleted may have begun a file just then: no row tells in whose folder."""
        marks = dict.fromkeys(marks_of(session_id), session_id)
        files = self._data_folder.files
        found = await asyncio.to_thread(erasure_files.returned, files, marks, {}, set())
        await asyncio.to_thread(erasure_files.remove_returned, files, session_id, found.get(session_id, ()))

    async def _scrub(self, session_ids: list[str]) -> None:
        """Write the database's files anew, once for all who ask meanwhile; then these interviews are erased."""
        self._asked += 1
        mine = self._asked
        try:
            async with self._scrubbing:
                if self._scrubbed < mine:
                    covered = self._asked
                    await self._database.scrub()
                    self._scrubbed = covered
            async with self._database.writing() as db_session:
                for session_id in session_ids:
                    await deletion.note_erased(db_session, session_id, self._clock.utc_now())
        except DatabaseError:
            logger.warning(
                "what %d deleted interviews left in the database's files is overwritten later",
                len(session_ids),
                exc_info=True,
            )

    async def _note_return(self, session_id: str, count: int) -> None:
        details: Details = {"reason": DeletionReason.CAME_BACK.value, "files": count}
        async with self._database.writing() as db_session:
            await audit.record(
                db_session,
                AuditEvent.DELETED,
                self._clock.utc_now(),
                actor=SYSTEM,
                session_id=session_id,
                details=details,
            )


def _stored(files: ContainedFiles, interview: InterviewSession) -> Stored | None:
    """What the recording is known by when it comes back. Blocking."""
    path = interview.video_file_path
    if path is None:
        return None
    try:
        found = files.stat(path)
        if found is None:
            return None
        return Stored(interview.video_sha256 or sha256_of(files, path), found.st_size)
    except (OSError, OutsideFolder):
        return None
