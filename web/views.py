"""An interview as it is told to a candidate and to HR (docs/protocol.md): rows become the shapes of `web/schema`."""

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from db.listing import InterviewSummary
from db.models import Consent, InterviewSession, Job, Part, QuestionSound
from db.states import PartState
from media_server.aio.marked import timeline_of
from signaling.aio.live_interviews import Snapshot
from signaling.protocol.control import FlowPlace
from signaling.protocol.ice_servers import IceServer, ice_servers
from signaling.protocol.interview_flow import Accommodations, MarkKind
from signaling.protocol.interview_steps import Step
from signaling.settings import SignalingSettings
from web import notices
from web.languages import DEFAULT
from web.schema.interviews import Accommodations as AccommodationsTold
from web.schema.interviews import (
    CandidateForHr,
    CandidateTold,
    ConsentForHr,
    ConsentTold,
    GapTold,
    IceServerTold,
    InterviewForCandidate,
    InterviewForHr,
    JobForHr,
    JobTold,
    Limits,
    MarkTold,
    PartTold,
    Question,
    TakeTold,
)
from web.schema.interviews import Notice as NoticeTold
from web.schema.listing import InterviewInList
from web.schema.retention import KeptTold
from web.settings import NoticeSettings, Settings


def candidate_view(
    interview: InterviewSession, snapshot: Snapshot, settings: Settings, now: datetime, language: str = DEFAULT
) -> InterviewForCandidate:
    """A candidate's own part of their interview; `language` is one of :data:`web.languages.LANGUAGES`."""
    return InterviewForCandidate(
        **_common(interview, snapshot, settings, now, language),
        job=JobTold(title=interview.job.title),
        candidate=CandidateTold(name=interview.candidate.name),
    )


def hr_view(
    interview: InterviewSession,
    snapshot: Snapshot,
    settings: Settings,
    now: datetime,
    *,
    sounds: Collection[tuple[int, int]],
    has_captions: bool = False,
    kept: KeptTold,
) -> InterviewForHr:
    """All of it. `sounds`: question and take of the answers that can be heard by themselves."""
    base, candidate = settings.web.base_path, interview.candidate
    return InterviewForHr(
        **_common(interview, snapshot, settings, now, DEFAULT),
        job=JobForHr(id=interview.job.id, title=interview.job.title),
        consents=[_consent_for_hr(consent, base) for consent in interview.consents],
        candidate=CandidateForHr(id=candidate.id, name=candidate.name, email=candidate.email, folder=candidate.folder),
        created_at=interview.created_at,
        started_at=interview.started_at,
        video_file_path=interview.video_file_path,
        video_size_mb=interview.video_size_mb,
        video_uploaded_at=interview.video_uploaded_at,
        video_sha256=interview.video_sha256,
        duration_ms=interview.duration_ms if interview.duration_ms is not None else snapshot.saved_ms,
        parts=[_part(part, base, is_joined=is_joined(interview, part)) for part in interview.parts],
        marks=_marks(interview.parts),
        takes=_takes(interview, base, sounds),
        accommodations=AccommodationsTold(
            time_factor=interview.time_factor, no_timer=interview.no_timer, extra_takes=interview.extra_takes
        ),
        chapters_url=f"{api_url(base, interview.session_id)}/chapters.vtt",
        previews_url=f"{api_url(base, interview.session_id)}/previews.json" if has_previews(interview) else None,
        captions_url=f"{api_url(base, interview.session_id)}/captions.vtt" if has_captions else None,
        kept=kept,
    )


def list_row(summary: InterviewSummary) -> InterviewInList:
    """One line of HR's list."""
    return InterviewInList(
        session_id=summary.session_id,
        state=summary.state,
        candidate_name=summary.candidate,
        candidate_email=summary.email,
        job_id=summary.job_id,
        job_title=summary.job,
        created_at=summary.created_at,
        started_at=summary.started_at,
        ended_at=summary.ended_at,
        deadline_at=summary.deadline_at,
        duration_ms=summary.duration_ms,
        size_bytes=summary.size_bytes,
        deletion_due_at=summary.deletion_due_at,
    )


def notice_view(job: Job, settings: NoticeSettings, language: str = DEFAULT) -> NoticeTold:
    """What candidates are told before the camera opens."""
    text = notices.build(job, settings, language)
    return NoticeTold(version=text.version, **asdict(text))


def servers_for(settings: SignalingSettings, name: str, now: datetime) -> list[IceServer]:
    """The STUN and TURN servers to tell a browser of; credentials run out."""
    fixed = None
    if settings.turn_username is not None and settings.turn_password is not None:
        fixed = (settings.turn_username, settings.turn_password.get_secret_value())
    return ice_servers(
        settings.ice_servers,
        secret=settings.turn_secret.get_secret_value() if settings.turn_secret else None,
        name=name,
        expires_at=int(now.timestamp()) + settings.turn_credential_ttl_s,
        fixed=fixed,
    )


def ice_servers_view(settings: SignalingSettings, name: str, now: datetime) -> list[dict[str, object]]:
    """The same as RTCPeerConnection takes them."""
    return [server.as_json() for server in servers_for(settings, name, now)]


