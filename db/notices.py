"""What candidates are told before the camera opens: the versions that are kept, and what a job still has to say.

Every function that reads or writes takes the session first; those that write need one of `Database.writing()`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.errors import Missing, NotFound
from db.models import Consent, Job, LegalBasis, Notice

SPOKEN: Final = ("purpose", "recipients", "rights")
"What is said in each language; who is responsible and whom to ask is the same in all of them."


@dataclass(frozen=True, slots=True)
class KeptText:
    """A text as it is to be kept."""

    language: str
    "As in `en`."
    version: str
    "Made of the text."
    legal_basis: LegalBasis
    "What allows the recording."
    content: Mapping[str, Any]
    "What is on the screen, word for word."


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A version, and what became of it."""

    notice: Notice
    "Its row."
    acknowledged: int
    "By how many candidates."


def missing(job: Job, languages: Collection[str]) -> tuple[Missing, ...]:
    """What the job's notice lacks; empty: candidates may be invited."""
    common = {"controller": job.notice_controller, "contact": job.notice_contact, "retention": job.retention_days}
    lacking = [Missing(field) for field, said in common.items() if not said]
    for field in SPOKEN:
        lacking += [Missing(field, each) for each in languages if not job.notice_texts.get(each, {}).get(field)]
    return tuple(lacking)


async def keep(db_session: AsyncSession, job_id: int, text: KeptText, now: datetime) -> Notice:
    """The row of this text, which is added unless it is there already."""
    kept = await db_session.scalar(select(Notice).where(Notice.job_id == job_id, Notice.version == text.version))
    if kept is not None:
        return kept
    newest = select(func.max(Notice.number)).where(Notice.job_id == job_id, Notice.language == text.language)
    kept = Notice(
        job_id=job_id,
        language=text.language,
        version=text.version,
        number=(await db_session.scalar(newest) or 0) + 1,
        legal_basis=text.legal_basis,
        content=dict(text.content),
        made_at=now,
    )
    db_session.add(kept)
    await db_session.flush()
    return kept


async def of_job(db_session: AsyncSession, job_id: int) -> list[KeptNotice]:
    """Every version of a job, the newest first."""
    told = select(Consent.notice_id, func.count(Consent.session_id.distinct()).label("how_many"))
    counted = told.where(Consent.notice_id.is_not(None)).group_by(Consent.notice_id).subquery()
    query = (
        select(Notice, func.coalesce(counted.c.how_many, 0))
        .outerjoin(counted, counted.c.notice_id == Notice.id)
        .where(Notice.job_id == job_id)
        .order_by(Notice.id.desc())
    )
    return [KeptNotice(row[0], row[1]) for row in await db_session.execute(query)]


async def get(db_session: AsyncSession, job_id: int, version: str) -> Notice:
    """One version of a job. Raises NotFound."""
    kept = await db_session.scalar(select(Notice).where(Notice.job_id == job_id, Notice.version == version))
    if kept is None:
        raise NotFound(f"job {job_id} has no notice {version}")
    return kept
