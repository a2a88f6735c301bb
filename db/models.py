"""The tables. `db/migrations` builds exactly these, and a test holds the two together.

Relationships never load by themselves (`lazy="raise"`): a query says what it wants.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypedDict

from sqlalchemy import JSON, ForeignKey, Integer, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from db.columns import UtcDateTime, words
from db.states import InterviewState, PartState


class _Ownership(TypedDict):
    cascade: str
    passive_deletes: bool


# What belongs to its parent goes with it; the database does that itself (ON DELETE CASCADE).
_OWNED: Final[_Ownership] = {"cascade": "all, delete-orphan", "passive_deletes": True}


class TokenKind(StrEnum):
    """What a user's token is good for."""

    API = "api"
    SIGN_IN = "sign_in"
    LOGIN = "login"


class JobRole(StrEnum):
    """What a user may do with a job; `web/rights` says what each includes."""

    OWNER = "owner"
    RECRUITER = "recruiter"
    REVIEWER = "reviewer"


class QuestionSound(StrEnum):
    """Whether a question can be heard, and whose voice it is."""

    NONE = "none"
    UPLOADED = "uploaded"
    SYNTHESISED = "synthesised"


class WorkState(StrEnum):
    """Where a piece of heavy work stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class PartSource(StrEnum):
    """Where a part's media came from."""

    LIVE = "live"
    BROWSER = "browser"
    UPLOAD = "upload"


class Base(DeclarativeBase):
    """The parent of every model; its metadata is what the migrations must produce."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it so
        datetime: UtcDateTime,
        InterviewState: words(InterviewState),
        PartState: words(PartState),
        PartSource: words(PartSource),
        TokenKind: words(TokenKind),
        JobRole: words(JobRole),
        QuestionSound: words(QuestionSound),
        WorkState: words(WorkState),
    }


class User(Base):
    """Somebody of HR."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)  # lower case; see people.normal_email
    password_hash: Mapped[str | None] = mapped_column(String(255))  # argon2; None: signs in by link only
    created_at: Mapped[datetime]


class UserToken(Base):
    """A token of a user: the hash alone, 256 random bits stay with whoever was given them."""

    __tablename__ = "user_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[TokenKind]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256, hexadecimal
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]  # sign_in tokens are good once
    last_used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")


class Job(Base):
    """What people are interviewed for, and what its candidates are told before the camera opens."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    retention_days: Mapped[int] = mapped_column(default=90)
    microphone_only_allowed: Mapped[bool] = mapped_column(default=False)
    answers_only: Mapped[bool] = mapped_column(default=False)  # the time to think is not recorded
    deadline_days: Mapped[int] = mapped_column(default=7)  # how long a link stays good
    help_contact: Mapped[str] = mapped_column(Text, default="")  # whom a candidate asks; empty: the notice's contact
    # The notice (GDPR Art. 13). An empty field takes the text that `web` has for it.
    notice_controller: Mapped[str] = mapped_column(Text, default="")
    notice_contact: Mapped[str] = mapped_column(Text, default="")
    notice_purpose: Mapped[str] = mapped_column(Text, default="")
    notice_recipients: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    members: Mapped[list["JobMember"]] = relationship(back_populates="job", lazy="raise", **_OWNED)


class JobMember(Base):
    """Who may see a job's interviews."""

    __tablename__ = "job_members"

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[JobRole]

    job: Mapped[Job] = relationship(back_populates="members", lazy="raise")


class Candidate(Base):
    """The person interviewed. An e-mail or the host platform's id tells who they are; a name does not."""

    __tablename__ = "candidates"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    email: Mapped[str | None] = mapped_column(String(320), unique=True)
    external_id: Mapped[str | None] = mapped_column(String(300), unique=True)
    folder: Mapped[str] = mapped_column(String(255), unique=True)
    # The folder as a disk that ignores case and composition (macOS, Windows) sees it: two people never share one.
    folder_key: Mapped[str] = mapped_column(String(255), unique=True)
    created_at: Mapped[datetime]


class InterviewSession(Base):
    """One candidate answering one job's questions."""

    __tablename__ = "interview_sessions"

    session_id: Mapped[str] = mapped_column(Text, primary_key=True)  # ours or the host platform's, opaque
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidates.id"), index=True)
    state: Mapped[InterviewState] = mapped_column(default=InterviewState.INVITED, index=True)
    link_version: Mapped[int] = mapped_column(default=1)  # part of the candidate token's HMAC; counting up revokes it
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

    job: Mapped[Job] = relationship(lazy="raise")
    candidate: Mapped[Candidate] = relationship(lazy="raise")
    questions: Mapped[list["InterviewQuestion"]] = relationship(
        lazy="raise", order_by="InterviewQuestion.index", **_OWNED
    )
    consents: Mapped[list["Consent"]] = relationship(lazy="raise", order_by="Consent.id", **_OWNED)
    parts: Mapped[list["Part"]] = relationship(
        back_populates="interview", lazy="raise", order_by="Part.number", **_OWNED
    )
    flow: Mapped["InterviewFlow | None"] = relationship(lazy="raise", **_OWNED)
    takes: Mapped[list["Take"]] = relationship(lazy="raise", order_by="Take.question_index, Take.number", **_OWNED)


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
    given_at: Mapped[datetime]
    client: Mapped[str] = mapped_column(Text)


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
    gaps: Mapped[list["Gap"]] = relationship(lazy="raise", order_by="Gap.start_ms", **_OWNED)
    marks: Mapped[list["Mark"]] = relationship(lazy="raise", order_by="Mark.offset_ms", **_OWNED)


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


class Work(Base):
    """A piece of heavy work done in a process of its own: how far it is, and what became of it.

    What is due is derived from the other tables; a row says only what was tried, so losing one loses nothing.
    """

    __tablename__ = "work"
    __table_args__ = (UniqueConstraint("session_id", "kind", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("interview_sessions.session_id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))  # join, transcode, answer_sound, question_sound
    subject: Mapped[str] = mapped_column(String(64), default="")  # which question, take or part; empty: the interview
    state: Mapped[WorkState] = mapped_column(default=WorkState.WAITING, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    progress: Mapped[float] = mapped_column(default=0.0)  # 0 to 1
    error: Mapped[str | None] = mapped_column(Text)  # for the operator, of the latest attempt
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
