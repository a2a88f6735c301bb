"""Interviews of an older installation become ours: each looked at like an upload, written down in one piece.

The old tree is only read, until somebody asks for its files to go: then one goes when what became of it has been read
back from our own disk. One adoption is one transaction with its files named in the middle; killed anywhere, the next
run finds what is done by the digest of each file, and goes on.
"""

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from db import adoption, deletion, interviews, work
from db.adoption import Adopted
from db.audit import Actor, ActorKind, AuditEvent, Details, record
from db.clock import Clock
from db.engine import Database
from db.errors import DatabaseError, NotFound
from db.models import Candidate, InterviewSession
from db.recordings import PartOutcome
from db.states import InterviewState
from media_server.aio import adoption_files, recording_files
from media_server.aio.adoption_files import Broken, Named
from media_server.aio.contained_files import ContainedFiles, OutsideFolder
from media_server.aio.data_folder import DataFolder
from media_server.aio.upload_look import look_at
from media_server.aio.worker_process import WorkerFailed
from media_server.recording import names
from media_server.recording.adoption import LeftFile, OldInterview, OldSound
from media_server.recording.uploads import UploadRefused
from media_server.settings import WorkSettings

logger = logging.getLogger(__name__)

SETTLING_IN: Final = timedelta(days=30)
"So long nothing of an import is swept: most of it may be older than its job keeps recordings."
OPERATOR: Final = Actor(ActorKind.OPERATOR)
LONGEST_ID: Final = 200
"Octets of a session id."


