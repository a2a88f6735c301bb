"""Interviews: who may see which, what state they are in, what was agreed to.

Every function takes the session first; those that write need one of `Database.writing()`.
Every change of state goes through `db.states`; IllegalTransition means that nothing was changed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from db import webhooks
from db.audit import Actor, AuditEvent, record
from db.errors import Conflict, NotFound, NothingRecorded
from db.models import Candidate, Consent, InterviewQuestion, InterviewSession, Job, Notice, Part
from db.people import job_ids_of
from db.states import InterviewEvent, InterviewState, PartState, next_interview_state

# Events after which nothing more is recorded: the retention period counts from here.
_ENDING = frozenset({InterviewEvent.FINISH, InterviewEvent.EXPIRE, InterviewEvent.WITHDRAW})

_UNFINISHED = (
    InterviewState.INVITED,
    InterviewState.CONSENTED,
    InterviewState.IN_PROGRESS,
    InterviewState.INTERRUPTED,
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a question allows, before anything that a candidate is granted."""

    think_ms: int | None = 0
    "Time to think; 0 for none, None for as long as one likes."
    answer_ms: int | None = None
    "Time to answer; None for as long as one likes."
    max_takes: int = 1
    "How often it may be answered."


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with a time, takes and sound of its own."""

    text: str
    "What is asked."
    allowance: Allowance
    "Its time and takes."
    optional: bool = False
    "Whether it may be skipped."


async def add_interview(
    db_session: AsyncSession,
    session_id: str,
    job_id: int,
    candidate_id: int,
    questions: Sequence[str | Asked],
    now: datetime,
    *,
    deadline_at: datetime | None = None,
    allowance: Allowance | None = None,
) -> InterviewSession:
    """Set an interview up, `invited`; `allowance` counts for the questions that do not say their own.

    Without a `deadline_at` its link is good as long as the job says. Raises Conflict when the session id is taken,
    NotFound for an unknown job or candidate.
    """
    if await db_session.get(InterviewSession, session_id) is not None:
        raise Conflict(f"there is an interview {session_id} already")
    job = await db_session.get(Job, job_id)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    if await db_session.get(Candidate, candidate_id) is None:
        raise NotFound(f"there is no candidate {candidate_id}")
    general = allowance or Allowance()
    asked = [each if isinstance(each, Asked) else Asked(each, general) for each in questions]
    interview = InterviewSession(
        session_id=session_id,
        job_id=job_id,
        candidate_id=candidate_id,
        created_at=now,
        deadline_at=deadline_at or now + timedelta(days=job.deadline_days),
        questions=[
            InterviewQuestion(index=index, text=each.text, optional=each.optional, **asdict(each.allowance))
            for index, each in enumerate(asked, start=1)
        ],
    )
    db_session.add(interview)
    await db_session.flush()
    return interview


async def get_interview(db_session: AsyncSession, session_id: str) -> InterviewSession:
    """One interview with its job, candidate, questions, place, takes, consents, and parts with gaps and marks. Raises NotFound."""
    return _found(await db_session.scalar(_whole().where(InterviewSession.session_id == session_id)), session_id)


async def get_interview_for(db_session: AsyncSession, session_id: str, user_id: int) -> InterviewSession:
    """The same for a user of HR; NotFound also when they are no member of its job."""
    mine = _whole().where(InterviewSession.session_id == session_id, InterviewSession.job_id.in_(job_ids_of(user_id)))
    return _found(await db_session.scalar(mine), session_id)


async def candidate_of(db_session: AsyncSession, session_id: str) -> int:
    """Whose interview it is, for good. Raises NotFound."""
    return (await _bare(db_session, session_id)).candidate_id


async def states_of(db_session: AsyncSession, session_ids: Sequence[str]) -> dict[str, InterviewState]:
    """Where these interviews stand, in one query; those that there are not are left out."""
    query = select(InterviewSession.session_id, InterviewSession.state).where(
        InterviewSession.session_id.in_(session_ids)
    )
    return {row.session_id: row.state for row in await db_session.execute(query)}


async def apply_event(
    db_session: AsyncSession,
    session_id: str,
    event: InterviewEvent,
    now: datetime,
    *,
    end_reason: str | None = None,
) -> InterviewState:
    """Move an interview along its table, and owe to webhooks what that tells. Raises IllegalTransition and NotFound."""
    interview = await _bare(db_session, session_id)
    before = interview.state
    interview.state = next_interview_state(interview.state, event)
    if event in _ENDING and interview.ended_at is None:
        interview.ended_at = now
    if event is InterviewEvent.MEDIA_STARTED and interview.started_at is None:
        interview.started_at = now
    interview.end_reason = end_reason or interview.end_reason
    await db_session.flush()
    await webhooks.note_change(db_session, interview, before, event, now)
    return interview.state


async def give_consent(
    db_session: AsyncSession,
    session_id: str,
    notice_version: str,
    client: str,
    now: datetime,
    *,
    notice: Notice | None = None,
) -> InterviewState:
    """Store who agreed to what, with what at hand; `notice` is the text, where it is kept. Raises IllegalTransition once the interview is over, and NotFound."""
    state = await apply_event(db_session, session_id, InterviewEvent.CONSENT, now)
    consent = Consent(session_id=session_id, notice_version=notice_version, client=client, given_at=now)
    if notice is not None:
        consent.language, consent.notice_id = notice.language, notice.id
    db_session.add(consent)
    await db_session.flush()
    return state


async def finish(
    db_session: AsyncSession, session_id: str, now: datetime, *, end_reason: str = "finished"
) -> InterviewState:
    """The candidate is done. A finished interview stays as it is.

    Raises NothingRecorded without a part, IllegalTransition where finishing makes no sense, NotFound.
    """
    interview = await _bare(db_session, session_id)
    if interview.state in {InterviewState.COMPLETED, InterviewState.READY}:
        return interview.state
    parts = await db_session.scalar(select(func.count()).where(Part.session_id == session_id))
    if not parts:
        raise NothingRecorded(f"nothing of interview {session_id} was recorded")
    await note_duration(db_session, session_id)
    return await apply_event(db_session, session_id, InterviewEvent.FINISH, now, end_reason=end_reason)


async def withdraw(db_session: AsyncSession, session_id: str, now: datetime, actor: Actor) -> InterviewState:
    """Nothing more is recorded, and what was has to go; an interview that is withdrawn already stays as it is.

    `end_reason` is `declined` where nobody had agreed to be recorded. Raises IllegalTransition once it has expired or is
    deleted, and NotFound.
    """
    interview = await _bare(db_session, session_id)
    if interview.state is InterviewState.WITHDRAWN:
        return interview.state
    event = AuditEvent.DECLINED if interview.state is InterviewState.INVITED else AuditEvent.WITHDRAWN
    state = await apply_event(db_session, session_id, InterviewEvent.WITHDRAW, now, end_reason=event.value)
    # Of one that was finished before, the end is another moment from here on.
    interview.ended_at = now
    await record(db_session, event, now, actor=actor, session_id=session_id)
    return state


async def overdue(db_session: AsyncSession, now: datetime) -> list[str]:
    """Interviews that are not over although their deadline is, oldest deadline first."""
    query = select(InterviewSession.session_id).where(*_overdue(now)).order_by(InterviewSession.deadline_at)
    return list(await db_session.scalars(query))


async def is_overdue(db_session: AsyncSession, session_id: str, now: datetime) -> bool:
    """The same of one."""
    query = select(InterviewSession.session_id).where(InterviewSession.session_id == session_id, *_overdue(now))
    return await db_session.scalar(query) is not None


def _overdue(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return InterviewSession.deadline_at <= now, InterviewSession.state.in_(_UNFINISHED)


async def reach_deadline(db_session: AsyncSession, session_id: str, now: datetime) -> InterviewState:
    """The deadline is over: `completed` if anything was recorded, else `expired`. Raises IllegalTransition, NotFound."""
    if await saved_ms(db_session, session_id):
        await note_duration(db_session, session_id)
        event = InterviewEvent.FINISH
    else:
        event = InterviewEvent.EXPIRE
    return await apply_event(db_session, session_id, event, now, end_reason="deadline")


async def grant(
    db_session: AsyncSession,
    session_id: str,
    *,
    time_factor: float | None = None,
    no_timer: bool | None = None,
    extra_takes: int | None = None,
) -> None:
    """Give a candidate more time, no timer, or more takes (WCAG 2.2.1); None leaves it as it is. Raises NotFound."""
    interview = await _bare(db_session, session_id)
    interview.time_factor = interview.time_factor if time_factor is None else time_factor
    interview.no_timer = interview.no_timer if no_timer is None else no_timer
    interview.extra_takes = interview.extra_takes if extra_takes is None else extra_takes
    await db_session.flush()


async def saved_ms(db_session: AsyncSession, session_id: str) -> int:
    """How much of an interview lies there, in ms; a part that is running counts once it is closed."""
    total = select(func.sum(Part.duration_ms)).where(Part.session_id == session_id, Part.state != PartState.OPEN)
    return await db_session.scalar(total) or 0


async def note_duration(db_session: AsyncSession, session_id: str) -> None:
    """Bring `duration_ms` up to date with the parts. Raises NotFound."""
    interview = await _bare(db_session, session_id)
    interview.duration_ms = await saved_ms(db_session, session_id)
    await db_session.flush()


async def note_recorded(db_session: AsyncSession, session_id: str) -> None:
    """Bring the sums over an interview's parts up to date, which lists show and sort by."""
    sums = [
        select(func.coalesce(func.sum(column), 0)).where(Part.session_id == session_id).scalar_subquery()
        for column in (Part.duration_ms, Part.size_bytes)
    ]
    await db_session.execute(
        update(InterviewSession)
        .where(InterviewSession.session_id == session_id)
        .values(recorded_ms=sums[0], recorded_bytes=sums[1])
        .execution_options(synchronize_session=False)
    )


