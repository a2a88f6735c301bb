"""The sounds of jobs' questions, below `uploads/.jobs/`: taken, copied, handed on to interviews, removed.

A file is never written again: another sound has another name, so that what an interview was given stays as it was.
The database says which file is a question's; what it does not name is removed.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable
from typing import Final

from db import jobs
from db.engine import Database
from db.models import JobQuestion, QuestionSound
from media_server.aio.contained_files import ContainedFiles
from media_server.aio.data_folder import UPLOADS, DataFolder
from media_server.aio.sound_making import LOOK_WITHIN_S, Wanted, sound_made
from media_server.aio.worker_process import WAITED_FOR
from media_server.recording import names
from media_server.settings import WorkSettings

CHECKS_AT_ONCE: Final = 2
_DRAFT: Final = ".partial"


class JobSounds:
    """The sounds of one data folder's jobs."""

    def __init__(self, database: Database, data_folder: DataFolder, settings: WorkSettings) -> None:
        self._database = database
        self._data_folder = data_folder
        self._files = data_folder.files
        self._settings = settings
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._one_at_a_time = asyncio.Lock()  # between a file's name and the row that tells of it

    async def take_upload(self, job_id: int, question_id: int, source: int) -> int:
        """Take a question's sound from an open file; returns its length in milliseconds. What was there is replaced.

        Raises NotFound, SoundRefused, WorkerFailed, OSError: nothing is changed.
        """
        async with self._database.reading() as db_session:
            await jobs.get_question(db_session, job_id, question_id)
        name = names.job_question_name(question_id, secrets.token_hex(4))
        wanted = Wanted("wav", longest_ms=round(self._settings.max_sound_s * 1000))
        path = job_sound_path(job_id, name)
        making = sound_made(
            self._data_folder, path + _DRAFT, source, wanted, priority=WAITED_FOR, within_s=LOOK_WITHIN_S
        )
        async with self._checks, making as outcome, self._one_at_a_time:
            await asyncio.to_thread(self._files.replace, path + _DRAFT, path)
            await self._note(job_id, question_id, name)
        return outcome.samples * 1000 // outcome.rate

    async def remove(self, job_id: int, question_id: int) -> None:
        """A question is not heard any more. Repeating it is harmless. Raises NotFound."""
        async with self._one_at_a_time:
            await self._note(job_id, question_id, None)

    async def tidy(self, job_id: int) -> None:
        """Remove what no question of the job is heard as any more, all of it when the job is gone."""
        async with self._one_at_a_time:
            await self._tidy(job_id)

    async def tidy_all(self) -> None:
        """The same for every folder, at the start: what a crash left in the middle of something goes too."""
        async with self._one_at_a_time, self._database.reading() as db_session:
            named = await jobs.sound_names(db_session)
            await asyncio.to_thread(_tidy_all, self._files, {job_sound_path(*each) for each in named})

    async def _note(self, job_id: int, question_id: int, name: str | None) -> None:
        try:
            async with self._database.writing() as db_session:
                await jobs.note_sound(db_session, job_id, question_id, name)
        finally:
            await self._tidy(job_id)

    async def _tidy(self, job_id: int) -> None:
        async with self._database.reading() as db_session:
            named = {name for _, name in await jobs.sound_names(db_session, job_id)}
        await asyncio.to_thread(_tidy_folder, self._files, _folder(job_id), named, drafts=False)


def job_sound_path(job_id: int, name: str) -> str:
    """Where it lies, below the data folder."""
    return f"{_folder(job_id)}/{name}"


def copy_sounds(files: ContainedFiles, job_id: int, questions: Iterable[JobQuestion], new_job_id: int) -> None:
    """Let a copied job have the files too; a file that is gone is left out. Blocking."""
    for question in questions:
        if question.sound_name is not None:
            files.make_folder(_folder(new_job_id))
            _give(files, job_sound_path(job_id, question.sound_name), job_sound_path(new_job_id, question.sound_name))


def hand_on(
    files: ContainedFiles, questions: Iterable[JobQuestion], session_id: str, folder: str
) -> dict[int, QuestionSound]:
    """Put the sounds of a job's questions into the folder of a candidate, for a new interview; returns which can be heard.

    The questions are numbered from 1 in this order. Blocking.
    """
    heard = {}
    for index, question in enumerate(questions, 1):
        if question.sound_name is None:
            continue
        files.make_folder(f"{UPLOADS}/{folder}")
        path = f"{UPLOADS}/{folder}/{names.question_name(session_id, index)}"
        files.remove(path)  # an attempt that came to nothing may have left one
        if _give(files, job_sound_path(question.job_id, question.sound_name), path):
            heard[index] = QuestionSound.UPLOADED
    return heard


def _give(files: ContainedFiles, path: str, new_path: str) -> bool:
    # The same file under another name: it is never written again, so nobody needs a copy.
    with contextlib.suppress(FileNotFoundError):
        files.link(path, new_path)
        return True
    return False


def _folder(job_id: int) -> str:
    return f"{UPLOADS}/{names.job_sounds_folder(job_id)}"


def _tidy_all(files: ContainedFiles, named: set[str]) -> None:
    above = f"{UPLOADS}/{names.JOBS_FOLDER}"
    for folder in files.names_in(above):
        here = f"{above}/{folder}"
        _tidy_folder(
            files, here, {path.rpartition("/")[2] for path in named if path.startswith(f"{here}/")}, drafts=True
        )


def _tidy_folder(files: ContainedFiles, folder: str, named: set[str], *, drafts: bool) -> None:
    for name in files.names_in(folder):
        if name not in named and (drafts or not name.endswith(_DRAFT)):
            files.remove(f"{folder}/{name}")
    files.remove_empty_folder(folder)
    files.remove_empty_folder(folder.rpartition("/")[0])
