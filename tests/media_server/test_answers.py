"""Where takes lie in a recording."""

from media_server.recording.answers import AnswerMark, TakeSpan, take_spans
from media_server.recording.timeline import Timeline

TIMELINE = Timeline.of([(1, 10_000), (3, 20_000)])


def mark(part: int, offset_ms: int, kind: str, question: int = 1, take: int | None = 1) -> AnswerMark:
    return AnswerMark(part, offset_ms, kind, question, take)


def test_a_take_lies_between_its_marks() -> None:
    marks = [mark(1, 500, "question", take=None), mark(1, 1_000, "take"), mark(1, 4_000, "take_end")]
    assert take_spans(TIMELINE, marks) == {(1, 1): TakeSpan(1_000, 4_000)}


def test_a_take_that_was_interrupted_spans_parts() -> None:
    marks = [mark(1, 9_000, "take"), mark(3, 2_000, "take_end")]
    assert take_spans(TIMELINE, marks) == {(1, 1): TakeSpan(9_000, 12_000)}


def test_takes_and_questions_are_told_apart() -> None:
    marks = [
        mark(1, 1_000, "take", take=1),
        mark(1, 2_000, "take_end", take=1),
        mark(1, 2_500, "take", take=2),
        mark(1, 3_000, "take_end", take=2),
        mark(1, 3_000, "question", 2, None),
        mark(1, 3_000, "take", 2, 1),
        mark(3, 0, "take_end", 2, 1),
    ]
    assert take_spans(TIMELINE, marks) == {
        (1, 1): TakeSpan(1_000, 2_000),
        (1, 2): TakeSpan(2_500, 3_000),
        (2, 1): TakeSpan(3_000, 10_000),
    }


def test_a_take_without_an_end_lasts_until_something_else_begins_or_to_the_end() -> None:
    assert take_spans(TIMELINE, [mark(1, 1_000, "take")]) == {(1, 1): TakeSpan(1_000, 30_000)}
    marks = [mark(1, 1_000, "take"), mark(3, 5_000, "question", 2, None)]
    assert take_spans(TIMELINE, marks) == {(1, 1): TakeSpan(1_000, 15_000)}


def test_what_cannot_be_is_left_out() -> None:
    assert take_spans(TIMELINE, [mark(2, 1_000, "take"), mark(2, 2_000, "take_end")]) == {}
    assert take_spans(TIMELINE, [mark(1, 4_000, "take"), mark(1, 4_000, "take_end")]) == {}
    assert take_spans(TIMELINE, [mark(1, 4_000, "take_end")]) == {}
    assert take_spans(Timeline.of([]), [mark(1, 1, "take")]) == {}
