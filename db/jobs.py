"""Jobs: their settings, the questions that are asked from now on, and who is a member in which role.

Every function takes the session first; those that write need one of `Database.writing()`. Who may do what is the
gate's business; that somebody always owns a job is this module's.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, TypedDict

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from db import people
from db.errors import Conflict, HoldsRecordings, LastOwner, NotFound
from db.models import InterviewSession, Job, JobMember, JobQuestion, JobRole, LegalBasis, Part, User
from db.search import search_key
from db.states import InterviewState

MOST_QUESTIONS: Final = 100
"More than anybody answers in one interview."


class NoticeFields(TypedDict, total=False):
    """What a job says in its notice."""

    notice_controller: str
    notice_contact: str
    notice_legal_basis: LegalBasis
    notice_texts: dict[str, dict[str, str]]
    notice_unread: bool


class Settings(NoticeFields, total=False):
    """What can be changed of a job; what is left out stays as it is."""

    title: str
    retention_days: int
    microphone_only_allowed: bool
    answers_only: bool
    deadline_days: int
    help_contact: str


COPIED: Final = tuple(name for name in Settings.__annotations__ if name != "title")
"What a copy of a job has from its original, besides questions and members."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question as it shall be."""

    text: str
    "What is asked."
    id: int | None = None
    "Which question of the job it is; None: a new one."
    think_ms: int | None = 0
    "Time to think; 0 for none, None for as long as one likes."
    answer_ms: int | None = None
    "Time to answer; None for as long as one likes."
    max_takes: int = 1
    "How often it may be answered."
    optional: bool = False
    "Whether it may be skipped."


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who sees a job's interviews."""

    user_id: int
    "Who."
    email: str
    "Their e-mail."
    role: JobRole
    "What they may do."


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One line of the list of jobs."""

    id: int
    "The job."
    title: str
    "What it is called."
    role: JobRole
    "What whoever asks may do with it."
    questions: int
    "How many are asked."
    interviews: dict[InterviewState, int]
    "How many there are in each state; deleted ones are left out."
    created_at: datetime
    "When it was added."
    archived_at: datetime | None
    "Since when nobody is invited any more."
    last_activity_at: datetime
    "When an interview of it was last set up, begun or ended, or else when it was added."


# --- reading -------------------------------------------------------------------


async def get_job(db_session: AsyncSession, job_id: int) -> Job:
    """One job with its questions, in order. Raises NotFound."""
    query = select(Job).options(selectinload(Job.questions)).where(Job.id == job_id)
    job = await db_session.scalar(query.execution_options(populate_existing=True))
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return job


async def get_question(db_session: AsyncSession, job_id: int, question_id: int) -> JobQuestion:
    """One question of a job. Raises NotFound."""
    question = await db_session.get(JobQuestion, question_id)
    if question is None or question.job_id != job_id:
        raise NotFound(f"job {job_id} has no question {question_id}")
    return question


def jobs_of(user_id: int, *, archived: bool | None = None) -> Select[Job, JobRole]:
    """The jobs of a user with their role, in no order yet.

    `archived`: only those that are, or only those that are not; None: both.
    """
    query = select(Job, JobMember.role).join(Job.members).where(JobMember.user_id == user_id)
    if archived is not None:
        query = query.where(Job.archived_at.is_not(None) if archived else Job.archived_at.is_(None))
    return query


async def page(
    db_session: AsyncSession,
    user_id: int,
    *,
    search: str = "",
    archived: bool | None = False,
    limit: int = 50,
    before: int | None = None,
) -> tuple[list[JobSummary], bool]:
    """Some of a user's jobs, the newest first, and whether there are more.

    `search`: words that the title holds; `before`: only those that were added before this one.
    """
    query = jobs_of(user_id, archived=archived)
    for word in search_key(search).split():
        query = query.where(Job.title_key.contains(word, autoescape=True))
    if before is not None:
        query = query.where(Job.id < before)
    rows = [(row[0], row[1]) for row in await db_session.execute(query.order_by(Job.id.desc()).limit(limit + 1))]
    return await summaries(db_session, rows[:limit]), len(rows) > limit


async def all_jobs(db_session: AsyncSession) -> list[JobSummary]:
    """Every job, newest first, for the command line."""
    jobs = await db_session.scalars(select(Job).order_by(Job.id.desc()))
    return await summaries(db_session, [(job, JobRole.OWNER) for job in jobs])


async def summaries(db_session: AsyncSession, found: Sequence[tuple[Job, JobRole]]) -> list[JobSummary]:
    """These jobs as the list shows them, in the same order."""
    ids = [job.id for job, _ in found]
    counts = await interview_counts(db_session, ids)
    questions = await _question_counts(db_session, ids)
    activity = await _last_activity(db_session, ids)
    return [
        JobSummary(
            id=job.id,
            title=job.title,
            role=role,
            questions=questions.get(job.id, 0),
            interviews=counts.get(job.id, {}),
            created_at=job.created_at,
            archived_at=job.archived_at,
            last_activity_at=activity.get(job.id, job.created_at),
        )
        for job, role in found
    ]


async def interview_counts(db_session: AsyncSession, job_ids: Sequence[int]) -> dict[int, dict[InterviewState, int]]:
    """For each of these jobs, how many interviews stand in which state; deleted ones are left out."""
    query = (
        select(InterviewSession.job_id, InterviewSession.state, func.count())
        .where(InterviewSession.job_id.in_(job_ids), InterviewSession.state != InterviewState.DELETED)
        .group_by(InterviewSession.job_id, InterviewSession.state)
    )
    counts: dict[int, dict[InterviewState, int]] = {}
    for job_id, state, count in await db_session.execute(query):
        counts.setdefault(job_id, {})[state] = count
    return counts


async def _question_counts(db_session: AsyncSession, job_ids: Sequence[int]) -> dict[int, int]:
    query = select(JobQuestion.job_id, func.count()).where(JobQuestion.job_id.in_(job_ids)).group_by(JobQuestion.job_id)
    return {row[0]: row[1] for row in await db_session.execute(query)}


async def _last_activity(db_session: AsyncSession, job_ids: Sequence[int]) -> dict[int, datetime]:
    of_one = InterviewSession
    query = (
        select(of_one.job_id, func.max(of_one.created_at), func.max(of_one.started_at), func.max(of_one.ended_at))
        .where(of_one.job_id.in_(job_ids), of_one.state != InterviewState.DELETED)
        .group_by(of_one.job_id)
    )
    rows = await db_session.execute(query)
    return {job_id: max(moment for moment in moments if moment is not None) for job_id, *moments in rows}


# --- a job ---------------------------------------------------------------------


async def edit_job(db_session: AsyncSession, job_id: int, changes: Settings) -> Job:
    """Change settings. What candidates were told when they agreed does not change by it. Raises NotFound, ValueError."""
    people.check_days(changes.get("retention_days", 1), changes.get("deadline_days", 1))
    job = await get_job(db_session, job_id)
    for name, value in changes.items():
        setattr(job, name, value)
    job.title_key = search_key(job.title)
    await db_session.flush()
    return job


async def edit_notice(db_session: AsyncSession, job_id: int, changes: NoticeFields) -> Job:
    """The same of what a job says in its notice alone. Raises NotFound."""
    job = await get_job(db_session, job_id)
    for name, value in changes.items():
        setattr(job, name, value)
    await db_session.flush()
    return job


async def copy_job(db_session: AsyncSession, job_id: int, title: str, user_id: int, now: datetime) -> Job:
    """A new job with the settings, questions and members of another one; whoever copies it owns it. Raises NotFound.

    The names of its questions' sounds are the same: whoever calls this puts the files into the new job's folder.
    """
    original = await get_job(db_session, job_id)
    settings = {name: getattr(original, name) for name in COPIED}
    job = await people.add_job(db_session, title, user_id, now, **settings)
    db_session.add_all(
        JobQuestion(
            job_id=job.id,
            position=question.position,
            text=question.text,
            think_ms=question.think_ms,
            answer_ms=question.answer_ms,
            max_takes=question.max_takes,
            optional=question.optional,
            sound_name=question.sound_name,
        )
        for question in original.questions
    )
    members = await members_of(db_session, job_id)
    db_session.add_all(
        JobMember(job_id=job.id, user_id=member.user_id, role=member.role)
        for member in members
        if member.user_id != user_id
    )
    await db_session.flush()
    return await get_job(db_session, job.id)


async def archive(db_session: AsyncSession, job_id: int, now: datetime) -> None:
    """Nobody is invited any more; what is there stays. Repeating it is harmless. Raises NotFound."""
    job = await people.get_job(db_session, job_id)
    job.archived_at = job.archived_at or now
    await db_session.flush()


async def unarchive(db_session: AsyncSession, job_id: int) -> None:
    """Candidates can be invited again. Repeating it is harmless. Raises NotFound."""
    job = await people.get_job(db_session, job_id)
    job.archived_at = None
    await db_session.flush()


async def interviews_without_recording(db_session: AsyncSession, job_id: int) -> list[str]:
    """A job's interviews of which nothing was recorded, those that go with it. Raises HoldsRecordings, NotFound."""
    await people.get_job(db_session, job_id)
    of_job = InterviewSession.job_id == job_id
    if await db_session.scalar(select(func.count()).where(of_job, _holds_recordings())):
        raise HoldsRecordings(f"job {job_id} has interviews with recordings")
    return list(await db_session.scalars(select(InterviewSession.session_id).where(of_job)))


