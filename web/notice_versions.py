"""Keeps each version of a job's notice in the database as soon as somebody could read it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

import db.notices
from db.models import Job
from web import notices
from web.settings import NoticeSettings


async def keep_current(db_session: AsyncSession, job: Job, settings: NoticeSettings, now: datetime) -> None:
    """Keep the notice as it reads now in every language, once it is complete; words that are kept already stay as they are."""
    if notices.missing(job):
        return
    for text in notices.current(job, settings).values():
        await db.notices.keep(db_session, job.id, text.kept, now)
