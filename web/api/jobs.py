"""Jobs: listed, added, read, changed, copied, archived, deleted."""

import asyncio
from typing import Any, cast

from aiohttp import web as aioweb
from sqlalchemy.ext.asyncio import AsyncSession

from db import holds, jobs, people
from db.audit import AuditEvent, Details
from db.deletion import DeletionReason
from db.errors import HoldsRecordings, NotFound
from db.jobs import Wanted
from db.models import Job, JobRole
from db.notices import SPOKEN
from media_server.aio.job_sounds import copy_sounds
from signaling.aio.errors import PreconditionFailed
from web import job_views, notices
from web.actors import actor_of, record
from web.bodies import Invalid, answer, read_body, read_query
from web.gate import hr_asker_of, role_of
from web.ids import row_id
from web.notice_versions import keep_current
from web.paging import cursor_of, position_of
from web.problems import InConflict
from web.schema.jobs import (
    JobAdded,
    JobChanged,
    JobCopied,
    JobListQuery,
    JobPage,
    JobWhole,
    QuestionsReplaced,
    QuestionWanted,
)
from web.services import SERVICES, Services

ORDER = "newest"
"What a cursor of this list is of."


async def list_jobs(request: aioweb.Request) -> aioweb.Response:
    """A page of one's jobs."""
    query = read_query(request, JobListQuery)
    return answer(await page_of(request.app[SERVICES], hr_asker_of(request).user_id, query))


async def page_of(services: Services, user_id: int, query: JobListQuery) -> JobPage:
    """A page of a user's jobs. Raises Malformed for a cursor of another list."""
    after = position_of(query.cursor, ORDER)
    async with services.database.reading() as db_session:
        found, goes_on = await jobs.page(
            db_session,
            user_id,
            search=query.search,
            archived=query.archived,
            limit=query.limit,
            before=None if after is None else int(after[1]),
        )
    last = (found[-1].id, found[-1].id) if goes_on else None
    return JobPage(items=[job_views.list_row(summary) for summary in found], next_cursor=cursor_of(last, ORDER))