async def renew_link(db_session: AsyncSession, session_id: str) -> int:
    """Revoke the candidate's link; returns the link version that a new one is made with. Raises NotFound."""
    interview = await _bare(db_session, session_id)
    interview.link_version += 1
    interview.link_revoked_at = None
    await db_session.flush()
    return interview.link_version


async def extend(db_session: AsyncSession, session_id: str, deadline_at: datetime) -> InterviewState:
    """Give an interview another deadline; one that expired is `invited` again.

    Raises IllegalTransition once it is over otherwise, NotFound.
    """
    interview = await _bare(db_session, session_id)
    if interview.state not in _UNFINISHED:
        interview.state = next_interview_state(interview.state, InterviewEvent.REINVITE)
        interview.ended_at = interview.end_reason = None
    interview.deadline_at = deadline_at
    await db_session.flush()
    return interview.state


async def revoke_link(db_session: AsyncSession, session_id: str, now: datetime) -> None:
    """No link opens the interview until :func:`renew_link`. Raises NotFound."""
    interview = await _bare(db_session, session_id)
    interview.link_version += 1
    interview.link_revoked_at = now
    await db_session.flush()


def _whole() -> Select[InterviewSession]:
    return select(InterviewSession).options(
        joinedload(InterviewSession.job),
        joinedload(InterviewSession.candidate),
        selectinload(InterviewSession.questions),
        selectinload(InterviewSession.consents).joinedload(Consent.notice),
        selectinload(InterviewSession.parts).options(selectinload(Part.gaps), selectinload(Part.marks)),
        joinedload(InterviewSession.flow),
        selectinload(InterviewSession.takes),
    )


async def _bare(db_session: AsyncSession, session_id: str) -> InterviewSession:
    return _found(await db_session.get(InterviewSession, session_id), session_id)


def _found(interview: InterviewSession | None, session_id: str) -> InterviewSession:
    if interview is None:
        raise NotFound(f"there is no interview {session_id}")
    return interview
