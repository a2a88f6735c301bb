"""What every schema has in common, and how a moment is written."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer


class Schema(BaseModel):
    """A body or an answer. A field that it does not know is refused, not ignored: a misspelt one would be lost silently."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,  # the sentence under a field is its description in the OpenAPI document
    )


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("A moment needs its zone, as in 2026-11-24T09:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("This moment lies outside of the calendar") from None


Moment = Annotated[
    datetime,
    AfterValidator(_in_utc),
    PlainSerializer(_written, return_type=str, when_used="json"),
    Field(json_schema_extra={"examples": ["2026-11-24T09:00:00Z"]}),
]
"A moment in UTC, written to the second as in `2026-11-24T09:00:00Z` (RFC 3339)."


class ProblemDocument(BaseModel):
    """What is wrong with a request (RFC 9457). `type` is stable; `title` and `detail` are sentences for people."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list["FieldProblem"] | None = None


class FieldProblem(Schema):
    """What is wrong with one field of a body or query."""

    field: str
    "Where it is, as in `questions.2.text`; empty for the whole."
    problem: str
    "What is wrong with it."