def as_json(told: object) -> str:
    """JSON with times as `2026-11-24T09:00:00Z`, for the command line."""
    return json.dumps(told, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def granted_to(interview: InterviewSession) -> Accommodations:
    """What this candidate was granted."""
    return Accommodations(interview.time_factor, interview.no_timer, interview.extra_takes)


def _common(
    interview: InterviewSession, snapshot: Snapshot, settings: Settings, now: datetime, language: str
) -> dict[str, Any]:
    """What the candidate and HR see alike."""
    return {
        "session_id": interview.session_id,
        "state": interview.state,
        "questions": _questions(interview, settings.web.base_path),
        "answers_only": interview.job.answers_only,
        "flow": FlowPlace(**snapshot.flow.model_dump(exclude={"type"})),
        "deadline_at": interview.deadline_at,
        "ended_at": interview.ended_at,
        "end_reason": interview.end_reason,
        "help_contact": interview.job.help_contact,
        "interrupted_at": snapshot.interrupted_at,
        "away_ms": snapshot.away_ms,
        "notice": notice_view(interview.job, settings.notice, language),
        "consent": _consent(interview.consents),
        "microphone_only_allowed": interview.job.microphone_only_allowed,
        "saved_ms": snapshot.saved_ms,
        "saved_bytes": sum(part.size_bytes or 0 for part in interview.parts),
        "recording": snapshot.recording,
        "limits": Limits(
            video_bps=settings.media.video_bps,
            audio_bps=settings.media.audio_bps,
            audio_target_bps=settings.signaling.opus_target_bps,
        ),
        "ice_servers": [
            IceServerTold.model_validate(server)
            for server in ice_servers_view(settings.signaling, interview.session_id, now)
        ],
    }


def _questions(interview: InterviewSession, base: str) -> list[Question]:
    """As this candidate is asked them: with what they were granted."""
    granted = granted_to(interview)
    url = api_url(base, interview.session_id)
    return [
        Question(
            index=question.index,
            text=question.text,
            think_ms=granted.limit(question.think_ms),
            answer_ms=granted.limit(question.answer_ms),
            max_takes=question.max_takes + granted.extra_takes,
            optional=question.optional,
            skipped=question.optional and _was_skipped(interview, question.index),
            sound_url=None if question.sound is QuestionSound.NONE else f"{url}/questions/{question.index}/sound",
        )
        for question in interview.questions
    ]


def _was_skipped(interview: InterviewSession, index: int) -> bool:
    """Whether the candidate is past it without an answer that counts."""
    flow = interview.flow
    if flow is None or any(take.chosen for take in interview.takes if take.question_index == index):
        return False
    is_past = flow.question_index > index
    return is_past or (flow.question_index == index and flow.step == Step.DONE.value)


def _takes(interview: InterviewSession, base: str, sounds: Collection[tuple[int, int]]) -> list[TakeTold]:
    """Every take, and where it lies in the recording; null while that is not known."""
    timeline, url = timeline_of(interview), api_url(base, interview.session_id)
    found = {
        (mark.kind, mark.question_index, mark.take): timeline.recording_time(part.number, mark.offset_ms)
        for part in interview.parts
        if part.duration_ms is not None  # one that is being written has no length yet
        for mark in part.marks
    }
    return [
        TakeTold(
            question_index=take.question_index,
            number=take.number,
            chosen=take.chosen,
            start=found.get((MarkKind.TAKE.value, take.question_index, take.number)),
            end=found.get((MarkKind.TAKE_END.value, take.question_index, take.number)),
            sound_url=f"{url}/answers/{take.question_index}/sound"
            if (take.question_index, take.number) in sounds
            else None,
        )
        for take in interview.takes
    ]


def _consent(consents: list[Consent]) -> ConsentTold | None:
    if not consents:
        return None
    last = consents[-1]
    return ConsentTold(notice_version=last.notice_version, language=last.language, given_at=last.given_at)


def _consent_for_hr(consent: Consent, base: str) -> ConsentForHr:
    kept = consent.notice
    return ConsentForHr(
        notice_version=consent.notice_version,
        language=consent.language,
        given_at=consent.given_at,
        notice_number=None if kept is None else kept.number,
        notice_url=None if kept is None else f"{base}/api/jobs/{kept.job_id}/notices/{kept.version}",
    )


def _part(part: Part, base: str, *, is_joined: bool) -> PartTold:
    url = recording_url(base, part.session_id) if is_joined else part_url(base, part)
    return PartTold(
        n=part.number,
        state=part.state,
        source=part.source,
        started_at=part.started_at,
        ended_at=part.ended_at,
        duration_ms=part.duration_ms,
        size_bytes=part.size_bytes or 0,
        url=None if part.state is PartState.OPEN else url,
        video_codec=part.video_codec,
        audio_codec=part.audio_codec,
        width=part.width,
        height=part.height,
        video_kbps=part.video_kbps,
        audio_kbps=part.audio_kbps,
        end_reason=part.end_reason,
        user_agent=part.user_agent,
        gaps=[
            GapTold(track=gap.track, start_ms=gap.start_ms, end_ms=gap.end_ms, reason=gap.reason) for gap in part.gaps
        ],
    )


def has_previews(interview: InterviewSession) -> bool:
    """Whether they are drawn, of the recording that there is now."""
    return interview.preview_of is not None and interview.preview_of == interview.video_sha256


def is_joined(interview: InterviewSession, part: Part) -> bool:
    """Whether a part lies in the recording, between others, and nowhere else."""
    return part.state is PartState.STORED and part.path != interview.video_file_path


def recording_url(base: str, session_id: str) -> str:
    """Where the recording is downloaded, and joined parts are played from."""
    return f"{api_url(base, session_id)}/video/download"


def part_url(base: str, part: Part) -> str:
    """Where a part is played from that has a file of its own."""
    return f"{api_url(base, part.session_id)}/parts/{part.number}"


def api_url(base: str, session_id: str) -> str:
    """An interview's address in the API, below the base path."""
    return f"{base}/api/interviews/{quote(session_id, safe='')}"


def _marks(parts: list[Part]) -> list[MarkTold]:
    return [
        MarkTold(
            part=part.number,
            offset_ms=mark.offset_ms,
            kind=mark.kind,
            question_index=mark.question_index,
            take=mark.take,
        )
        for part in parts
        for mark in part.marks
    ]