async def add_job(request: aioweb.Request) -> aioweb.Response:
    """A new job; whoever adds it owns it."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    wanted = await read_body(request, JobAdded)
    async with services.database.writing() as db_session:
        words = notices.first_words(services.settings.notice, contact=asker.email)
        job = await people.add_job(db_session, wanted.title, asker.user_id, services.clock.utc_now(), **words)
        await _apply(services, db_session, job, wanted)
        job_id = job.id
        await record(request, db_session, AuditEvent.JOB_ADDED, job_id=job_id)
    return _answer(await whole(services, job_id, JobRole.OWNER), 201, _address(services, job_id))


async def get_job(request: aioweb.Request) -> aioweb.Response:
    """All of it."""
    return _answer(await whole(request.app[SERVICES], job_id_of(request), role_of(request)))


async def change_job(request: aioweb.Request) -> aioweb.Response:
    """Settings, questions, or both, at once or not at all."""
    return await _change(request, await read_body(request, JobChanged))


async def replace_questions(request: aioweb.Request) -> aioweb.Response:
    """The questions alone."""
    wanted = await read_body(request, QuestionsReplaced)
    return await _change(request, JobChanged(questions=wanted.questions))


async def copy_job(request: aioweb.Request) -> aioweb.Response:
    """A new job like this one; whoever copies it owns it."""
    services, asker, job_id = request.app[SERVICES], hr_asker_of(request), job_id_of(request)
    wanted = await read_body(request, JobCopied)
    async with services.database.writing() as db_session:
        copy = await jobs.copy_job(db_session, job_id, wanted.title, asker.user_id, services.clock.utc_now())
        await keep_current(db_session, copy, services.settings.notice, services.clock.utc_now())
        # Before the row is there for good: a name that leads nowhere would be a question that cannot be heard.
        await asyncio.to_thread(copy_sounds, services.data_folder.files, job_id, copy.questions, copy.id)
        copy_id = copy.id
        await record(request, db_session, AuditEvent.JOB_ADDED, job_id=copy_id, details={"like": job_id})
    return _answer(await whole(services, copy_id, JobRole.OWNER), 201, _address(services, copy_id))


async def archive_job(request: aioweb.Request) -> aioweb.Response:
    """Nobody is invited any more; what is there stays."""
    services = request.app[SERVICES]
    async with services.database.writing() as db_session:
        await jobs.archive(db_session, job_id_of(request), services.clock.utc_now())
        await record(request, db_session, AuditEvent.JOB_ARCHIVED, job_id=job_id_of(request))
    return _answer(await whole(services, job_id_of(request), role_of(request)))


async def unarchive_job(request: aioweb.Request) -> aioweb.Response:
    """Candidates can be invited again."""
    services = request.app[SERVICES]
    async with services.database.writing() as db_session:
        await jobs.unarchive(db_session, job_id_of(request))
        await record(request, db_session, AuditEvent.JOB_UNARCHIVED, job_id=job_id_of(request))
    return _answer(await whole(services, job_id_of(request), role_of(request)))


async def delete_job(request: aioweb.Request) -> aioweb.Response:
    """It goes for good, with the interviews of which nothing was recorded."""
    services, job_id = request.app[SERVICES], job_id_of(request)
    try:
        async with services.database.reading() as db_session:
            empty = await jobs.interviews_without_recording(db_session, job_id)
            for session_id in empty:
                await holds.refuse_held(db_session, session_id)
        eraser, job_deleted = services.recordings.eraser, DeletionReason.JOB_DELETED
        await eraser.delete_several(empty, reason=job_deleted, actor=actor_of(request))
        async with services.database.writing() as db_session:
            await jobs.delete_job(db_session, job_id)
            await record(request, db_session, AuditEvent.JOB_DELETED, job_id=job_id)
    except HoldsRecordings:
        raise InConflict("It has interviews with recordings. Delete those first, or archive the job.") from None
    await services.job_sounds.tidy(job_id)
    return aioweb.Response(status=204)


async def whole(services: Services, job_id: int, role: JobRole) -> JobWhole:
    """A job as it is told to a member. Raises NotFound."""
    async with services.database.reading() as db_session:
        job = await jobs.get_job(db_session, job_id)
        members = await jobs.members_of(db_session, job_id)
        counts = await jobs.interview_counts(db_session, [job_id])
    return job_views.job_view(job, role, members, counts.get(job_id, {}), services.settings.web.base_path)


def job_id_of(request: aioweb.Request) -> int:
    """Which job the path names."""
    return row_id(request, "job_id")


async def _change(request: aioweb.Request, changes: JobChanged) -> aioweb.Response:
    services, job_id = request.app[SERVICES], job_id_of(request)
    async with services.database.writing() as db_session:
        job = await jobs.get_job(db_session, job_id)
        _check_version(request, job)
        await _apply(services, db_session, job, changes)
        await record(request, db_session, AuditEvent.JOB_CHANGED, job_id=job_id, details=_told(changes))
    if changes.questions is not None:
        await services.job_sounds.tidy(job_id)
    return _answer(await whole(services, job_id, role_of(request)))


async def _apply(services: Services, db_session: AsyncSession, job: Job, changes: JobChanged) -> None:
    settings = changes.model_dump(exclude={"questions"}, exclude_none=True)
    _say_notice(job, settings)
    job = await jobs.edit_job(db_session, job.id, cast("jobs.Settings", settings))
    await keep_current(db_session, job, services.settings.notice, services.clock.utc_now())
    if changes.questions is None:
        return
    _check_named_once(changes.questions)
    try:
        await jobs.replace_questions(db_session, job.id, [Wanted(**each.model_dump()) for each in changes.questions])
    except NotFound:
        raise Invalid([{"field": "questions", "problem": "An id among them is no question of this job"}]) from None


def _say_notice(job: Job, settings: dict[str, Any]) -> None:
    """Bring what is said of the notice into the shape of the row; whoever says something of it has seen it."""
    if any(name.startswith("notice_") for name in settings):
        settings["notice_unread"] = False
    everywhere = {field: settings.pop(f"notice_{field}") for field in SPOKEN if f"notice_{field}" in settings}
    by_language = settings.pop("notice_texts", {})
    if everywhere or by_language:
        settings["notice_texts"] = notices.said_anew(job.notice_texts, everywhere, by_language)


def _told(changes: JobChanged) -> Details:
    """What the audit says of a change: which fields, and to what where that is a number or a choice. No texts."""
    changed = changes.model_dump(mode="json", exclude_none=True)
    return {name: value if isinstance(value, bool | int) else True for name, value in changed.items()}


def _check_named_once(questions: list[QuestionWanted]) -> None:
    named = [each.id for each in questions if each.id is not None]
    if len(named) != len(set(named)):
        raise Invalid([{"field": "questions", "problem": "An id stands there twice"}])


def _check_version(request: aioweb.Request, job: Job) -> None:
    """`If-Match` (RFC 9110 section 13.1.1): what somebody else changed meanwhile is not overwritten."""
    wanted = request.if_match
    if wanted is None or any(tag.value in {"*", job_views.version_of(job)} for tag in wanted):
        return
    raise PreconditionFailed("Somebody else changed this job since you read it. Nothing was changed.")


def _answer(job: JobWhole, status: int = 200, location: str | None = None) -> aioweb.Response:
    headers = {"ETag": f'"{job.version}"'} | ({} if location is None else {"Location": location})
    return answer(job, status=status, headers=headers)


def _address(services: Services, job_id: int) -> str:
    return f"{services.settings.web.base_path}/api/jobs/{job_id}"
