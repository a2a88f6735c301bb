"""Recordings that were made elsewhere and handed in by HR in place of the one that was there.

Every function takes the session first; those that write need one of `Database.writing()`.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from db import holds, interviews, recordings
from db.models import InterviewSession, Part, PartSource, Work
from db.recordings import PartOutcome
from db.states import InterviewEvent, PartState


@dataclass(frozen=True, slots=True)
class NewRecording:
    """A recording that takes another one's place."""

    path: str
    "Where it lies, relative to the data folder."
    sha256: str
    "Of all its octets, hexadecimal."
    holds: PartOutcome
    "What is in it."
    user_agent: str
    "Who sent it."


async def replace_recording(db_session: AsyncSession, session_id: str, new: NewRecording, now: datetime) -> None:
    """The new one lies under its final name, synced: the interview is `ready`, and whatever was recorded before is forgotten.

    With it go marks and gaps, which lay in the old parts, and what was cut from them. Raises IllegalTransition (it is
    not finished, or deleted), OnHold and NotFound.
    """
    await holds.refuse_held(db_session, session_id)  # what was recorded before would be gone
    await interviews.apply_event(db_session, session_id, InterviewEvent.RECORDING_REPLACED, now)
    await db_session.execute(delete(Part).where(Part.session_id == session_id))
    await db_session.execute(delete(Work).where(Work.session_id == session_id))
    outcome = {field.name: getattr(new.holds, field.name) for field in fields(new.holds)}
    outcome["bitrate_windows"] = list(new.holds.bitrate_windows)
    part = Part(
        session_id=session_id,
        number=1,
        state=PartState.STORED,
        source=PartSource.UPLOAD,
        path=new.path,
        started_at=now,
        ended_at=now,
        user_agent=new.user_agent,
        **outcome,
    )
    db_session.add(part)
    interview = await db_session.get_one(InterviewSession, session_id)
    interview.video_file_path, interview.video_sha256 = new.path, new.sha256
    interview.video_size_mb = recordings.megabytes(new.holds.size_bytes)
    interview.video_uploaded_at = now
    interview.preview_of = None
    interview.duration_ms = new.holds.duration_ms
    await db_session.flush()
