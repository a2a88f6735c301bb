"""What a job's candidates are told before the camera opens, word for word, in each language and version."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, LegalBasis


class Notice(Base):
    """One version of the text. Rows are added and never changed (a trigger refuses it): somebody may have agreed to it."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("job_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(64))  # made of the text: the same words have the same version
    number: Mapped[int]  # from 1, in its job and language, for people
    legal_basis: Mapped[LegalBasis]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  # what was on the screen; see web.notices.NoticeText
    made_at: Mapped[datetime]
