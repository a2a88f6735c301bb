"""A job: settings, the questions that whoever is invited is asked, and who is a member."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from db.models import JobRole, LegalBasis
from db.states import InterviewState
from web.languages import LANGUAGES
from web.paging import PageQuery
from web.schema.base import Moment, Schema
from web.schema.invitations import QuestionAsked
from web.schema.notices import MissingTold, NoticeWords, NoticeWordsTold, Words

MOST_QUESTIONS = 100
MOST_DEADLINE_DAYS, MOST_RETENTION_DAYS = 365, 3650

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Language = Annotated[str, StringConstraints(pattern=f"^({'|'.join(LANGUAGES)})$")]
RetentionDays = Annotated[int, Field(ge=1, le=MOST_RETENTION_DAYS)]
DeadlineDays = Annotated[int, Field(ge=1, le=MOST_DEADLINE_DAYS)]


class QuestionWanted(QuestionAsked):
    """A question of a job, as it shall be."""

    id: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    "Which of the job's questions it is; left out: a new one."


Questions = Annotated[list[QuestionWanted], Field(max_length=MOST_QUESTIONS)]


class JobChanged(Schema):
    """What changes; what is left out, or null, stays as it is."""

    model_config = ConfigDict(strict=True)

    title: Title | None = None
    retention_days: RetentionDays | None = None
    "Recordings are deleted this long after the end."
    microphone_only_allowed: bool | None = None
    "Candidates without a camera may take part by voice."
    answers_only: bool | None = None
    "The time to think is not recorded."
    deadline_days: DeadlineDays | None = None
    "How long the link of whoever is invited from now on is good."
    help_contact: Line | None = None
    "Whom candidates ask when something does not work; empty: the notice's contact."
    notice_controller: Words | None = None
    "Who is responsible. Nobody is invited while this or another of the notice's fields is empty."
    notice_contact: Words | None = None
    "Whom to ask."
    notice_purpose: Words | None = None
    "Why it is recorded, the same in every language, as the next two; `notice_texts` says it in each."
    notice_recipients: Words | None = None
    "Who watches."
    notice_rights: Words | None = None
    "What candidates can ask for."
    notice_legal_basis: LegalBasis | None = None
    "What allows the recording (GDPR Art. 6(1))."
    notice_texts: dict[Language, NoticeWords] | None = None
    "By language, as in `en`."
    questions: Questions | None = None
    "All of them, in order; one that is not among them goes. Interviews that were set up keep theirs."


class JobAdded(JobChanged):
    """A new job; what is left out is as usual: 90 days, links for 7 days, camera and microphone, everything recorded.

    The notice begins with the settings' words or our own; who is responsible only the settings know, or you.
    """

    title: Title


class QuestionsReplaced(Schema):
    """All of a job's questions, in order."""

    questions: Questions


class JobCopied(Schema):
    """A copy of a job."""

    title: Title


class MemberSet(Schema):
    """Who shall be a member, and as what."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
    "Of somebody who has an account."
    role: JobRole


class JobQuestionTold(Schema):
    """A question of a job."""

    id: int
    "Stays the same when the question is moved or changed."
    position: int
    "From 1."
    text: str
    think_ms: int | None
    answer_ms: int | None
    max_takes: int
    optional: bool
    sound_url: str | None
    "Where it can be heard; null while it is silent."


class MemberTold(Schema):
    """Somebody who sees a job's interviews."""

    user_id: int
    email: str
    role: JobRole


class Members(Schema):
    """All of them, by e-mail."""

    members: list[MemberTold]


class JobWhole(Schema):
    """A job, all of it."""

    id: int
    version: str
    'Changes with settings and questions. Sent as `If-Match: "…"`, it keeps others\' changes from being overwritten.'
    role: JobRole
    "What you may do with it."
    title: str
    created_at: Moment
    archived_at: Moment | None
    "Since when nobody is invited any more."
    retention_days: int
    microphone_only_allowed: bool
    answers_only: bool
    deadline_days: int
    help_contact: str
    notice_controller: str
    notice_contact: str
    notice_purpose: str
    "In English, as the next two."
    notice_recipients: str
    notice_rights: str
    notice_legal_basis: LegalBasis
    notice_texts: dict[str, NoticeWordsTold]
    "By language."
    notice_unread: bool
    "The program filled the notice in, and nobody has saved it since."
    notice_missing: list[MissingTold]
    "Nobody is invited while there is something here."
    notice_lacking: str
    "The same in words, as in `who is responsible`; empty: nothing is missing."
    questions: list[JobQuestionTold]
    members: list[MemberTold]
    interviews: dict[InterviewState, int]
    "How many there are in each state that has any."


class JobListQuery(PageQuery):
    """Which jobs."""

    search: Annotated[str, Field(max_length=200)] = ""
    "Words that all occur in the title; case and accents do not count."
    archived: bool | None = False
    "Those that are, or those that are not."


class JobInList(Schema):
    """One line of the list of jobs."""

    id: int
    title: str
    role: JobRole
    questions: int
    "How many are asked."
    interviews: dict[InterviewState, int]
    "How many there are in each state that has any."
    created_at: Moment
    archived_at: Moment | None
    last_activity_at: Moment
    "When an interview of it was last set up, begun or ended, or else when it was added."


class JobPage(Schema):
    """A page of the list, the newest first."""

    items: list[JobInList]
    next_cursor: str | None
    "Hand it in as `cursor` for the next page; null: there is none."


class JobSoundStored(Schema):
    """A question's sound was taken."""

    question_id: int
    duration_ms: int
