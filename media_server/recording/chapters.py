"""Chapters of a recording: one for each question and take, made from marks; and the same as WebVTT."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from media_server.recording.timeline import Timeline
from media_server.webm.chapters import Chapter

MAX_TITLE = 120
"Characters of a title; a question may be a whole paragraph."

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class ChapterMark(NamedTuple):
    """A mark that belongs to a question."""

    part_number: int
    "The part that it lies in."
    offset_ms: int
    "Where, milliseconds of the part."
    question_index: int
    "The question, from 1."
    take: int | None
    "The take of the answer, from 1; None while the question is put and thought about."


def chapters_of(timeline: Timeline, marks: Iterable[ChapterMark], questions: Mapping[int, str]) -> list[Chapter]:
    """Return a chapter for each question and each take, in order of time; `questions` holds the texts by index.

    A chapter begins at the first mark of its question and take and lasts until the next one begins, so that where a
    take ends and what happened in between needs no chapter of its own. A mark in a part that is not there is left out.
    """
    begins: dict[tuple[int, int | None], int] = {}
    numbers = {part.number for part in timeline.parts}
    for mark in marks:
        if mark.part_number in numbers:
            at = timeline.recording_time(mark.part_number, mark.offset_ms)
            key = (mark.question_index, mark.take)
            begins[key] = min(at, begins.get(key, at))
    # At the same moment the question stands before its takes.
    ordered = sorted(begins, key=lambda key: (begins[key], key[0], key[1] or 0))
    ends = [*(begins[key] for key in ordered), timeline.duration_ms][1:]
    pairs = zip(ordered, ends, strict=True)
    return [Chapter(begins[key], end, _title(*key, questions)) for key, end in pairs if begins[key] < end]


def webvtt(chapters: Sequence[Chapter]) -> str:
    """Return the chapters as a WebVTT file (W3C WebVTT section 4.6)."""
    cues = (
        f"{_stamp(each.start_ms)} --> {_stamp(each.end_ms)}\n{each.title.translate(_ESCAPES)}\n" for each in chapters
    )
    return "\n".join(["WEBVTT\n", *cues])


def _title(index: int, take: int | None, questions: Mapping[int, str]) -> str:
    # A title is one line: a blank line would end a WebVTT cue.
    text = " ".join(f"{index}. {questions.get(index, '')}".split())
    number = "" if take is None else f" (take {take})"
    room = MAX_TITLE - len(number)
    return (text if len(text) <= room else f"{text[: room - 1].rstrip()}…") + number


def _stamp(time_ms: int) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