async def delete_job(db_session: AsyncSession, job_id: int) -> None:
    """Forget a job, its questions and members, and its interviews, which hold nothing. Raises HoldsRecordings, NotFound."""
    await interviews_without_recording(db_session, job_id)
    await db_session.execute(delete(InterviewSession).where(InterviewSession.job_id == job_id))
    await db_session.execute(delete(Job).where(Job.id == job_id))


def _holds_recordings() -> ColumnElement[bool]:
    return or_(
        InterviewSession.video_file_path.is_not(None),
        InterviewSession.session_id.in_(select(Part.session_id)),
    )


# --- questions -----------------------------------------------------------------


async def replace_questions(db_session: AsyncSession, job_id: int, wanted: Sequence[Wanted]) -> None:
    """The job's questions are these, in this order. A question that is named by its id keeps it, and its sound.

    Interviews that were set up keep the questions that they have. Raises NotFound when an id is no question of this
    job, Conflict when one stands there twice or there are too many.
    """
    job = await get_job(db_session, job_id)
    there = {question.id: question for question in job.questions}
    named = [each.id for each in wanted if each.id is not None]
    if len(named) != len(set(named)) or len(wanted) > MOST_QUESTIONS:
        raise Conflict(f"a question of job {job_id} stands there twice, or there are more than {MOST_QUESTIONS}")
    if not there.keys() >= set(named):
        raise NotFound(f"job {job_id} has no question {', '.join(map(str, set(named) - there.keys()))}")
    job.questions = [_as_wanted(there.get(each.id or 0), each, position) for position, each in enumerate(wanted, 1)]
    await db_session.flush()


