"""Users and their tokens, jobs and who is a member, candidates."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.base import OWNED, Base, JobRole, LegalBasis, TokenKind


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
    name: Mapped[str] = mapped_column(String(200), default="", server_default="")  # what its owner calls it
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # of an api token; None: all of them
    user_agent: Mapped[str] = mapped_column(Text, default="", server_default="")  # of a login
    address: Mapped[str] = mapped_column(String(64), default="", server_default="")  # of a login
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
    # The notice (GDPR Art. 13). Nobody is invited while a field is empty; see db.notices.
    notice_controller: Mapped[str] = mapped_column(Text, default="")
    notice_contact: Mapped[str] = mapped_column(Text, default="")
    notice_legal_basis: Mapped[LegalBasis] = mapped_column(
        default=LegalBasis.CONSENT, server_default=LegalBasis.CONSENT.value
    )
    # purpose, recipients and rights by language: {"en": {"purpose": "…"}}. Never changed in place, always replaced.
    notice_texts: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict, server_default="{}")
    notice_unread: Mapped[bool] = mapped_column(default=False, server_default="0")  # filled in by the program alone
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]  # nobody is invited any more
    title_key: Mapped[str] = mapped_column(Text, default="", server_default="")  # for searching; see db.search

    questions: Mapped[list["JobQuestion"]] = relationship(lazy="raise", order_by="JobQuestion.position", **OWNED)
    members: Mapped[list["JobMember"]] = relationship(back_populates="job", lazy="raise", **OWNED)


class JobQuestion(Base):
    """A question that whoever is invited from now on is asked. Interviews have copies of their own."""

    __tablename__ = "job_questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]  # from 1
    text: Mapped[str] = mapped_column(Text)
    think_ms: Mapped[int | None] = mapped_column(Integer().evaluates_none(), default=0)  # as in InterviewQuestion
    answer_ms: Mapped[int | None]
    max_takes: Mapped[int] = mapped_column(default=1)
    optional: Mapped[bool] = mapped_column(default=False)  # it may be skipped
    sound_name: Mapped[str | None] = mapped_column(String(64))  # its file, in the job's folder of sounds


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
    search_key: Mapped[str] = mapped_column(Text, default="", server_default="", index=True)  # see db.search
