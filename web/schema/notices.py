"""A job's notice as HR says it, and its versions as they are told."""

from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from db.models import LegalBasis
from web.schema.base import Moment, Schema
from web.schema.interviews import Notice

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]


class NoticeWords(Schema):
    """What is said in one language; what is left out, or null, stays as it is."""

    model_config = ConfigDict(strict=True)

    purpose: Words | None = None
    recipients: Words | None = None
    rights: Words | None = None


class NoticeWordsTold(Schema):
    """What is said in one language."""

    purpose: str
    recipients: str
    rights: str


class MissingTold(Schema):
    """A field of the notice that says nothing."""

    field: str
    "`controller`, `contact`, `retention`, `purpose`, `recipients` or `rights`."
    language: str | None
    "Null where it is the same in every language."


class NoticeVersionTold(Schema):
    """A version of a job's notice."""

    version: str
    language: str
    number: int | None
    "From 1 in each language; null before it is kept, which is when somebody saves the job or agrees."
    legal_basis: LegalBasis
    made_at: Moment | None
    current: bool
    "Candidates read this one now."
    acknowledged: int
    "How many candidates agreed with this one before them."


class NoticeVersions(Schema):
    """All of them, the newest first."""

    versions: list[NoticeVersionTold]


class NoticeWhole(Notice):
    """A version, word for word."""

    number: int | None
    made_at: Moment | None
