"""An interview as it is told to its candidate and to HR, and what either sends about it (docs/protocol.md)."""

from typing import Annotated

from pydantic import ConfigDict, Field

from db.models import LegalBasis, PartSource
from db.states import InterviewState, PartState
from signaling.protocol.control import FlowPlace
from web.schema.base import Moment, Schema
from web.schema.retention import KeptTold


class ConsentGiven(Schema):
    """That the candidate agrees, and to which notice."""

    notice_version: Annotated[str, Field(min_length=1, max_length=64)]


class AccommodationsGranted(Schema):
    """What HR grants one candidate; what is left out stays as it is."""

    model_config = ConfigDict(strict=True)

    time_factor: Annotated[float, Field(ge=1, le=10)] | None = None
    no_timer: bool | None = None
    extra_takes: Annotated[int, Field(ge=0, le=20)] | None = None


class Withdrawn(Schema):
    """That an interview was declined or withdrawn, for good."""

    session_id: str
    withdrawn_at: Moment
    declined: bool
    "Nobody had agreed to be recorded, so there was nothing to erase."
    erased: bool
    "Nothing that was recorded is stored any more; false: that is still to be done, by itself."


class Accommodations(Schema):
    """What a candidate was granted (WCAG 2.2.1)."""

    time_factor: float
    "Every limit of time is multiplied by it."
    no_timer: bool
    "No limit of time counts."
    extra_takes: int
    "Takes for each question besides those that it allows."


class JobTold(Schema):
    """What people are interviewed for."""

    title: str


class JobForHr(JobTold):
    """The same for HR."""

    id: int


class CandidateTold(Schema):
    """The person interviewed, as they are told."""

    name: str


class CandidateForHr(CandidateTold):
    """The same for HR."""

    id: int
    email: str | None
    folder: str
    "Where their files lie, below `uploads/`."


class Question(Schema):
    """A question as this candidate is asked it, with what they were granted."""

    index: int
    "From 1."
    text: str
    think_ms: int | None
    "Time to think; 0 for none, null for as long as one likes."
    answer_ms: int | None
    "Time to answer; null for as long as one likes."
    max_takes: int
    optional: bool
    "It may be skipped."
    skipped: bool
    "It was: the candidate went on without an answer that counts."
    sound_url: str | None
    "Where it can be heard; null while it is silent."


class PassageTold(Schema):
    """A heading of the notice, and what stands below it."""

    title: str
    text: str


class Notice(Schema):
    """What the candidate is told before the camera opens (GDPR Art. 13), whole and as single facts."""

    version: str
    "Made of the text: another word is another version."
    language: str
    title: str
    passages: list[PassageTold]
    acknowledgement: str
    "What they tick."
    legal_basis: LegalBasis
    "What allows the recording; it does not follow from the tick."
    controller: str
    contact: str
    purpose: str
    recipients: str
    retention_days: int
    rights: str


class ConsentTold(Schema):
    """What was agreed to, and when."""

    notice_version: str
    language: str
    "Empty of consents from before texts were kept."
    given_at: Moment


class ConsentForHr(ConsentTold):
    """The same for HR."""

    notice_number: int | None
    "Counts the versions in its language."
    notice_url: str | None
    "Where exactly that text is read; null of consents from before texts were kept."


class Limits(Schema):
    """What a sender may use, in bits per second."""

    video_bps: int
    audio_bps: int
    audio_target_bps: int


class IceServerTold(Schema):
    """As RTCPeerConnection takes it."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class InterviewForCandidate(Schema):
    """A candidate's own part of their interview."""

    session_id: str
    state: InterviewState
    job: JobTold
    candidate: CandidateTold
    questions: list[Question]
    answers_only: bool
    "The time to think is not recorded."
    flow: FlowPlace
    deadline_at: Moment | None
    ended_at: Moment | None
    end_reason: str | None
    "Of one that was withdrawn `declined` or `withdrawn`."
    help_contact: str
    interrupted_at: Moment | None
    away_ms: int | None
    notice: Notice
    consent: ConsentTold | None
    microphone_only_allowed: bool
    saved_ms: int
    saved_bytes: int
    "Of what lies there; of a part that is being written nothing counts yet."
    recording: bool
    limits: Limits
    ice_servers: list[IceServerTold]


class GapTold(Schema):
    """A stretch of a part in which something is missing, in milliseconds of the part."""

    track: str
    start_ms: int
    end_ms: int
    reason: str


class PartTold(Schema):
    """One unbroken stretch."""

    n: int
    state: PartState
    source: PartSource
    started_at: Moment
    ended_at: Moment | None
    duration_ms: int | None
    size_bytes: int
    url: str | None
    "Where it is played from: its own file or, once joined, the recording. Null while it is being written."
    video_codec: str | None
    audio_codec: str | None
    width: int | None
    height: int | None
    video_kbps: float | None
    audio_kbps: float | None
    end_reason: str | None
    user_agent: str
    gaps: list[GapTold]


class MarkTold(Schema):
    """Where a question or take begins or ends."""

    part: int
    offset_ms: int
    kind: str
    question_index: int | None
    take: int | None


class TakeTold(Schema):
    """One attempt at an answer; `start` and `end` are milliseconds of the recording, null while they are not known."""

    question_index: int
    number: int
    chosen: bool
    start: int | None
    end: int | None
    sound_url: str | None


class InterviewForHr(InterviewForCandidate):
    """All of an interview."""

    job: JobForHr
    candidate: CandidateForHr
    consents: list[ConsentForHr]
    "Every time somebody agreed, the latest last."
    created_at: Moment
    started_at: Moment | None
    video_file_path: str | None
    "Relative to the data folder; null until the interview is `ready`."
    video_size_mb: float | None
    "MB of 10^6 bytes."
    video_uploaded_at: Moment | None
    video_sha256: str | None
    duration_ms: int
    parts: list[PartTold]
    marks: list[MarkTold]
    takes: list[TakeTold]
    accommodations: Accommodations
    chapters_url: str
    previews_url: str | None
    "Where thumbnails and waveform are told; null until they are drawn."
    captions_url: str | None
    "WebVTT that somebody attached; null while nobody has."
    kept: KeptTold
    "Until when it is there."
