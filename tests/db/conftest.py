"""A real database file for every test, and people and an interview to put into it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db import interviews, people, recordings
from db.engine import Database
from db.models import PartSource
from db.recordings import PartOutcome
from db.states import InterviewEvent

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OUTCOME = PartOutcome(
    end_reason="closed_by_page",
    duration_ms=60_000,
    size_bytes=2_345_678,
    video_codec="VP9",
    audio_codec="opus",
    width=640,
    height=480,
    video_kbps=238.1,
    audio_kbps=31.9,
    bitrate_windows=({"start_ms": 0, "video_bps": 238_100, "audio_bps": 31_900},),
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "holdfast.db")
    yield database
    await database.close()


@dataclass(frozen=True, slots=True)
class House:
    """What most tests begin with."""

    database: Database
    owner_id: int
    stranger_id: int
    job_id: int

    async def interview(self, session_id: str = "one", name: str = "John Doe", *, consented: bool = True) -> str:
        async with self.database.writing() as db_session:
            candidate = await people.identify_candidate(db_session, name, name.replace(" ", "_"), NOW)
            await interviews.add_interview(db_session, session_id, self.job_id, candidate.id, ["Who?", "Why?"], NOW)
            if consented:
                await interviews.apply_event(db_session, session_id, InterviewEvent.CONSENT, NOW)
        return session_id

    async def part(self, session_id: str = "one", *, closed: bool = True, now: datetime = NOW) -> int:
        async with self.database.writing() as db_session:
            part = await recordings.open_part(
                db_session, session_id, PartSource.LIVE, lambda number: f"{session_id}/{number:04}.webm", now
            )
            if closed:
                end = now + timedelta(minutes=1)
                await recordings.close_part(db_session, session_id, part.number, OUTCOME, end)
        return part.number


@pytest.fixture
async def house(database: Database) -> House:
    async with database.writing() as db_session:
        owner = await people.add_user(db_session, "hr@example.org", "argon2-hash", NOW)
        stranger = await people.add_user(db_session, "stranger@example.org", None, NOW)
        job = await people.add_job(db_session, "Lighthouse keeper", owner.id, NOW)
    return House(database, owner.id, stranger.id, job.id)