def _as_wanted(question: JobQuestion | None, wanted: Wanted, position: int) -> JobQuestion:
    question = question or JobQuestion()
    for name, value in asdict(wanted).items():
        if name != "id":
            setattr(question, name, value)
    question.position = position
    return question


async def note_sound(db_session: AsyncSession, job_id: int, question_id: int, name: str | None) -> str | None:
    """A question is heard as this file, or not at all; returns the file that it was heard as before. Raises NotFound."""
    question = await get_question(db_session, job_id, question_id)
    before, question.sound_name = question.sound_name, name
    await db_session.flush()
    return before


async def sound_names(db_session: AsyncSession, job_id: int | None = None) -> set[tuple[int, str]]:
    """Job and file name of every sound that a job's question is heard as; of one job, or of all."""
    query = select(JobQuestion.job_id, JobQuestion.sound_name).where(JobQuestion.sound_name.is_not(None))
    if job_id is not None:
        query = query.where(JobQuestion.job_id == job_id)
    return {(row.job_id, row.sound_name) for row in await db_session.execute(query) if row.sound_name is not None}


# --- members -------------------------------------------------------------------


async def members_of(db_session: AsyncSession, job_id: int) -> list[Member]:
    """Who is a member of a job, by e-mail."""
    query = (
        select(JobMember.user_id, User.email, JobMember.role)
        .join(User, User.id == JobMember.user_id)
        .where(JobMember.job_id == job_id)
        .order_by(User.email)
    )
    return [Member(*row) for row in await db_session.execute(query)]


async def set_member(db_session: AsyncSession, job_id: int, email: str, role: JobRole) -> Member:
    """Make somebody of HR a member, or give them another role.

    Raises NotFound (no such job or user) and LastOwner.
    """
    await people.get_job(db_session, job_id)
    user = await people.get_user(db_session, email)
    member = await db_session.get(JobMember, (job_id, user.id))
    if member is None:
        db_session.add(JobMember(job_id=job_id, user_id=user.id, role=role))
    else:
        if role is not JobRole.OWNER:
            await _refuse_last_owner(db_session, member)
        member.role = role
    await db_session.flush()
    return Member(user.id, user.email, role)


async def remove_member(db_session: AsyncSession, job_id: int, user_id: int) -> None:
    """They do not see the job any more. Raises NotFound (no member) and LastOwner."""
    member = await db_session.get(JobMember, (job_id, user_id))
    if member is None:
        raise NotFound(f"user {user_id} is no member of job {job_id}")
    await _refuse_last_owner(db_session, member)
    await db_session.delete(member)
    await db_session.flush()


async def _refuse_last_owner(db_session: AsyncSession, member: JobMember) -> None:
    others = select(func.count()).where(
        JobMember.job_id == member.job_id, JobMember.role == JobRole.OWNER, JobMember.user_id != member.user_id
    )
    if member.role is JobRole.OWNER and not await db_session.scalar(others):
        raise LastOwner(f"job {member.job_id} has no other owner")
