"""What a candidate asks for afterwards: that their recording goes, and to see it themselves."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class DeletionRequest(Base):
    """A candidate has asked for deletion. It outlives the recording: with the interview's id and dates it is the receipt."""

    __tablename__ = "deletion_requests"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)  # granted by itself then, unless the interview is held
    mailed_at: Mapped[datetime | None]  # when HR was written to; None: not yet, or nobody can be


class OwnCode(Base):
    """The code that was e-mailed to a candidate last: a keyed hash of it, and how often it may still be tried."""

    __tablename__ = "own_codes"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(64))  # empty: used up
    expires_at: Mapped[datetime]
    tries_left: Mapped[int]
    sent_at: Mapped[datetime]
    counted_from: Mapped[datetime]  # when the day began in which `sent_count` were sent
    sent_count: Mapped[int]


class OwnVisit(Base):
    """A browser in which a candidate may watch and download their own recording for a while."""

    __tablename__ = "own_visits"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), index=True)
    link_version: Mapped[int]  # a link that is issued anew ends it
    by_code: Mapped[bool]  # otherwise by HR's release, with which it ends
    began_at: Mapped[datetime]
    expires_at: Mapped[datetime]
