"""`/api/jobs/{job_id}/notices`: every version of what candidates are told, and each of them word for word."""

from aiohttp import web as aioweb

import db.notices
from db import jobs
from db.errors import NotFound
from web import notice_views, notices
from web.bodies import answer
from web.ids import row_id
from web.schema.notices import NoticeVersions, NoticeWhole
from web.services import SERVICES, Services


async def list_notices(request: aioweb.Request) -> aioweb.Response:
    """Every version."""
    return answer(await versions_of(request.app[SERVICES], row_id(request, "job_id")))


async def get_notice(request: aioweb.Request) -> aioweb.Response:
    """One of them, word for word."""
    return answer(await whole(request.app[SERVICES], row_id(request, "job_id"), request.match_info["version"]))


async def versions_of(services: Services, job_id: int) -> NoticeVersions:
    """Every version of a job. Raises NotFound."""
    async with services.database.reading() as db_session:
        job = await jobs.get_job(db_session, job_id)
        kept = await db.notices.of_job(db_session, job_id)
    return notice_views.versions_view(job, kept, services.settings.notice)


async def whole(services: Services, job_id: int, version: str) -> NoticeWhole:
    """A version that is kept, or that candidates read now. Raises NotFound."""
    async with services.database.reading() as db_session:
        job = await jobs.get_job(db_session, job_id)
        try:
            return notice_views.whole_view(await db.notices.get(db_session, job_id, version))
        except NotFound:
            text = notices.current(job, services.settings.notice).get(version)
            if text is None:
                raise
    return notice_views.unkept_view(text)
