"""Stands before every handler: finds out who is asking and holds them to what the table says of the route."""

from dataclasses import dataclass

from aiohttp import web as aioweb

from db import people
from db.errors import NotFound
from db.models import InterviewSession, JobRole
from signaling.aio.errors import Problem, Unauthorised
from web.auth import Asker, CandidateAsker, HrAsker, interview_for
from web.endpoint import Endpoint, Handler
from web.ids import row_id
from web.limits import Limit
from web.pages.paths import to_sign_in
from web.rights import Access, Scope, is_at_least
from web.services import SERVICES


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whom the gate let in."""

    asker: Asker
    "Who is asking."
    role: JobRole | None
    "What they are to the job that the path names; None where the table asks for no role."


ADMITTED = aioweb.RequestKey("admitted", Admitted)


class NotAllowed(Problem):
    """A member of the job whose role does not reach so far."""

    status, name, title = 403, "not-allowed", "Your role in this job does not include this"


class InsufficientScope(Problem):
    """An API token without the scope (RFC 6750 section 3.1)."""

    status, name, title = 403, "insufficient-scope", "This token may not do this"

    def __init__(self, scope: Scope) -> None:
        super().__init__(
            f"It lacks the scope {scope.value}. Make a token that has it on your account page.",
            {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope.value}"'},
        )


class BrowserNeeded(Problem):
    """An API token where a person has to be signed in."""

    status, name, title = 403, "sign-in-needed", "A token cannot do this"


def guarded(endpoint: Endpoint) -> Handler:
    """The endpoint's handler, behind the gate."""
    access = endpoint.access
    if access.is_public or access.checked_by_handler:
        return endpoint.handler

    async def handler(request: aioweb.Request) -> aioweb.StreamResponse:
        await _admit(request, access, is_page=endpoint.doc is None)
        if endpoint.limit is not None:
            await request.app[SERVICES].limits.check(endpoint.limit, _counted_as(request, endpoint.limit))
        return await endpoint.handler(request)

    return handler


def _counted_as(request: aioweb.Request, limit: Limit) -> str:
    """Uploads are counted for what they belong to, the rest for whoever asks."""
    asker = asker_of(request)
    if limit is Limit.UPLOADS or isinstance(asker, CandidateAsker):
        return " ".join(f"{name}={value}" for name, value in sorted(request.match_info.items()))
    return f"user {asker.user_id}"


def asker_of(request: aioweb.Request) -> Asker:
    """Who is asking; the gate has let them in."""
    return request[ADMITTED].asker


def hr_asker_of(request: aioweb.Request) -> HrAsker:
    """The same where the table lets HR alone in."""
    asker = request[ADMITTED].asker
    if not isinstance(asker, HrAsker):
        raise NotFound("candidates do not see this")
    return asker


async def interview_of(request: aioweb.Request) -> InterviewSession:
    """The interview that the path names, whole. Raises NotFound."""
    async with request.app[SERVICES].database.reading() as db_session:
        return await interview_for(db_session, asker_of(request), request.match_info["session_id"])


def role_of(request: aioweb.Request) -> JobRole:
    """What the asker is to the job that the path names, where the table asks for a role."""
    role = request[ADMITTED].role
    if role is None:
        raise NotFound("no role is asked for here")
    return role


async def _admit(request: aioweb.Request, access: Access, *, is_page: bool) -> None:
    if access.own:
        visitor = CandidateAsker(await request.app[SERVICES].own.visits.visitor(request))
        request[ADMITTED] = Admitted(visitor, None)
        return
    asker = await (_signed_in(request) if is_page else request.app[SERVICES].auth.asker(request))
    role = None
    if isinstance(asker, HrAsker):
        role = await _admit_hr(request, access, asker)
    elif not access.candidate or asker.session_id != request.match_info["session_id"]:
        raise NotFound("a candidate sees their own interview")
    request[ADMITTED] = Admitted(asker, role)


async def _signed_in(request: aioweb.Request) -> HrAsker:
    try:
        return await request.app[SERVICES].auth.signed_in(request)
    except Unauthorised:
        raise to_sign_in(request) from None


async def _admit_hr(request: aioweb.Request, access: Access, asker: HrAsker) -> JobRole | None:
    if not access.takes_hr:
        raise NotFound("only the candidate does this")
    if asker.by_token:
        _check_scope(access, asker)
    if access.role is None:
        return None
    role = await _role(request, asker)
    if not is_at_least(role, access.role):
        raise NotAllowed(f"It takes the role {access.role.value}. An owner of the job can give it to you.")
    return role


def _check_scope(access: Access, asker: HrAsker) -> None:
    if access.scope is None:
        raise BrowserNeeded("Sign in with a browser for this. Nothing was changed.")
    if asker.scopes is not None and access.scope not in asker.scopes:
        raise InsufficientScope(access.scope)


async def _role(request: aioweb.Request, asker: HrAsker) -> JobRole:
    named = request.match_info
    async with request.app[SERVICES].database.reading() as db_session:
        if "session_id" in named:
            return await people.role_for_interview(db_session, asker.user_id, named["session_id"])
        return await people.role_for_job(db_session, asker.user_id, row_id(request, "job_id"))
