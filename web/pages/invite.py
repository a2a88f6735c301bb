"""HR invites a candidate: a form, and afterwards the link to send."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp_jinja2
from aiohttp import web as aioweb
from pydantic import ValidationError

from db.jobs import jobs_of
from db.models import Job, JobRole
from signaling.aio.errors import Problem
from web import days
from web.actors import actor_of
from web.api.invitations import set_up_for
from web.bodies import read_form
from web.gate import hr_asker_of
from web.notices import lacking_sentence
from web.pages.paths import home
from web.problems import IncompleteNotice
from web.rights import is_at_least
from web.schema.invitations import Invitation
from web.services import SERVICES

WORDS = {
    "candidate": "Write the candidate's name.",
    "email": "This is no e-mail address. Write it as in jane@example.org, or leave it empty.",
    "deadline_at": "This day has passed. Choose a later one, or leave it empty.",
}
"What a person is told of a field; everything else has its own sentence."


async def show(request: aioweb.Request) -> aioweb.Response:
    """The form."""
    return await _form(request, {"job": request.query.get("job", "")})


async def invite(request: aioweb.Request) -> aioweb.Response:
    """Set the interview up and lead to it; what was wrong is told beside its field, with everything as it was typed."""
    services = request.app[SERVICES]
    given = {name: value.strip() for name, value in (await read_form(request)).items()}
    jobs = await _jobs(request)
    job = next((job for job in jobs if str(job.id) == given.get("job")), None)
    if job is None:
        return await _form(request, given, {"job": "Choose the job."})
    try:
        invitation = Invitation(
            candidate=given.get("candidate", ""),
            email=given.get("email") or None,
            deadline_at=_end_of(given.get("deadline", ""), given.get("zone", "")),
        )
        invited = await set_up_for(services, job.id, invitation, actor_of(request), {})
    except ValidationError as error:
        wrong = {str(detail["loc"][0]) if detail["loc"] else "" for detail in error.errors()}
        return await _form(request, given, {name: WORDS.get(name, "This is not as it should be.") for name in wrong})
    except ValueError:
        return await _form(request, given, {"deadline_at": WORDS["deadline_at"]})
    except IncompleteNotice as problem:
        said = f"Nobody can be invited for this job yet: its notice does not say {lacking_sentence(problem.lacking)}."
        return await _form(request, given, {"job": said}, page=f"{home(request)}/jobs/{job.id}#notice")
    except Problem as problem:
        errors = getattr(problem, "errors", [])
        field = errors[0]["field"] if errors else ""
        return await _form(request, given, {field: WORDS.get(field, problem.detail)})
    where = f"{home(request)}/interviews/{quote(invited.session_id, safe='')}?invited=1"
    return aioweb.Response(status=303, headers={"Location": where})


def _end_of(day: str, zone: str) -> datetime | None:
    """The last second of a day where the reader is. Raises ValueError for what is no day."""
    if not day:
        return None
    over = days.end(date.fromisoformat(day), days.zone_of(zone))
    if over is None:
        raise ValueError("no day comes after it")
    return over - timedelta(seconds=1)


async def _jobs(request: aioweb.Request) -> list[Job]:
    """The jobs that somebody may be invited for, newest first."""
    mine = jobs_of(hr_asker_of(request).user_id, archived=False).order_by(Job.id.desc())
    async with request.app[SERVICES].database.reading() as db_session:
        return [row.Job for row in await db_session.execute(mine) if is_at_least(row.role, JobRole.RECRUITER)]


async def _form(
    request: aioweb.Request, given: dict[str, str], errors: dict[str, str] | None = None, page: str = ""
) -> aioweb.Response:
    jobs, now = await _jobs(request), request.app[SERVICES].clock.utc_now()
    context: dict[str, Any] = {
        "user": {"email": hr_asker_of(request).email},
        "here": "interviews",
        "jobs": jobs,
        "given": given,
        "errors": errors or {},
        "page": page,
        "tomorrow": (now + timedelta(days=1)).date().isoformat(),
    }
    return aiohttp_jinja2.render_template("hr_invite.html", request, context, status=400 if errors else 200)
