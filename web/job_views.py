"""A job as it is told to HR: rows become the shapes of `web/schema/jobs`."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from db.jobs import COPIED, JobSummary, Member
from db.models import Job, JobQuestion, JobRole
from db.notices import SPOKEN
from db.states import InterviewState
from web import notices
from web.languages import DEFAULT, LANGUAGES
from web.schema.jobs import JobInList, JobQuestionTold, JobWhole, MemberTold
from web.schema.notices import MissingTold, NoticeWordsTold


def job_view(
    job: Job, role: JobRole, members: Sequence[Member], interviews: Mapping[InterviewState, int], base: str
) -> JobWhole:
    """All of it, for a member with this role."""
    lacking = notices.missing(job)
    return JobWhole(
        id=job.id,
        version=version_of(job),
        role=role,
        title=job.title,
        created_at=job.created_at,
        archived_at=job.archived_at,
        questions=[_question(question, base) for question in job.questions],
        members=members_view(members),
        interviews=dict(interviews),
        notice_missing=[MissingTold(field=each.field, language=each.language) for each in lacking],
        notice_lacking=notices.lacking_sentence(lacking),
        notice_texts={language: NoticeWordsTold(**words_of(job, language)) for language in LANGUAGES},
        **{f"notice_{field}": said for field, said in words_of(job, DEFAULT).items()},
        **{name: getattr(job, name) for name in COPIED if name != "notice_texts"},
    )


def list_row(summary: JobSummary) -> JobInList:
    """One line of the list."""
    return JobInList(
        id=summary.id,
        title=summary.title,
        role=summary.role,
        questions=summary.questions,
        interviews=summary.interviews,
        created_at=summary.created_at,
        archived_at=summary.archived_at,
        last_activity_at=summary.last_activity_at,
    )


def members_view(members: Sequence[Member]) -> list[MemberTold]:
    """Who is a member."""
    return [MemberTold(user_id=member.user_id, email=member.email, role=member.role) for member in members]


def words_of(job: Job, language: str) -> dict[str, str]:
    """The notice's words in one language, empty where it has none."""
    return {field: job.notice_texts.get(language, {}).get(field, "") for field in SPOKEN}


def version_of(job: Job) -> str:
    """Another one whenever settings or questions are others; sounds, members and the archive do not count."""
    settings = [job.title, *(getattr(job, name) for name in COPIED)]
    questions = [
        [each.id, each.text, each.think_ms, each.answer_ms, each.max_takes, each.optional] for each in job.questions
    ]
    return hashlib.sha256(json.dumps([settings, questions]).encode()).hexdigest()[:16]


def sound_url(question: JobQuestion, base: str) -> str:
    """Where a question of a job is heard; the name of its file makes it another address when the sound is another."""
    version = (question.sound_name or "").rpartition("_")[2].removesuffix(".wav")
    return f"{base}/api/jobs/{question.job_id}/questions/{question.id}/sound?v={version}"


def _question(question: JobQuestion, base: str) -> JobQuestionTold:
    return JobQuestionTold(
        id=question.id,
        position=question.position,
        text=question.text,
        think_ms=question.think_ms,
        answer_ms=question.answer_ms,
        max_takes=question.max_takes,
        optional=question.optional,
        sound_url=None if question.sound_name is None else sound_url(question, base),
    )
