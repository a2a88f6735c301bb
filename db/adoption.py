"""Interviews of an older installation: written down in one piece, as if they had been recorded here.

Nobody is told of them (webhooks, mail): what happened in them happened long ago. Every function takes the session
first; those that write need one of `Database.writing()`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import interviews, people, recordings
from db.errors import Conflict
from db.models import (
    AdoptedFile,
    Candidate,
    Consent,
    InterviewQuestion,
    InterviewSession,
    Job,
    JobMember,
    JobRole,
    Part,
    PartSource,
    QuestionSound,
    Take,
    Work,
    WorkState,
)
from db.recordings import PartOutcome
from db.states import InterviewEvent, InterviewState, PartState, next_interview_state
from db.work import WorkKind

ELSEWHERE: Final = "elsewhere"
"The version of a notice that somebody agreed to before they came here."
ADOPTED_BY: Final = "holdfast import"
"What consents and parts say they came with."

_LIFE: Final = (
    InterviewEvent.CONSENT,
    InterviewEvent.MEDIA_STARTED,
    InterviewEvent.FINISH,
    InterviewEvent.RECORDING_STORED,
)


@dataclass(frozen=True, slots=True)
class Adopted:
    """An interview that took place elsewhere."""

    session_id: str
    "Its id."
    job_id: int
    "What it was for."
    candidate: str
    "The candidate's name."
    base_folder: str
    "What their folder is called, unless somebody has it."
    email: str | None
    "Identifies the candidate, if it is known."
    external_id: str | None
    "The same, by the old installation's id."
    started_at: datetime
    "When it began."
    ended_at: datetime
    "When its recording was handed in: its retention counts from then."
    keep_until: datetime
    "It is not swept before."
    holds: PartOutcome
    "What is in the recording."
    sha256: str
    "Of the recording."
    questions: frozenset[int]
    "Which can be heard."
    answers: frozenset[int]
    "Which can be heard."
    sources: Sequence[str]
    "Its files, each by the SHA-256 over its old path and its octets."


async def adopted(db_session: AsyncSession, sources: Sequence[str]) -> dict[str, str]:
    """Those of these files that were adopted, and the interviews that they became part of."""
    query = select(AdoptedFile.source, AdoptedFile.session_id).where(AdoptedFile.source.in_(sources))
    return {row.source: row.session_id for row in await db_session.execute(query)}


async def there_is(db_session: AsyncSession, session_id: str) -> bool:
    """Whether an interview has this id, deleted ones too."""
    return await db_session.get(InterviewSession, session_id) is not None


async def job_of_imports(db_session: AsyncSession, title: str, owner_id: int) -> int | None:
    """The job of this title that this owner has and that adopted something before: an import goes on in it."""
    query = (
        select(Job.id)
        .join(JobMember, JobMember.job_id == Job.id)
        .join(InterviewSession, InterviewSession.job_id == Job.id)
        .join(AdoptedFile, AdoptedFile.session_id == InterviewSession.session_id)
        .where(Job.title == title, JobMember.user_id == owner_id, JobMember.role == JobRole.OWNER)
    )
    return await db_session.scalar(query.order_by(Job.id).limit(1))


async def adopt(
    db_session: AsyncSession, new: Adopted, name_recording: Callable[[Candidate], Awaitable[str]], now: datetime
) -> InterviewSession:
    """Write it down, `ready`. `name_recording` gives its files their names in the candidate's folder and returns the recording's.

    Raises Conflict: its id or one of its files is taken, or its e-mail and id are two people's.
    """
    if await there_is(db_session, new.session_id):
        raise Conflict(f"there is an interview {new.session_id} already")
    if await adopted(db_session, new.sources):
        raise Conflict(f"a file of interview {new.session_id} was adopted already")
    candidate = await people.identify_candidate(
        db_session, new.candidate, new.base_folder, now, email=new.email, external_id=new.external_id
    )
    path = await name_recording(candidate)
    interview = _interview(new, candidate, path, now)
    db_session.add(interview)
    await db_session.flush()
    db_session.add_all([_part(new, path), *_sounds(new, now)])
    db_session.add_all(AdoptedFile(source=each, session_id=new.session_id, adopted_at=now) for each in new.sources)
    await db_session.flush()
    await interviews.note_recorded(db_session, new.session_id)
    return interview


def _interview(new: Adopted, candidate: Candidate, path: str, now: datetime) -> InterviewSession:
    state = InterviewState.INVITED
    for event in _LIFE:
        state = next_interview_state(state, event)
    indices = range(1, max(new.questions | new.answers, default=0) + 1)
    return InterviewSession(
        session_id=new.session_id,
        job_id=new.job_id,
        candidate_id=candidate.id,
        state=state,
        created_at=new.started_at,
        started_at=new.started_at,
        ended_at=new.ended_at,
        end_reason="finished",
        keep_until=new.keep_until,
        link_revoked_at=now,  # nobody was ever sent one
        duration_ms=new.holds.duration_ms,
        video_file_path=path,
        video_size_mb=recordings.megabytes(new.holds.size_bytes),
        video_uploaded_at=new.ended_at,
        video_sha256=new.sha256,
        questions=[
            InterviewQuestion(
                index=index,
                text=f"Question {index}",  # what was asked can at most be heard
                sound=QuestionSound.UPLOADED if index in new.questions else QuestionSound.NONE,
            )
            for index in indices
        ],
        consents=[Consent(notice_version=ELSEWHERE, given_at=new.started_at, client=ADOPTED_BY)],
    )


def _part(new: Adopted, path: str) -> Part:
    outcome = {field.name: getattr(new.holds, field.name) for field in fields(new.holds)}
    outcome["bitrate_windows"] = list(new.holds.bitrate_windows)
    return Part(
        session_id=new.session_id,
        number=1,
        state=PartState.STORED,
        source=PartSource.UPLOAD,
        path=path,
        started_at=new.started_at,
        ended_at=new.ended_at,
        user_agent=ADOPTED_BY,
        **outcome,
    )


def _sounds(new: Adopted, now: datetime) -> list[Take | Work]:
    """As if each answer had been cut from the recording: that is how it can be heard, and is deleted."""
    rows: list[Take | Work] = []
    for index in sorted(new.answers):
        rows.append(Take(session_id=new.session_id, question_index=index, number=1, chosen=True))
        rows.append(
            Work(
                session_id=new.session_id,
                kind=WorkKind.ANSWER_SOUND.value,
                subject=f"{index}/1",
                state=WorkState.DONE,
                progress=1.0,
                created_at=now,
                ended_at=now,
            )
        )
    return rows
