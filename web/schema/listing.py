"""Lists of interviews."""

from datetime import date
from typing import Annotated

from pydantic import Field

from db.listing import Sort
from db.states import InterviewState
from web.paging import PageQuery
from web.schema.base import Moment, Schema


class ListQuery(PageQuery):
    """Which interviews, and in which order."""

    search: Annotated[str, Field(max_length=200)] = ""
    "Words that all occur in the candidate's name or e-mail, the job's title or the session id; case and accents do not count."
    state: list[InterviewState] = Field(default_factory=list, max_length=20)
    "Those in one of these states; may be given several times."
    job: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    "Those of this job."
    since: Moment | None = None
    "Begun, or else set up, at this moment or later."
    until: Moment | None = None
    "Before this moment."
    sort: Sort = Sort.DATE
    "By what."
    descending: bool | None = None
    "The most, the latest or Z first; left out: numbers and dates so, words from A."


class PageOfListQuery(ListQuery):
    """What the page of the list takes besides: days, as people choose them."""

    from_day: date | None = None
    "From the beginning of this day."
    to_day: date | None = None
    "To the end of this one."
    zone: Annotated[str, Field(max_length=64)] = "UTC"
    "Where a day begins when it does, as in `Europe/Berlin`; an unknown zone counts as UTC."


class InterviewInList(Schema):
    """One line of a list."""

    session_id: str
    state: InterviewState
    candidate_name: str
    candidate_email: str | None
    job_id: int
    job_title: str
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    deadline_at: Moment | None
    duration_ms: int
    size_bytes: int
    deletion_due_at: Moment | None
    "The candidate asked for deletion; it happens by itself then."


class InterviewPage(Schema):
    """A page of a list."""

    items: list[InterviewInList]
    next_cursor: str | None
    "Hand it in as `cursor` for the next page; null: there is none."


class InterviewCounts(Schema):
    """How many interviews there are in each state, of those that the other filters leave."""

    total: int
    by_state: dict[InterviewState, int]
