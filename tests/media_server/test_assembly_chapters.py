"""Chapters: one for each question and take, wherever its marks lie, as Matroska and as WebVTT."""

from media_server.recording.chapters import MAX_TITLE, ChapterMark, chapters_of, webvtt
from media_server.recording.timeline import Timeline
from media_server.webm.chapters import Chapter

TIMELINE = Timeline.of([(1, 60_000), (2, 30_000), (3, 3_600_000)])
QUESTIONS = {1: "Who are you?", 2: "Why <you> & not --> me?"}


def test_a_chapter_begins_at_the_first_mark_of_its_question_and_take() -> None:
    marks = [
        ChapterMark(1, 500, 1, None),  # put
        ChapterMark(1, 20_000, 1, 1),  # answer begins
        ChapterMark(1, 50_000, 1, 1),  # answer ends: no chapter of its own
        ChapterMark(2, 0, 1, 2),  # again, after an interruption
        ChapterMark(2, 10_000, 2, None),
        ChapterMark(3, 0, 2, None),  # put once more when the candidate came back
        ChapterMark(3, 5_000, 2, 1),
    ]
    assert chapters_of(TIMELINE, marks, QUESTIONS) == [
        Chapter(500, 20_000, "1. Who are you?"),
        Chapter(20_000, 60_000, "1. Who are you? (take 1)"),
        Chapter(60_000, 70_000, "1. Who are you? (take 2)"),
        Chapter(70_000, 95_000, "2. Why <you> & not --> me?"),
        Chapter(95_000, 3_690_000, "2. Why <you> & not --> me? (take 1)"),
    ]


def test_marks_may_come_in_any_order_and_lie_in_parts_that_are_gone() -> None:
    marks = [ChapterMark(2, 0, 2, None), ChapterMark(9, 0, 1, None), ChapterMark(1, 0, 1, None)]
    assert [chapter.title for chapter in chapters_of(TIMELINE, marks, QUESTIONS)] == [
        "1. Who are you?",
        "2. Why <you> & not --> me?",
    ]


def test_without_marks_there_are_no_chapters() -> None:
    assert chapters_of(TIMELINE, [], QUESTIONS) == []
    assert webvtt([]) == "WEBVTT\n"


def test_a_chapter_without_length_is_left_out() -> None:
    marks = [ChapterMark(1, 0, 1, None), ChapterMark(1, 0, 1, 1), ChapterMark(3, 9_999_999, 2, None)]
    assert chapters_of(TIMELINE, marks, QUESTIONS) == [Chapter(0, 3_690_000, "1. Who are you? (take 1)")]


def test_a_title_is_one_short_line() -> None:
    questions = {1: "Tell us\n\nabout\tyourself. " + "Take your time. " * 40}
    put, answered = chapters_of(TIMELINE, [ChapterMark(1, 0, 1, None), ChapterMark(1, 9, 1, 12)], questions)
    assert put.title.startswith("1. Tell us about yourself. Take your time.")
    assert put.title.endswith("…")
    assert answered.title.endswith("… (take 12)")
    assert len(put.title) <= MAX_TITLE
    assert len(answered.title) <= MAX_TITLE
    assert chapters_of(TIMELINE, [ChapterMark(1, 0, 7, None)], {})[0].title == "7."


def test_webvtt_tells_the_same() -> None:
    assert webvtt([Chapter(500, 60_000, "1. Who?"), Chapter(60_000, 3_690_007, "2. Why <you> & not --> me?")]) == (
        "WEBVTT\n"
        "\n"
        "00:00:00.500 --> 00:01:00.000\n"
        "1. Who?\n"
        "\n"
        "00:01:00.000 --> 01:01:30.007\n"
        "2. Why &lt;you&gt; &amp; not --&gt; me?\n"
    )
