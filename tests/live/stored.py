"""Gives an interview of a running server a recording of the test's choice, as if it had been recorded."""

import asyncio
from pathlib import Path

from db import interviews, recordings
from db.clock import SystemClock
from db.engine import Database
from db.models import PartSource
from db.recordings import PartOutcome
from db.settings import DatabaseSettings
from db.states import InterviewEvent
from media_server.aio.data_folder import DataFolder
from media_server.aio.recording_files import part_path
from media_server.aio.recordings import Recordings
from tests.live.harness import Interview, Server

CLOCK = SystemClock()


async def put_recording(server: Server, interview: Interview, media: bytes) -> Path:
    """Give an interview a recording, as if it had been recorded; returns its file."""
    database = await Database.open(server.data / "holdfast.db", DatabaseSettings())
    try:
        data_folder = await asyncio.to_thread(DataFolder.open, server.data)
        async with database.writing() as db_session:
            row = await interviews.get_interview(db_session, interview.session_id)
            candidate = row.candidate.folder
            part = await recordings.open_part(
                db_session,
                interview.session_id,
                PartSource.LIVE,
                lambda number: part_path(candidate, interview.session_id, number),
                CLOCK.utc_now(),
            )
            path = server.data / part.path
            await asyncio.to_thread(path.parent.mkdir, parents=True)
            await asyncio.to_thread(path.write_bytes, media)
            outcome = PartOutcome("closed_by_page", 60_000, len(media), "VP9", "opus", 640, 480)
            await recordings.close_part(db_session, interview.session_id, 1, outcome, CLOCK.utc_now())
            await interviews.apply_event(db_session, interview.session_id, InterviewEvent.FINISH, CLOCK.utc_now())
        stored = await Recordings(database, data_folder, CLOCK).store(interview.session_id)
    finally:
        await database.close()
    if stored is None:
        raise RuntimeError("the recording was not stored")
    return server.data / stored
