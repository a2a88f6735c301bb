"""HR reads what a job's candidates are told: every version, one word for word, and what differs between two."""

import aiohttp_jinja2
from aiohttp import web as aioweb

from web.api.jobs import job_id_of, whole
from web.api.notices import versions_of
from web.api.notices import whole as whole_notice
from web.gate import hr_asker_of, role_of
from web.languages import LANGUAGES
from web.notice_views import compared
from web.pages.paths import base_of
from web.services import SERVICES

BASES = {
    "consent": "The candidate's agreement",
    "legitimate_interest": "A legitimate interest",
    "pre_contract": "A step before a contract",
}


async def show(request: aioweb.Request) -> aioweb.Response:
    """The versions; `version` says which one is read, `with` which one it is compared with."""
    services, job_id = request.app[SERVICES], job_id_of(request)
    job = await whole(services, job_id, role_of(request))
    versions = (await versions_of(services, job_id)).versions
    known = {each.version for each in versions}
    first = next((each.version for each in versions if each.current), "")
    wanted = request.query.get("version", first)
    read = await whole_notice(services, job_id, wanted) if wanted in known else None
    beside = request.query.get("with", "")
    other = await whole_notice(services, job_id, beside) if beside in known and beside != wanted else None
    context = {
        "user": {"email": hr_asker_of(request).email},
        "here": "jobs",
        "base": base_of(request),
        "job": job,
        "versions": versions,
        "read": read,
        "other": other,
        "passages": [] if read is None else compared(read, other),
        "others": [] if read is None else [each for each in versions if each.language == read.language],
        "languages": LANGUAGES,
        "bases": BASES,
    }
    response = aiohttp_jinja2.render_template("hr_notices.html", request, context, status=200 if read else 404)
    response.enable_compression()
    return response
