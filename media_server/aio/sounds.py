"""Sound files in a candidate's folder: answers cut from the recording, questions to be heard.

Each is made in a process of its own beside the parts, forced onto the disk, and only then takes its name; a crash
leaves either no file or a whole one.
"""

import asyncio
import logging
import os
import tempfile
from typing import Final

from db import interviews, work
from db.engine import Database
from db.errors import Conflict, NotFound
from db.models import InterviewQuestion, InterviewSession, QuestionSound
from db.states import GONE, InterviewState
from db.work import Task
from media_server.aio import recording_files
from media_server.aio.data_folder import DataFolder
from media_server.aio.marked import timeline_of
from media_server.aio.recordings import Recordings
from media_server.aio.sound_job import Outcome
from media_server.aio.sound_making import LOOK_WITHIN_S, SoundRefused, Wanted, sound_made
from media_server.aio.work import GiveUp
from media_server.aio.worker_process import SOON, WAITED_FOR, OnProgress, Priority, run_program
from media_server.recording import names
from media_server.recording.answers import AnswerMark, take_spans
from media_server.settings import SpeechSettings, WorkSettings

logger = logging.getLogger(__name__)

ANSWER_RATE: Final = 16_000
"Samples per second of an answer's sound: what speech recognition takes."
CHECKS_AT_ONCE: Final = 2
_NOT_BEGUN: Final = frozenset({InterviewState.INVITED, InterviewState.CONSENTED})


class Sounds:
    """Makes the WAV files of one data folder."""

    def __init__(
        self,
        database: Database,
        data_folder: DataFolder,
        recordings: Recordings,
        settings: WorkSettings,
        speech: SpeechSettings,
    ) -> None:
        self._database = database
        self._data_folder = data_folder
        self._recordings = recordings
        self._settings = settings
        self._speech = speech
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def cut(self, task: Task, _: OnProgress) -> None:
        """Cut a chosen take's sound from the recording; it takes the place of another take's. Raises GiveUp."""
        index, take = map(int, task.subject.split("/"))
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, task.session_id)
        if interview.video_file_path is None:
            raise GiveUp("its recording is gone")
        span = take_spans(timeline_of(interview), _marks(interview)).get((index, take))
        if span is None:
            raise GiveUp("where it begins and ends was never marked")
        name = names.answer_name(interview.session_id, index, take)
        source = await asyncio.to_thread(self._data_folder.files.open, interview.video_file_path)
        try:
            await self._make(interview, name, source, Wanted("matroska", span.start_ms, span.end_ms, ANSWER_RATE))
        except SoundRefused as refused:
            raise GiveUp(str(refused)) from refused
        finally:
            os.close(source)
        await asyncio.to_thread(self._remove_other_takes, interview, index, name)
        async with self._database.writing() as db_session:
            await work.forget_other_takes(db_session, task)

    async def speak(self, task: Task, _: OnProgress) -> None:
        """Have the program of the settings read a question aloud. Raises GiveUp, WorkerFailed."""
        index = int(task.subject)
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, task.session_id)
        text = _question(interview, index).text.strip()
        with tempfile.TemporaryFile(dir=self._data_folder.uploads_path) as file:
            heard = file.fileno()
            await run_program(self._speech.command, text.encode() + b"\n", heard, within_s=self._speech.within_s)
            voice = (index, QuestionSound.SYNTHESISED)
            try:
                name = names.question_name(task.session_id, index)
                await self._make(interview, name, heard, Wanted("wav"), voice=voice)
            except SoundRefused as refused:
                raise GiveUp(f"what {self._speech.command[0]} wrote cannot be used: {refused}") from refused

    async def take_upload(self, session_id: str, index: int, source: int) -> int:
        """Take a question's sound from an open file; returns its length in milliseconds.

        Raises NotFound, Conflict (the interview has begun), SoundRefused, WorkerFailed, OSError: nothing is changed.
        """
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
        _question(interview, index)
        if interview.state not in _NOT_BEGUN:
            raise Conflict(f"interview {session_id} has begun")
        longest_ms = round(self._settings.max_sound_s * 1000)
        wanted, voice = Wanted("wav", longest_ms=longest_ms), (index, QuestionSound.UPLOADED)
        name = names.question_name(session_id, index)
        async with self._checks:
            outcome = await self._make(
                interview, name, source, wanted, voice=voice, priority=WAITED_FOR, within_s=LOOK_WITHIN_S
            )
        return outcome.samples * 1000 // outcome.rate

    # --- steps ----------------------------------------------------------------------------

    async def _make(
        self,
        interview: InterviewSession,
        name: str,
        source: int,
        wanted: Wanted,
        *,
        voice: "_Voice | None" = None,
        priority: Priority = SOON,
        within_s: float | None = None,
    ) -> Outcome:
        partial = recording_files.draft_path(interview, name)
        making = sound_made(self._data_folder, partial, source, wanted, priority=priority, within_s=within_s)
        async with making as outcome:
            await self._name(interview, partial, name, voice)
        return outcome

    async def _name(self, interview: InterviewSession, partial: str, name: str, voice: "_Voice | None") -> None:
        files, path = self._data_folder.files, recording_files.sound_path(interview, name)
        async with self._recordings.held(interview.session_id):
            if voice is not None and await self._is_better(interview.session_id, voice):
                return
            await asyncio.to_thread(files.replace, partial, path)
            async with self._database.writing() as db_session:
                now = await interviews.get_interview(db_session, interview.session_id)
                is_there = now.state not in GONE
                if voice is not None and is_there:
                    _question(now, voice[0]).sound = voice[1]
                if is_there and (voice is not None or now.video_file_path == interview.video_file_path):
                    return
            # It was deleted meanwhile, or cut from a recording that was replaced: what is about it must not live on.
            await asyncio.to_thread(files.remove, path)
            raise GiveUp("the interview was deleted, or has another recording now")

    async def _is_better(self, session_id: str, voice: "_Voice") -> bool:
        """What somebody recorded meanwhile is not replaced by a machine's voice."""
        async with self._database.reading() as db_session:
            question = await db_session.get_one(InterviewQuestion, (session_id, voice[0]))
        return voice[1] is QuestionSound.SYNTHESISED and question.sound is QuestionSound.UPLOADED

    def _remove_other_takes(self, interview: InterviewSession, index: int, kept: str) -> None:
        files, folder = self._data_folder.files, recording_files.sound_path(interview, "").rstrip("/")
        for name in files.names_in(folder):
            if name != kept and name.startswith(f"answer_q{index}_") and names.is_wav_of(name, interview.session_id):
                files.remove(f"{folder}/{name}")


_Voice = tuple[int, QuestionSound]
"Which question, and whose voice it is."


def _question(interview: InterviewSession, index: int) -> InterviewQuestion:
    for question in interview.questions:
        if question.index == index:
            return question
    raise NotFound(f"interview {interview.session_id} has no question {index}")


def _marks(interview: InterviewSession) -> list[AnswerMark]:
    return [
        AnswerMark(part.number, mark.offset_ms, mark.kind, mark.question_index, mark.take)
        for part in interview.parts
        for mark in part.marks
        if mark.question_index is not None
    ]
