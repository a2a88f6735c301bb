"""Marks that a host platform sets, which asks its own questions."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from signaling.protocol.interview_flow import MarkKind
from web.schema.base import Schema


class NewMark(Schema):
    """A question is asked, or an answer begins or ends."""

    kind: MarkKind
    "`question`: it is asked; `take`, `take_end`: an attempt at its answer begins, ends."
    question_index: Annotated[int, Field(ge=1, le=1_000)]
    "From 1."
    take: Annotated[int, Field(ge=1, le=1_000)] | None = None
    "Which attempt, from 1; with `take` and `take_end`."
    at: Annotated[float, Field(ge=0, le=1e14, allow_inf_nan=False)] | None = None
    "`performance.timeOrigin + performance.now()` of the candidate's page, in milliseconds; left out: now."

    @model_validator(mode="after")
    def _has_its_take(self) -> Self:
        if (self.kind is MarkKind.QUESTION) != (self.take is None):
            raise ValueError("a take has its number, and a question has none")
        return self


class MarkTaken(Schema):
    """The mark is wanted; where it lies in the recording is known within seconds."""

    kind: MarkKind
    question_index: int
    take: int | None
