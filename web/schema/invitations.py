"""Inviting candidates, and what becomes of their links."""

from typing import Annotated

from pydantic import Field, StringConstraints

from db.states import InterviewState
from web.schema.base import Moment, Schema

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=320, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
SessionId = Annotated[str, Field(min_length=1, max_length=300)]
MOST_MS = 7_200_000
"Two hours for one question; more is a slip of the hand."
Milliseconds = Annotated[int, Field(ge=0, le=MOST_MS)]


class QuestionAsked(Schema):
    """A question, as it is put to one candidate or to everybody who is invited."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    think_ms: Milliseconds | None = 0
    "Time to think; 0 for none, null for as long as one likes."
    answer_ms: Annotated[int, Field(ge=1_000, le=MOST_MS)] | None = None
    "Time to answer; null for as long as one likes."
    max_takes: Annotated[int, Field(ge=1, le=20)] = 1
    "How often it may be answered."
    optional: bool = False
    "It may be skipped."


class Invitation(Schema):
    """Whom to invite."""

    candidate: Name
    "The candidate's name."
    email: Email | None = None
    "Identifies the candidate over several interviews."
    candidate_id: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    "The same, by the host platform's id."
    session_id: SessionId | None = None
    "The host platform's own id for the interview; otherwise one is made."
    questions: Annotated[list[QuestionAsked], Field(max_length=100)] | None = None
    "What they are asked; left out: the job's questions."
    deadline_at: Moment | None = None
    "When the link ends; left out: as the job says."


class Invited(Schema):
    """The interview that was set up, and its links."""

    session_id: str
    candidate_id: int
    candidate_url: str
    "The link to send to the candidate."
    token: str
    "The bearer token of whoever holds the link."
    whip_url: str
    "Where a sender posts its offer to (RFC 9725)."
    deadline_at: Moment | None


class LinkTold(Schema):
    """A candidate's link as it is now."""

    candidate_url: str | None
    "Null while it is revoked."
    token: str | None
    whip_url: str | None
    revoked_at: Moment | None
    "Since when nothing opens the interview."
    deadline_at: Moment | None
    state: InterviewState


class NewDeadline(Schema):
    """Until when the link is to be good."""

    deadline_at: Moment
