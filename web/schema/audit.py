"""The audit, as owners of jobs see it."""

from datetime import date
from typing import Annotated

from pydantic import Field

from web.paging import PageQuery
from web.schema.base import Schema


class AuditQuery(PageQuery):
    """Which rows, newest first. Without filters: of all jobs that one owns, and of one's own account."""

    session_id: Annotated[str, Field(max_length=2_000)] | None = None
    "Of this interview."
    person: Annotated[str, Field(max_length=2_000)] | None = None
    "Of this person: an e-mail, or a candidate's session id."
    event: Annotated[str, Field(max_length=64)] | None = None
    "Of this kind (docs/protocol.md lists them)."
    from_day: date | None = None
    "From the beginning of this day."
    to_day: date | None = None
    "To the end of this one."
    zone: Annotated[str, Field(max_length=64)] = "UTC"
    "Where a day begins when it does, as in `Europe/Berlin`; an unknown zone counts as UTC."


class AuditTold(Schema):
    """A row."""

    number: int
    at: str
    "As it is hashed: UTC, with microseconds."
    event: str
    actor_kind: str
    "`user`, `candidate`, `operator` or `system`."
    actor_name: str
    session_id: str | None
    job_id: int | None
    details: str
    "JSON, in the spelling that is hashed."
    previous: str
    "The hash of the row before, which may be one that is not yours to see."
    hash: str
    "SHA-256, hexadecimal."


class AuditPage(Schema):
    """A page of rows."""

    items: list[AuditTold]
    next_cursor: str | None
    "Hand it in as `cursor` for the next page; null: there is none."
