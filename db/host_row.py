"""What a row of an old installation's `interview_sessions` says."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HostRow:
    """One interview; moments are as they are written there, mostly without a zone."""

    session_id: str
    "The interview's id there."
    video_path: str | None = None
    "Where its video lies."
    size_mb: float | None = None
    "How large that is."
    uploaded_at: datetime | None = None
    "When it was uploaded."
    ended_at: datetime | None = None
    "When the interview ended."
    started_at: datetime | None = None
    "When it began."
    candidate: str | None = None
    "The candidate's name."
    email: str | None = None
    "The candidate's e-mail."
    candidate_id: str | None = None
    "The candidate's id there."
