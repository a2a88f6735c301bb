"""HR's pages of jobs: the list, a new one, one to read and to change."""

from collections.abc import Mapping
from typing import Any

import aiohttp_jinja2
from aiohttp import web as aioweb

from db.models import JobRole, LegalBasis
from db.states import InterviewState
from web import notices, views
from web.api.jobs import job_id_of, page_of, whole
from web.bodies import read_query
from web.gate import hr_asker_of, role_of
from web.languages import LANGUAGES
from web.pages.paths import base_of
from web.rights import is_at_least
from web.schema.jobs import JobChanged, JobListQuery, JobWhole
from web.services import SERVICES

RECORDED = (InterviewState.IN_PROGRESS, InterviewState.INTERRUPTED, InterviewState.COMPLETED, InterviewState.READY)
"States in which something has been recorded."

LIMITS = {"retention_days": 90, "deadline_days": 7}
"What a new job begins with."


async def show_list(request: aioweb.Request) -> aioweb.Response:
    """The user's jobs, or those of them that are archived."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    query = read_query(request, JobListQuery)
    page = await page_of(services, asker.user_id, query)
    other = await page_of(services, asker.user_id, JobListQuery(archived=not query.archived, limit=1))
    context = {
        **_about(request),
        "page": page,
        "query": query,
        "has_other": bool(other.items),
        "recorded": RECORDED,
    }
    return aiohttp_jinja2.render_template("hr_jobs.html", request, context)


async def show_new(request: aioweb.Request) -> aioweb.Response:
    """An empty one."""
    words = notices.first_words(request.app[SERVICES].settings.notice, contact=hr_asker_of(request).email)
    return _page(request, None, dict(words))


async def show(request: aioweb.Request) -> aioweb.Response:
    """One job: its questions, settings and team."""
    return _page(request, await whole(request.app[SERVICES], job_id_of(request), role_of(request)))


def _page(request: aioweb.Request, job: JobWhole | None, words: Mapping[str, object] | None = None) -> aioweb.Response:
    role = JobRole.OWNER if job is None else job.role
    interviews = {} if job is None else job.interviews
    embedded = {
        "id": None if job is None else job.id,
        "version": None if job is None else job.version,
        "user_id": hr_asker_of(request).user_id,
        "most_seconds": request.app[SERVICES].settings.work.max_sound_s,
    }
    settings = {**dict.fromkeys(JobChanged.model_fields, ""), **LIMITS, **(words or {})}
    context = {
        **_about(request),
        "job": job,
        "settings": settings if job is None else job.model_dump(),
        "languages": LANGUAGES,
        "bases": list(LegalBasis),
        "lacking": "" if job is None else job.notice_lacking,
        "can_edit": is_at_least(role, JobRole.RECRUITER),
        "owns": role is JobRole.OWNER,
        "roles": list(JobRole),
        "interviews": sum(interviews.values()),
        "recorded": sum(count for state, count in interviews.items() if state in RECORDED),
        "embedded": views.as_json(embedded).replace("<", "\\u003c"),
    }
    response = aiohttp_jinja2.render_template("hr_job.html", request, context)
    response.enable_compression()
    return response


def _about(request: aioweb.Request) -> dict[str, Any]:
    return {"user": {"email": hr_asker_of(request).email}, "here": "jobs", "base": base_of(request)}
