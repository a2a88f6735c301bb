"""What is kept until when, and what is held."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from db.holds import MOST_REASON
from web.schema.base import Moment, Schema


class HoldForHr(Schema):
    """Why an interview is not deleted."""

    reason: str
    held_at: Moment
    held_by: str
    "Whoever said so: an e-mail, or the operator's name on the machine."


class HoldWanted(Schema):
    """Keep an interview, whatever its job's rule says."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_REASON)]
    "Whoever asks for deletion is shown it."


class KeptTold(Schema):
    """Until when an interview is kept."""

    delete_at: Moment | None
    "When it is deleted; null while it is not over, and while it is held."
    hold: HoldForHr | None


class DeletionsQuery(Schema):
    """How far ahead to look."""

    days: Annotated[int, Field(ge=0, le=3650)] = 7
    "What is deleted within so many days."


class DueReason(StrEnum):
    """Why something goes."""

    RETENTION = "retention"
    REQUESTED = "requested"
    WITHDRAWN = "withdrawn"


class Due(Schema):
    """An interview that is deleted soon."""

    session_id: str
    candidate_name: str
    job_id: int
    job_title: str
    ended_at: Moment
    delete_at: Moment
    reason: DueReason
    "Its job's period is over, its candidate asked for it, or they took their consent back."


class HeldInList(Schema):
    """An interview that would be deleted, and is held."""

    session_id: str
    candidate_name: str
    job_id: int
    job_title: str
    ended_at: Moment
    hold: HoldForHr


class Deletions(Schema):
    """What goes soon, the first first, and what is held."""

    until: Moment
    "How far ahead was looked."
    due: list[Due]
    held: list[HeldInList]
