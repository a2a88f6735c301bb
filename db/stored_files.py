"""Where the files of an interview lie: what a download needs to know, and no more.

A player asks for many stretches of one file, each in a request of its own, so this is one small query each time. Whether
the asker may see the interview is decided before. Every function takes the session first.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.errors import NotFound
from db.models import InterviewSession, Part
from db.states import InterviewState, PartState

_THERE = InterviewSession.state != InterviewState.DELETED


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part, and whether it has a file of its own."""

    path: str
    "Where it lies, or lay, relative to the data folder."
    state: PartState
    "An open one is being written."
    is_joined: bool
    "It lies in the recording, between others, and nowhere else."


async def recording_path(db_session: AsyncSession, session_id: str) -> str | None:
    """Where the recording lies, relative to the data folder; None until it is ready. Raises NotFound."""
    query = select(InterviewSession.video_file_path).where(InterviewSession.session_id == session_id, _THERE)
    row = (await db_session.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"there is no interview {session_id}")
    path: str | None = row.video_file_path
    return path


async def part_file(db_session: AsyncSession, session_id: str, number: int) -> PartFile:
    """One part. Raises NotFound."""
    query = (
        select(Part.path, Part.state, InterviewSession.video_file_path)
        .join(Part.interview)
        .where(Part.session_id == session_id, Part.number == number, _THERE)
    )
    row = (await db_session.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"interview {session_id} has no part {number}")
    return PartFile(row.path, row.state, row.state is PartState.STORED and row.path != row.video_file_path)
