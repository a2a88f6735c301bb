"""What a candidate is told of their interview once it is over: rows become `web/schema/own`. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.deletion import NOBODY
from db.models import DeletionRequest, InterviewSession
from db.retention import due_at
from db.states import InterviewState
from web.own.addresses import masked
from web.schema.interviews import Notice
from web.schema.own import HoldTold, OwnTold, RecordedTold, RequestTold, ViewingTold
from web.views import api_url

TO_SEE: Final = frozenset({InterviewState.COMPLETED, InterviewState.READY})
"States in which there is a recording, or will be one in a moment."
OVER: Final = TO_SEE | {InterviewState.EXPIRED, InterviewState.WITHDRAWN, InterviewState.DELETED}
"States in which a candidate's link shows this instead of the room."


@dataclass(frozen=True, slots=True)
class Known:
    """What the view is made of besides the interview."""

    notice: Notice
    "As the candidate was told, in their language."
    request: DeletionRequest | None
    "For deletion."
    hold: HoldTold | None
    "Why it is kept."
    delete_at: datetime | None
    "When it goes by itself, where that is known."
    sends_mail: bool
    "Whether this server does."
    open_until: datetime | None
    "How long the asking browser may see the recording."
    base: str
    "The base path."


def own_view(interview: InterviewSession, known: Known) -> OwnTold:
    """All of it; of a deleted interview the dates alone, since nothing else is to be known any more."""
    request = known.request
    told = None if request is None else RequestTold(requested_at=request.requested_at, due_at=request.due_at)
    if interview.state is InterviewState.DELETED:
        return _gone(interview, told)
    has_media = _has_media(interview)
    return OwnTold(
        session_id=interview.session_id,
        state=interview.state,
        job=interview.job.title,
        candidate=None if interview.candidate.name == NOBODY else interview.candidate.name,
        ended_at=interview.ended_at,
        recorded=_recorded(interview) if has_media else None,
        watched_by=known.notice.recipients,
        controller=known.notice.controller,
        contact=known.notice.contact,
        delete_at=None if known.hold or not has_media else known.delete_at,
        hold=known.hold,
        request=told,
        deleted_at=None if has_media else interview.deleted_at,
        viewing=_viewing(interview, known) if interview.state in TO_SEE else None,
    )


def delete_at(interview: InterviewSession) -> datetime | None:
    """When its job's retention period is over, or what was adopted is kept for; None while it has not ended."""
    if interview.ended_at is None:
        return None
    return due_at(interview.ended_at, interview.job.retention_days, interview.keep_until)


def _gone(interview: InterviewSession, request: RequestTold | None) -> OwnTold:
    return OwnTold(
        session_id=interview.session_id,
        state=interview.state,
        job=None,
        candidate=None,
        ended_at=None,
        recorded=None,
        watched_by=None,
        controller=None,
        contact=None,
        delete_at=None,
        hold=None,
        request=request,
        deleted_at=None if _has_media(interview) else interview.deleted_at,
        viewing=None,
    )


def _has_media(interview: InterviewSession) -> bool:
    return bool(interview.parts) or interview.video_file_path is not None


def _recorded(interview: InterviewSession) -> RecordedTold:
    return RecordedTold(
        length_ms=interview.duration_ms or interview.recorded_ms,
        size_bytes=interview.recorded_bytes,
        questions=len(interview.questions),
        answers=len({take.question_index for take in interview.takes if take.chosen}),
    )


def _viewing(interview: InterviewSession, known: Known) -> ViewingTold:
    url = f"{api_url(known.base, interview.session_id)}/own"
    email = interview.candidate.email
    return ViewingTold(
        released=interview.own_released_at is not None,
        mail=known.sends_mail,
        sent_to=None if email is None else masked(email),
        ready=interview.state is InterviewState.READY,
        open_until=known.open_until,
        recording_url=f"{url}/recording",
        export_url=f"{url}/export.zip",
    )
