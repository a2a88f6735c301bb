"""Where each take of an answer lies in the recording, from its marks."""

from collections.abc import Iterable
from typing import NamedTuple

from media_server.recording.timeline import Timeline

TAKE, TAKE_END = "take", "take_end"
"The kinds of mark that begin and end a take (docs/protocol.md)."


class AnswerMark(NamedTuple):
    """A mark that belongs to a question."""

    part_number: int
    "The part that it lies in."
    offset_ms: int
    "Where, milliseconds of the part."
    kind: str
    "What begins or ends there."
    question_index: int
    "The question, from 1."
    take: int | None
    "The take of the answer, from 1; None while the question is put."


class TakeSpan(NamedTuple):
    """Where a take lies, milliseconds of the recording."""

    start_ms: int
    "Where it begins."
    end_ms: int
    "Where it ends."


def take_spans(timeline: Timeline, marks: Iterable[AnswerMark]) -> dict[tuple[int, int], TakeSpan]:
    """Say by question and take where each take lies; one that was interrupted spans parts.

    A take whose end was never marked (nobody came back to it) lasts until something else begins, or to the end. A mark
    in a part that is not there is left out, and so is a take in which no time passed.
    """
    numbers = {part.number for part in timeline.parts}
    placed = sorted(
        (timeline.recording_time(mark.part_number, mark.offset_ms), mark)
        for mark in marks
        if mark.part_number in numbers
    )
    begins: dict[tuple[int, int], int] = {}
    ends: dict[tuple[int, int], int] = {}
    for at, mark in placed:
        if mark.take is not None and mark.kind == TAKE:
            begins.setdefault((mark.question_index, mark.take), at)
        elif mark.take is not None and mark.kind == TAKE_END:
            ends[mark.question_index, mark.take] = at
    spans = {}
    for key, start in begins.items():
        others = (at for at, mark in placed if at > start and (mark.question_index, mark.take) != key)
        end = ends.get(key) or next(others, timeline.duration_ms)
        if end > start:
            spans[key] = TakeSpan(start, end)
    return spans
