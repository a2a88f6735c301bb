"""What is done beside interviews: heavy work, exports, webhooks, what was adopted."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, WorkState


class Work(Base):
    """A piece of heavy work done in a process of its own: how far it is, and what became of it.

    What is due is derived from the other tables; a row says only what was tried, so losing one loses nothing.
    """

    __tablename__ = "work"
    __table_args__ = (UniqueConstraint("session_id", "kind", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("interview_sessions.session_id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))  # db.work.WorkKind
    subject: Mapped[str] = mapped_column(String(64), default="")  # which question, take or part; empty: the interview
    state: Mapped[WorkState] = mapped_column(default=WorkState.WAITING, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    progress: Mapped[float] = mapped_column(default=0.0)  # 0 to 1
    error: Mapped[str | None] = mapped_column(Text)  # for the operator, of the latest attempt
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]


class Export(Base):
    """A copy of a recording in another format, made because somebody asked, and kept for a while."""

    __tablename__ = "exports"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)  # mp4
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    size_bytes: Mapped[int | None]
    made_of: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of the recording


class Webhook(Base):
    """Where a user's own programs hear of interviews."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Text)  # sealed with the server key, which the database does not hold
    events: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One message for one webhook, written with the change that it tells of; kept when the interview is gone."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str] = mapped_column(String(64), unique=True)  # the same at every attempt
    event: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)  # the body, as it is signed
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(index=True)  # None: delivered, or given up
    delivered_at: Mapped[datetime | None]
    last_status: Mapped[int | None]  # HTTP
    last_error: Mapped[str | None] = mapped_column(Text)


class AdoptedFile(Base):
    """A file of an older installation that was adopted. It stays when the interview is deleted: nothing comes back."""

    __tablename__ = "adopted_files"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 over its old path and its octets
    session_id: Mapped[str] = mapped_column(Text, index=True)  # no key: it outlives the row
    adopted_at: Mapped[datetime]
