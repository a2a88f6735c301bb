"""An interview's rows as the pure rooms want them: where its parts lie in the recording, and its marks with questions."""

from db.models import InterviewSession
from media_server.recording.chapters import ChapterMark, chapters_of
from media_server.recording.timeline import Timeline
from media_server.webm.chapters import Chapter


def timeline_of(interview: InterviewSession) -> Timeline:
    """Where its parts lie in the recording that they become, or became."""
    return Timeline.of((part.number, part.duration_ms or 0) for part in interview.parts)


def question_marks(interview: InterviewSession) -> list[ChapterMark]:
    """The marks of questions and takes, part by part."""
    return [
        ChapterMark(part.number, mark.offset_ms, mark.question_index, mark.take)
        for part in interview.parts
        for mark in part.marks
        if mark.question_index is not None
    ]


def chapters_in(interview: InterviewSession) -> list[Chapter]:
    """A chapter for each question and take, in milliseconds of the recording."""
    texts = {question.index: question.text for question in interview.questions}
    return chapters_of(timeline_of(interview), question_marks(interview), texts)
