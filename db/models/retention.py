"""How long interviews are kept: what holds one, what was deleted, when the clock was last believed."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class LegalHold(Base):
    """Somebody says that an interview must not be deleted. It goes when they release it."""

    __tablename__ = "legal_holds"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("interview_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    held_at: Mapped[datetime]
    held_by: Mapped[str] = mapped_column(Text)  # a user's e-mail, the operator's name on the machine
    reason: Mapped[str] = mapped_column(Text)


class Erasure(Base):
    """An interview is being deleted, or was. It stays for good, so that what comes back is known; it names nobody.

    It outlives the interview's row, which goes with its job, and so refers to nothing by a foreign key.
    """

    __tablename__ = "erasures"

    session_id: Mapped[str] = mapped_column(Text, primary_key=True)
    job_id: Mapped[int]
    created_at: Mapped[datetime]  # when the interview was set up
    begun_at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(32))  # db.deletion.DeletionReason; a newer version's words stay readable
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)  # of the recording, if there was one
    size_bytes: Mapped[int | None]  # of the same
    erased_at: Mapped[datetime | None] = mapped_column(index=True)  # when nothing was found any more


class SweepClock(Base):
    """One row: the latest moment at which a sweep believed the clock."""

    __tablename__ = "sweep_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
