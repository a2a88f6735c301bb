"""An interview: its questions, the candidate's place in them, what was agreed to, its parts with gaps and marks."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.base import OWNED, Base, PartSource, QuestionSound
from db.models.notices import Notice
from db.models.people import Candidate, Job
from db.states import InterviewState, PartState


class InterviewSession(Base):
    """One candidate answering one job's questions."""

    __tablename__ = "interview_sessions"

    session_id: Mapped[str] = mapped_column(Text, primary_key=True)  # ours or the host platform's, opaque
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidates.id"), index=True)
    state: Mapped[InterviewState] = mapped_column(default=InterviewState.INVITED, index=True)
    link_version: Mapped[int] = mapped_column(default=1)  # part of the candidate token's HMAC; counting up revokes it
    keep_until: Mapped[datetime | None]  # not swept before, whatever its job says; of one that was adopted
    link_revoked_at: Mapped[datetime | None]  # no link opens it until one is issued again
    created_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]  # when the first part began
    ended_at: Mapped[datetime | None]  # when it was finished, expired or withdrawn
    end_reason: Mapped[str | None] = mapped_column(String(64))
    duration_ms: Mapped[int | None]  # of the whole recording, known from `completed` on
    video_file_path: Mapped[str | None] = mapped_column(Text)  # relative to the data folder; None until `ready`
    video_size_mb: Mapped[float | None]  # bytes / 10^6, two decimals
    video_uploaded_at: Mapped[datetime | None]
    video_sha256: Mapped[str | None] = mapped_column(String(64))  # of the recording, hexadecimal
    # What this candidate was granted (WCAG 2.2.1); HR may change it while the interview runs.
    time_factor: Mapped[float] = mapped_column(default=1.0)  # every limit of time is multiplied by it
    no_timer: Mapped[bool] = mapped_column(default=False)
    extra_takes: Mapped[int] = mapped_column(default=0)
    # Sums over its parts, so that a list of many interviews is sorted by them without reading every part.
    recorded_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    recorded_bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    preview_of: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of the recording that the previews show
    own_released_at: Mapped[
        datetime | None
    ]  # since when the candidate may see their recording without an e-mailed code
    deleted_at: Mapped[datetime | None]  # when its files were gone

    job: Mapped[Job] = relationship(lazy="raise")
    candidate: Mapped[Candidate] = relationship(lazy="raise")
    questions: Mapped[list["InterviewQuestion"]] = relationship(
        lazy="raise", order_by="InterviewQuestion.index", **OWNED
    )
    consents: Mapped[list["Consent"]] = relationship(lazy="raise", order_by="Consent.id", **OWNED)
    parts: Mapped[list["Part"]] = relationship(
        back_populates="interview", lazy="raise", order_by="Part.number", **OWNED
    )
    flow: Mapped["InterviewFlow | None"] = relationship(lazy="raise", **OWNED)
    takes: Mapped[list["Take"]] = relationship(lazy="raise", order_by="Take.question_index, Take.number", **OWNED)


class InterviewQuestion(Base):
    """One question, as it was put to this candidate."""

    __tablename__ = "interview_questions"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 1
    text: Mapped[str] = mapped_column(Text)
    # None has to be told from nothing said, which the default is for.
    think_ms: Mapped[int | None] = mapped_column(
        Integer().evaluates_none(), default=0
    )  # before the answer; 0: none, None: as long as one likes
    answer_ms: Mapped[int | None]  # None: as long as one likes
    max_takes: Mapped[int] = mapped_column(default=1)
    optional: Mapped[bool] = mapped_column(default=False, server_default="0")  # it may be skipped
    sound: Mapped[QuestionSound] = mapped_column(default=QuestionSound.NONE)


class InterviewFlow(Base):
    """Where a candidate is in their questions (`signaling/protocol/interview_flow` says what the words mean)."""

    __tablename__ = "interview_flows"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int]  # counts the changes
    step: Mapped[str] = mapped_column(String(32))
    question_index: Mapped[int]  # from 1
    take: Mapped[int]  # from 1; 0 while no answer to this question has begun
    think_ms: Mapped[int]  # used when the step was entered
    answer_ms: Mapped[int]  # the same, of the present take
    counted_from_ms: Mapped[int]  # what was saved of the interview when the step was entered
    paused_step: Mapped[str | None] = mapped_column(String(32))  # what a pause goes back to
    updated_at: Mapped[datetime]


class Take(Base):
    """One attempt at an answer. All are kept; the chosen one counts."""

    __tablename__ = "takes"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    question_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 1
    chosen: Mapped[bool] = mapped_column(default=False)


class Consent(Base):
    """That somebody agreed, to which notice, when, and with what at hand."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), index=True)
    notice_version: Mapped[str] = mapped_column(String(64))
    # Both are unknown of consents from before texts were kept.
    language: Mapped[str] = mapped_column(String(16), default="", server_default="")
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    given_at: Mapped[datetime]
    client: Mapped[str] = mapped_column(Text)

    notice: Mapped[Notice | None] = relationship(lazy="raise")


class Part(Base):
    """One unbroken stretch, one WebM file."""

    __tablename__ = "parts"
    __table_args__ = (UniqueConstraint("session_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("interview_sessions.session_id", ondelete="CASCADE"))
    number: Mapped[int]  # from 1
    state: Mapped[PartState] = mapped_column(default=PartState.OPEN, index=True)
    source: Mapped[PartSource]
    path: Mapped[str] = mapped_column(Text, unique=True)  # relative to the data folder; of a joined part: where it lay
    video_codec: Mapped[str | None] = mapped_column(String(32))
    audio_codec: Mapped[str | None] = mapped_column(String(32))
    width: Mapped[int | None]
    height: Mapped[int | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    size_bytes: Mapped[int | None]
    video_kbps: Mapped[float | None]
    audio_kbps: Mapped[float | None]
    bitrate_windows: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    end_reason: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(Text, default="")

    interview: Mapped[InterviewSession] = relationship(back_populates="parts", lazy="raise")
    gaps: Mapped[list["Gap"]] = relationship(lazy="raise", order_by="Gap.start_ms", **OWNED)
    marks: Mapped[list["Mark"]] = relationship(lazy="raise", order_by="Mark.offset_ms", **OWNED)


class Gap(Base):
    """A stretch of a part in which something is missing, and why."""

    __tablename__ = "gaps"

    id: Mapped[int] = mapped_column(primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id", ondelete="CASCADE"), index=True)
    track: Mapped[str] = mapped_column(String(16))  # audio, video
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    reason: Mapped[str] = mapped_column(String(64))


class Mark(Base):
    """Where a question or a take begins or ends."""

    __tablename__ = "marks"

    id: Mapped[int] = mapped_column(primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id", ondelete="CASCADE"), index=True)
    offset_ms: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    question_index: Mapped[int | None]
    take: Mapped[int | None]
