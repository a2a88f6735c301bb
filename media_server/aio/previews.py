"""Poster, thumbnails and waveform beside each recording, drawn in a process of its own once the recording is stored.

They are keyed by the recording's SHA-256: of a recording that takes another's place they are drawn anew.
"""

import asyncio
import json
import os
import tempfile
from typing import BinaryIO, Final

from db import interviews
from db.engine import Database
from db.models import InterviewSession
from db.states import GONE
from db.work import Task
from media_server.aio import recording_files
from media_server.aio.data_folder import DataFolder
from media_server.aio.preview_job import Job, Outcome
from media_server.aio.recordings import Recordings
from media_server.aio.work import GiveUp
from media_server.aio.worker_process import SPARE, OnProgress, run_worker
from media_server.recording import names

WORKER: Final = "media_server.aio.preview_worker"
WITHIN_S: Final = 3_600.0
"Far longer than three hours of recording take."
POSTER, THUMBNAILS, INDEX = "poster.jpg", "thumbnails.jpg", "json"
"What there is of each."


class Previews:
    """Makes the previews of one data folder."""

    def __init__(self, database: Database, data_folder: DataFolder, recordings: Recordings) -> None:
        self._database = database
        self._data_folder = data_folder
        self._recordings = recordings

    async def make(self, task: Task, _: OnProgress) -> None:
        """Draw what a recording looks and sounds like. Raises GiveUp, WorkerFailed, OSError."""
        async with self._database.reading() as db_session:
            interview = await interviews.get_interview(db_session, task.session_id)
        path, sha256 = interview.video_file_path, interview.video_sha256
        if path is None or sha256 is None or not sha256.startswith(task.subject):
            raise GiveUp("its recording is gone, or is another one now")
        source = await asyncio.to_thread(self._data_folder.files.open, path)
        folder = self._data_folder.uploads_path
        try:
            with tempfile.TemporaryFile(dir=folder) as poster, tempfile.TemporaryFile(dir=folder) as thumbnails:
                job = Job(source, poster.fileno(), thumbnails.fileno(), interview.duration_ms or 0)
                handed = [source, poster.fileno(), thumbnails.fileno()]
                told = await run_worker(WORKER, job.encode(), handed, priority=SPARE, within_s=WITHIN_S)
                outcome = _checked(Outcome.decode(told))
                drawn = {POSTER: _read(poster), THUMBNAILS: _read(thumbnails), INDEX: _index(outcome, job.duration_ms)}
        finally:
            os.close(source)
        await self._keep(interview, sha256, drawn)

    async def _keep(self, interview: InterviewSession, sha256: str, drawn: dict[str, bytes]) -> None:
        files, session_id = self._data_folder.files, interview.session_id
        folder = recording_files.previews_folder(interview)
        async with self._recordings.held(session_id):
            async with self._database.reading() as db_session:
                now = await interviews.get_interview(db_session, session_id)
            if now.state in GONE or now.video_sha256 != sha256:
                raise GiveUp("the interview was deleted, or has another recording now")
            for kind, octets in drawn.items():
                if octets:
                    name = names.preview_name(sha256, kind)
                    await asyncio.to_thread(recording_files.put_file, files, f"{folder}/{name}", octets)
            async with self._database.writing() as db_session:
                (await interviews.get_interview(db_session, session_id)).preview_of = sha256
            await asyncio.to_thread(recording_files.keep_previews_of, files, interview, sha256)


def _checked(outcome: Outcome) -> Outcome:
    outcome.check_disk()
    if outcome.refusal:
        raise GiveUp(outcome.refusal)
    return outcome


def _read(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _index(outcome: Outcome, duration_ms: int) -> bytes:
    told = json.loads(outcome.encode())
    return json.dumps({"duration_ms": duration_ms, "sheet": told["sheet"], "peaks": told["peaks"]}).encode()
