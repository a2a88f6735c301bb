"""The candidate's own page: what is stored about them, their request for deletion, how they see their recording."""

from typing import Annotated

from pydantic import Field

from db.states import InterviewState
from web.schema.base import Moment, Schema


class RecordedTold(Schema):
    """What is stored of an interview."""

    length_ms: int
    "Of picture and sound."
    size_bytes: int
    "On the server's disk."
    questions: int
    "How many were put."
    answers: int
    "How many of them were answered."


class HoldTold(Schema):
    """The recording is kept although it would be deleted."""

    since: Moment
    reason: str
    "In the words of whoever decided it."


class RequestTold(Schema):
    """The candidate has asked for deletion."""

    requested_at: Moment
    due_at: Moment
    "Granted by itself then, unless the interview is held."


class ViewingTold(Schema):
    """How the candidate comes to see their recording."""

    released: bool
    "HR lets them see it without a code."
    mail: bool
    "This server sends mail."
    sent_to: str | None
    "Where a code would go, veiled; null: no address of theirs is known."
    ready: bool
    "The recording is whole; before that there is nothing to play."
    open_until: Moment | None
    "This browser was let in, until then."
    recording_url: str
    "For a browser that was let in."
    export_url: str
    "The same."


class OwnTold(Schema):
    """What a candidate is told of their interview once it is over. After deletion the dates alone are left."""

    session_id: str
    state: InterviewState
    job: str | None
    "Its title."
    candidate: str | None
    "Their name."
    ended_at: Moment | None
    recorded: RecordedTold | None
    "Null: nothing is stored."
    watched_by: str | None
    "Who watches it."
    controller: str | None
    "Who is responsible."
    contact: str | None
    "Whom to ask."
    delete_at: Moment | None
    "When it is deleted; null: nothing is stored, or it is held."
    hold: HoldTold | None
    request: RequestTold | None
    deleted_at: Moment | None
    viewing: ViewingTold | None
    "Null: there is nothing to see."


class CodeSent(Schema):
    """A code is on its way."""

    sent_to: str
    "Where to, veiled."
    expires_at: Moment


class OwnUnlock(Schema):
    """What opens the recording for this browser."""

    code: Annotated[str, Field(max_length=20)] | None = None
    "The six digits of the e-mail; left out where HR has released the recording."


class OwnUnlocked(Schema):
    """This browser may see the recording; it was given a cookie for that."""

    until: Moment


class ReleaseWanted(Schema):
    """Whether the candidate may see their recording without a code."""

    released: bool


class ReleaseTold(Schema):
    """The same, as it is now."""

    released_at: Moment | None
    "Null: not without a code."