class Result(StrEnum):
    """What became of an interview, or would."""

    WOULD_BE_ADOPTED = "would be adopted"
    ADOPTED = "adopted"
    ADOPTED_BEFORE = "adopted before"
    DELETED_SINCE = "deleted since"
    TAKEN = "taken"
    BROKEN = "broken"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one."""

    interview: OldInterview
    "Which."
    session_id: str
    "Its id here; empty when it cannot be read."
    result: Result
    "What became of it."
    why: str = ""
    "What stands in the way, in a sentence."
    path: str = ""
    "Where its recording lies now, relative to the data folder."
    duration_ms: int = 0
    "How long that is."
    size_bytes: int = 0
    "How large."
    broken_sounds: tuple[LeftFile, ...] = ()
    "Sounds that stay where they are."
    removed: tuple[str, ...] = ()
    "Old files that went."


@dataclass(frozen=True, slots=True)
class _Source:
    """The video, looked at: what it is told by, and what it will be here."""

    source: str
    session_id: str


_Do = Callable[[OldInterview, _Source], Awaitable[Outcome]]


class Adopter:
    """Adopts what lies in one old tree. Whoever makes one is the only one who adopts: see :func:`adoption_files.adopting`."""

    def __init__(
        self, database: Database, data_folder: DataFolder, old: ContainedFiles, settings: WorkSettings, clock: Clock
    ) -> None:
        self._database = database
        self._data_folder = data_folder
        self._old = old
        self._settings = settings
        self._clock = clock

    async def tidy(self) -> None:
        """Remove what a run left that was killed."""
        async with self._database.reading() as db_session:
            known = set(await deletion.known_paths(db_session))
            known |= {recording_files.made_sound_path(sound) for sound in await work.made_sounds(db_session)}
        await asyncio.to_thread(adoption_files.remove_leftovers, self._data_folder.files, known)

    async def rehearse(self, interview: OldInterview) -> Outcome:
        """Look at everything as :meth:`adopt` would, and change nothing."""
        return await self._guarded(interview, self._rehearse)

    async def adopt(self, interview: OldInterview, job_id: int) -> Outcome:
        """Adopt an interview, all of it or nothing."""
        return await self._guarded(interview, lambda given, source: self._adopt(given, source, job_id))

    async def _guarded(self, interview: OldInterview, do: _Do) -> Outcome:
        session_id = ""
        try:
            source = await asyncio.to_thread(self._source, interview)
            session_id = source.session_id
            return await self._known(interview, source) or await do(interview, source)
        except UploadRefused as refused:
            return Outcome(interview, session_id, Result.BROKEN, str(refused))
        except DatabaseError as error:
            return Outcome(interview, session_id, Result.TAKEN, str(error))
        except (OSError, OutsideFolder, Broken, WorkerFailed) as error:
            logger.warning("%s could not be adopted: %s", interview.path, error)
            return Outcome(interview, session_id, Result.FAILED, str(error))

    def _source(self, interview: OldInterview) -> _Source:
        source = self._source_of(interview.path)
        return _Source(source, interview.row.session_id if interview.row else f"adopted-{source[:16]}")

    def _source_of(self, path: str) -> str:
        descriptor = self._old.open(path)
        try:
            return adoption_files.source_of(path, adoption_files.digest(descriptor))
        finally:
            os.close(descriptor)

    async def _known(self, interview: OldInterview, source: _Source) -> Outcome | None:
        async with self._database.reading() as db_session:
            before = (await adoption.adopted(db_session, [source.source])).get(source.source)
            is_taken = await adoption.there_is(db_session, source.session_id)
        if before is not None:
            there = await self._ready(before)
            if there is None:
                return Outcome(interview, before, Result.DELETED_SINCE, "it was adopted, and deleted here since")
            path, size = there.video_file_path or "", there.recorded_bytes
            strange = await self._strange_sounds(interview)
            return Outcome(interview, before, Result.ADOPTED_BEFORE, "", path, there.duration_ms or 0, size, strange)
        if is_taken:
            why = f"another interview has the id {source.session_id}"
            return Outcome(interview, source.session_id, Result.TAKEN, why)
        if len(source.session_id.encode()) > LONGEST_ID:
            return Outcome(interview, "", Result.TAKEN, f"its id is longer than {LONGEST_ID} octets")
        return None

    async def _strange_sounds(self, interview: OldInterview) -> tuple[LeftFile, ...]:
        sources = [await asyncio.to_thread(self._source_of, sound.path) for sound in interview.sounds]
        async with self._database.reading() as db_session:
            known = await adoption.adopted(db_session, sources)
        pairs = zip(interview.sounds, sources, strict=True)
        return tuple(LeftFile(each.path, "it was not adopted with it") for each, source in pairs if source not in known)

    async def _ready(self, session_id: str) -> InterviewSession | None:
        async with self._database.reading() as db_session:
            try:
                interview = await interviews.get_interview(db_session, session_id)
            except NotFound:
                return None
        return interview if interview.state is InterviewState.READY else None

    async def _rehearse(self, interview: OldInterview, source: _Source) -> Outcome:
        with tempfile.TemporaryFile(dir=self._data_folder.uploads_path, prefix=names.RECEIVED) as output:
            holds = await self._look(interview, output.fileno(), output.name, source)
        drafts: list[str] = []
        try:
            _, broken = await self._copy_sounds(interview, source.session_id, drafts)
        finally:
            await asyncio.to_thread(adoption_files.remove_drafts, self._data_folder.files, drafts)
        return Outcome(
            interview,
            source.session_id,
            Result.WOULD_BE_ADOPTED,
            duration_ms=holds.duration_ms,
            size_bytes=holds.size_bytes,
            broken_sounds=broken,
        )

    async def _adopt(self, interview: OldInterview, source: _Source, job_id: int) -> Outcome:
        files, video = self._data_folder.files, adoption_files.draft_path()
        drafts = [video]
        try:
            output = await asyncio.to_thread(self._data_folder.create_draft, video, interview.size_bytes)
            try:
                holds = await self._look(interview, output, video, source)
            finally:
                os.close(output)
            sha256 = await asyncio.to_thread(recording_files.sha256_of, files, video)
            sounds, broken = await self._copy_sounds(interview, source.session_id, drafts)
            new = self._written(interview, source, job_id, holds, sha256, sounds)
            named = [Named(video, interview.name), *(each.named for each in sounds)]
            path = await self._write(new, named)
        finally:
            await asyncio.to_thread(adoption_files.remove_drafts, files, drafts)
        if await asyncio.to_thread(recording_files.sha256_of, files, path) != sha256:
            raise Broken(f"{path} is not what was written")
        logger.info("interview %s: adopted from an older installation", new.session_id)
        size = holds.size_bytes
        return Outcome(interview, new.session_id, Result.ADOPTED, "", path, holds.duration_ms, size, broken)

    async def _look(self, interview: OldInterview, output: int, draft: object, source: _Source) -> PartOutcome:
        descriptor = await asyncio.to_thread(self._old.open, interview.path)
        try:
            begun = interview.started_at or interview.uploaded_at
            longest_ms = round(self._settings.max_upload_s * 1000)
            holds = await look_at(descriptor, output, str(draft), started_at=begun, longest_ms=longest_ms)
            after = adoption_files.source_of(interview.path, await asyncio.to_thread(adoption_files.digest, descriptor))
        finally:
            os.close(descriptor)
        if after != source.source:
            raise Broken("it changed while it was read")
        return holds

    async def _copy_sounds(
        self, interview: OldInterview, session_id: str, drafts: list[str]
    ) -> "tuple[list[_Sound], tuple[LeftFile, ...]]":
        copied, broken = [], []
        for sound in interview.sounds:
            draft = adoption_files.draft_path()
            drafts.append(draft)
            try:
                sha256 = await asyncio.to_thread(
                    adoption_files.copy_sound, self._old, sound.path, self._data_folder, draft
                )
            except Broken as error:
                broken.append(LeftFile(sound.path, str(error)))
                continue
            name = _sound_name(session_id, sound)
            copied.append(_Sound(sound, Named(draft, name), adoption_files.source_of(sound.path, sha256)))
        return copied, tuple(broken)

    def _written(
        self,
        interview: OldInterview,
        source: _Source,
        job_id: int,
        holds: PartOutcome,
        sha256: str,
        sounds: "list[_Sound]",
    ) -> Adopted:
        row = interview.row
        began = interview.started_at
        if began is None or began > interview.uploaded_at:
            began = interview.uploaded_at - timedelta(milliseconds=holds.duration_ms)
        return Adopted(
            session_id=source.session_id,
            job_id=job_id,
            candidate=interview.candidate,
            base_folder=interview.folder,
            email=row.email if row else None,
            external_id=row.candidate_id if row else None,
            started_at=began,
            ended_at=interview.uploaded_at,
            keep_until=self._clock.utc_now() + SETTLING_IN,
            holds=holds,
            sha256=sha256,
            questions=frozenset(each.sound.index for each in sounds if each.sound.kind == "question"),
            answers=frozenset(each.sound.index for each in sounds if each.sound.kind == "answer"),
            sources=[source.source, *(each.source for each in sounds)],
        )

    async def _write(self, new: Adopted, named: list[Named]) -> str:
        files, given, folder = self._data_folder.files, list[str](), ""

        async def name_all(candidate: Candidate) -> str:
            nonlocal folder
            folder = candidate.folder
            given.extend(await asyncio.to_thread(adoption_files.name_adopted, files, candidate, new.session_id, named))
            return given[0]

        try:
            async with self._database.writing() as db_session:
                now = self._clock.utc_now()
                await adoption.adopt(db_session, new, name_all, now)
                about: Details = {"sha256": new.sha256, "files": len(named)}
                await record(
                    db_session, AuditEvent.ADOPTED, now, actor=OPERATOR, session_id=new.session_id, details=about
                )
        except Exception:
            await self.tidy()
            raise
        await asyncio.to_thread(adoption_files.remove_marks, files, folder, new.session_id, len(named))
        return given[0]

    # --- the old files --------------------------------------------------------------------

    async def remove_originals(self, outcome: Outcome) -> tuple[str, ...]:
        """Remove the old files of what was adopted, each once what became of it has been read back. Returns which.

        What is not as it was adopted stays, as does everything that never was.
        """
        interview = await self._ready(outcome.session_id)
        if interview is None:
            return ()
        pairs = [(outcome.interview.path, interview.video_file_path or "", interview.video_sha256)]
        for sound in outcome.interview.sounds:
            name = _sound_name(outcome.session_id, sound)
            pairs.append((sound.path, recording_files.sound_path(interview, name), None))
        removed = []
        for path, copy, sha256 in pairs:
            with contextlib.suppress(OSError, OutsideFolder):
                if await self._is_safe(path, copy, sha256, outcome.session_id):
                    await asyncio.to_thread(self._old.remove, path)
                    removed.append(path)
        await asyncio.to_thread(self._old.remove_empty_folder, outcome.interview.path.partition("/")[0])
        return tuple(removed)

    async def _is_safe(self, path: str, copy: str, sha256: str | None, session_id: str) -> bool:
        """Whether this very file was adopted, and what became of it lies there whole. Without a `sha256` it is a plain copy."""
        source = await asyncio.to_thread(self._source_of, path)
        async with self._database.reading() as db_session:
            if (await adoption.adopted(db_session, [source])).get(source) != session_id:
                return False
        lying = await asyncio.to_thread(recording_files.sha256_of, self._data_folder.files, copy)
        return lying == sha256 if sha256 is not None else adoption_files.source_of(path, lying) == source


@dataclass(frozen=True, slots=True)
class _Sound:
    sound: OldSound
    named: Named
    source: str


def _sound_name(session_id: str, sound: OldSound) -> str:
    """What it is called here, so that it can be heard, and goes with its interview."""
    name = names.question_name if sound.kind == "question" else names.answer_name
    return name(session_id, sound.index)
