"""What happened, who did it, when: rows that only ever follow one another."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class AuditRow(Base):
    """One event. It outlives what it tells of, so it refers to nothing by a foreign key and names no candidate.

    Triggers refuse to change a row, to remove one, and to add one anywhere but at the end (see `db.audit`).
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_session_id", "session_id", "number"),
        Index("ix_audit_events_job_id", "job_id", "number"),
        Index("ix_audit_events_event", "event", "number"),
        Index("ix_audit_events_at", "at"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)  # from 1, without a gap
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(64))  # db.audit.AuditEvent; a newer version's words stay readable
    actor_kind: Mapped[str] = mapped_column(String(16))  # db.audit.ActorKind
    actor_name: Mapped[str] = mapped_column(Text)
    session_id: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[int | None]
    details: Mapped[str] = mapped_column(Text)  # JSON, in the spelling that is hashed
    previous: Mapped[str] = mapped_column(String(64))  # the hash of the row before; of the first one, zeros
    hash: Mapped[str] = mapped_column(String(64))  # SHA-256, hexadecimal
