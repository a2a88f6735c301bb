"""A data folder with a database and people in it, for the tests of what becomes of recordings."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from db import interviews, people, recordings
from db.engine import Database
from db.models import InterviewSession, PartSource
from db.recordings import PartOutcome
from db.states import InterviewEvent
from media_server.aio.data_folder import DataFolder
from media_server.aio.recording_files import part_path
from media_server.aio.recordings import Recordings
from media_server.recording import names

STARTED = datetime(2024, 11, 28, 12, 5, 30, tzinfo=UTC)


@dataclass(slots=True)
class FixedClock:
    """Stands still until it is told otherwise."""

    now: datetime = STARTED

    def monotonic(self) -> float:
        return self.now.timestamp()

    def utc_now(self) -> datetime:
        return self.now


@dataclass
class House:
    """A data folder with people in it."""

    database: Database
    data_folder: DataFolder
    job_id: int = 0
    clock: FixedClock = field(default_factory=FixedClock)

    @property
    def recordings(self) -> Recordings:
        return Recordings(self.database, self.data_folder, self.clock)

    @cached_property
    def the_recordings(self) -> Recordings:
        """The same one every time, as in a server."""
        return self.recordings

    @property
    def uploads(self) -> Path:
        return self.data_folder.uploads_path

    async def interview(
        self,
        session_id: str,
        *,
        parts: int = 1,
        email: str | None = None,
        finish: bool = True,
        media: Sequence[bytes] = (),
    ) -> None:
        """One with as many parts, or with these, started at STARTED; without media b"<session_id> <number>" each."""
        media = media or [f"{session_id} {number}".encode() for number in range(1, parts + 1)]
        async with self.database.writing() as db_session:
            candidate = await people.identify_candidate(
                db_session, "John Doe", names.folder_name("John Doe"), STARTED, email=email
            )
            await interviews.add_interview(db_session, session_id, self.job_id, candidate.id, ["Who?"], STARTED)
            await interviews.apply_event(db_session, session_id, InterviewEvent.CONSENT, STARTED)
            for octets in media:
                await self._part(db_session, candidate.folder, session_id, octets)
            if finish and media:
                await interviews.finish(db_session, session_id, STARTED + timedelta(minutes=1))

    async def invite(self, session_id: str, *, question: str = "Who?") -> None:
        """One that has not begun."""
        async with self.database.writing() as db_session:
            candidate = await people.identify_candidate(db_session, "John Doe", names.folder_name("John Doe"), STARTED)
            await interviews.add_interview(db_session, session_id, self.job_id, candidate.id, [question], STARTED)

    async def _part(self, db_session: AsyncSession, folder: str, session_id: str, media: bytes) -> None:
        part = await recordings.open_part(
            db_session, session_id, PartSource.LIVE, lambda number: part_path(folder, session_id, number), STARTED
        )
        descriptor = self.data_folder.files.create(part.path)
        os.write(descriptor, media)
        os.close(descriptor)
        outcome = PartOutcome(end_reason="finished", duration_ms=60_000, size_bytes=len(media))
        await recordings.close_part(db_session, session_id, part.number, outcome, STARTED + timedelta(minutes=1))

    async def get(self, session_id: str) -> InterviewSession:
        async with self.database.reading() as db_session:
            return await interviews.get_interview(db_session, session_id)

    def files(self) -> dict[str, str]:
        """Everything below uploads and what it says."""
        found = self.data_folder.files.walk("uploads")
        return {file.path.removeprefix("uploads/"): (self.data_folder.path / file.path).read_text() for file in found}

    def folders(self) -> set[str]:
        return {str(path.relative_to(self.uploads)) for path in self.uploads.rglob("*") if path.is_dir()}
