"""Whose files there are to be looked at, and rows that are corrected to what lies there."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import interviews
from db.models import InterviewSession
from db.recordings import megabytes
from db.states import InterviewState

Corrections = dict[str, int | str]
"What is corrected: `part N` and `size` to so many octets, `length of part N` to so many milliseconds, `sha256` to that."


async def with_media(db_session: AsyncSession) -> list[str]:
    """Session ids of all interviews that have parts or a recording, the oldest first."""
    has_media = or_(InterviewSession.parts.any(), InterviewSession.video_file_path.is_not(None))
    query = select(InterviewSession.session_id).where(has_media, InterviewSession.state != InterviewState.DELETED)
    return list(await db_session.scalars(query.order_by(InterviewSession.created_at, InterviewSession.session_id)))


async def correct(db_session: AsyncSession, session_id: str, corrections: Corrections) -> None:
    """Write down what lies there, where the rows say something else. Raises NotFound."""
    interview = await interviews.get_interview(db_session, session_id)
    for part in interview.parts:
        size = corrections.get(f"part {part.number}")
        part.size_bytes = part.size_bytes if size is None else int(size)
        length = corrections.get(f"length of part {part.number}")
        part.duration_ms = part.duration_ms if length is None else int(length)
    if "size" in corrections:
        interview.video_size_mb = megabytes(int(corrections["size"]))
    if "sha256" in corrections:
        interview.video_sha256 = str(corrections["sha256"])
