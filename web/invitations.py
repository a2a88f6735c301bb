"""Set an interview up for a candidate, and make the link that they are sent."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from db import interviews, jobs, people
from db.errors import JobArchived, NoticeIncomplete
from db.interviews import Allowance, Asked
from db.models import InterviewSession, JobQuestion, QuestionSound
from db.states import InterviewState
from media_server.aio.contained_files import ContainedFiles
from media_server.aio.job_sounds import hand_on
from media_server.recording.names import folder_name
from signaling.protocol.tokens import candidate_token
from web.notices import missing
from web.schema.invitations import LinkTold

OVER = frozenset({InterviewState.COMPLETED, InterviewState.READY, InterviewState.WITHDRAWN})
"States in which no link is of use any more."


@dataclass(frozen=True, slots=True)
class NewInterview:
    """What an interview is made of."""

    session_id: str
    "Ours or the host platform's, opaque."
    job_id: int
    "What the candidate is interviewed for."
    candidate: str
    "The candidate's name."
    email: str | None = None
    "Identifies the candidate, if it is known."
    candidate_id: str | None = None
    "The same, by the host platform's id."
    questions: tuple[str | Asked, ...] | None = None
    "What they are asked, in order; None: what the job asks."
    allowance: Allowance | None = None
    "Time and takes for each question of a text alone; None: no time to think, one take of any length."
    deadline_at: datetime | None = None
    "When the link ends; None: as the job says."


@dataclass(frozen=True, slots=True)
class Links:
    """How a candidate, or a program in their place, reaches their interview."""

    token: str
    "The bearer token."
    candidate_url: str
    "The link to send."
    whip_url: str
    "Where a sender posts its offer to."


async def set_up(
    db_session: AsyncSession, new: NewInterview, now: datetime, files: ContainedFiles | None = None
) -> InterviewSession:
    """Add the interview, and the candidate unless they are known; its link is good for as long as its job says.

    `files`: where the sounds of the job's questions lie; None: they stay behind. Raises JobArchived, NoticeIncomplete,
    Conflict and NotFound.
    """
    job = await jobs.get_job(db_session, new.job_id)
    if job.archived_at is not None:
        raise JobArchived(f"job {new.job_id} is archived")
    if lacking := missing(job):
        raise NoticeIncomplete(job.id, lacking)
    candidate = await people.identify_candidate(
        db_session, new.candidate, folder_name(new.candidate), now, email=new.email, external_id=new.candidate_id
    )
    interview = await interviews.add_interview(
        db_session,
        new.session_id,
        new.job_id,
        candidate.id,
        [_asked(question) for question in job.questions] if new.questions is None else new.questions,
        now,
        deadline_at=new.deadline_at or now + timedelta(days=job.deadline_days),
        allowance=new.allowance,
    )
    if new.questions is None and files is not None:
        heard = await asyncio.to_thread(hand_on, files, job.questions, new.session_id, candidate.folder)
        for question in interview.questions:
            question.sound = heard.get(question.index, QuestionSound.NONE)
    return interview


def _asked(question: JobQuestion) -> Asked:
    allowance = Allowance(question.think_ms, question.answer_ms, question.max_takes)
    return Asked(question.text, allowance, question.optional)


def links_for(server_key: bytes, base_url: str, session_id: str, link_version: int) -> Links:
    """The same links every time, until the link version is raised. Raises ValueError for an absurd session id."""
    token = candidate_token(server_key, session_id, link_version)
    return Links(token, f"{base_url}/i/{token}", f"{base_url}/whip/{quote(session_id, safe='')}")


def link_told(server_key: bytes, base_url: str, interview: InterviewSession) -> LinkTold:
    """An interview's link as people and programs are told of it: none while it is revoked."""
    revoked = interview.link_revoked_at
    links = links_for(server_key, base_url, interview.session_id, interview.link_version)
    return LinkTold(
        candidate_url=None if revoked else links.candidate_url,
        token=None if revoked else links.token,
        whip_url=None if revoked else links.whip_url,
        revoked_at=revoked,
        deadline_at=interview.deadline_at,
        state=interview.state,
    )
