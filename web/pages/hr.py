"""HR's pages: sign in, the list, Interview Results, sign out."""

import aiohttp_jinja2
from aiohttp import web as aioweb

from db import deletion_requests
from db.models import InterviewSession, JobRole
from db.neighbours import neighbours
from db.states import InterviewState
from signaling.aio.errors import TooOften, Unauthorised
from web.api.exports import mp4_of
from web.api.interviews import hr_told
from web.api.invitations import link_told
from web.auth import LOGIN_COOKIE
from web.bodies import read_form
from web.breaks import breaks_of
from web.gate import hr_asker_of, interview_of, role_of
from web.languages import LANGUAGES
from web.pages.audit import watched
from web.pages.paths import home, ours
from web.rights import is_at_least
from web.services import SERVICES, Services
from web.technical import technical

GOES_ON = frozenset({InterviewState.IN_PROGRESS, InterviewState.INTERRUPTED})
"States from which the candidate can come back."


async def root(request: aioweb.Request) -> aioweb.Response:
    """Nobody lives at the root."""
    raise aioweb.HTTPFound(home(request))


async def results(request: aioweb.Request) -> aioweb.Response:
    """Interview Results."""
    services, asker, role = request.app[SERVICES], hr_asker_of(request), role_of(request)
    row = await interview_of(request)
    interview = await hr_told(services, row)
    invitation = link_told(services, row) if is_at_least(role, JobRole.RECRUITER) else None
    breaks = breaks_of(interview.parts, goes_on=interview.state in GOES_ON)
    async with services.database.reading() as db_session:
        beside = await neighbours(db_session, interview.session_id)
    context = {
        "user": {"email": asker.email},
        "interview": interview,
        "breaks": breaks,
        "role": role.value,
        "invitation": invitation,
        "mp4": await mp4_of(services, interview.session_id),
        "just_invited": invitation is not None and "invited" in request.query,
        "neighbours": beside,
        "technical": technical(interview.parts),
        "watched": await watched(services, interview.session_id) if is_at_least(role, JobRole.RECRUITER) else None,
        "owns_job": role is JobRole.OWNER,
        "languages": LANGUAGES,
        "own": await _own(services, row),
    }
    return aiohttp_jinja2.render_template("hr_interview.html", request, context)


async def _own(services: Services, interview: InterviewSession) -> dict[str, object] | None:
    """What its candidate asks for afterwards; None while it is not over."""
    if interview.state not in deletion_requests.OVER:
        return None
    async with services.database.reading() as db_session:
        request = await deletion_requests.of(db_session, interview.session_id)
    sends_mail = services.own.mailer.is_configured
    return {
        "request": request,
        "released_at": interview.own_released_at,
        "sends_mail": sends_mail,
        "sends_codes": sends_mail and interview.candidate.email is not None,
    }


async def show_sign_in(request: aioweb.Request) -> aioweb.Response:
    """The form."""
    return _form(request, next_path=ours(request, request.query.get("next", "")))


async def sign_in(request: aioweb.Request) -> aioweb.Response:
    """E-mail and password."""
    auth = request.app[SERVICES].auth
    form = await read_form(request)
    email, password, next_path = (form.get(field, "") for field in ("email", "password", "next"))
    try:
        login = await auth.sign_in(email, password, *_whence(request))
    except Unauthorised:
        error = "E-mail and password do not belong together. Nothing else is wrong; please try again."
        return _form(request, email=email, next_path=ours(request, next_path), error=error, status=401)
    except TooOften as problem:
        error = f"That was tried too often. Please wait {_minutes(problem)} and try again."
        response = _form(request, email=email, next_path=ours(request, next_path), error=error, status=429)
        response.headers.update(problem.headers)
        return response
    return await _signed_in_to(request, login, ours(request, next_path) or home(request))


async def use_link(request: aioweb.Request) -> aioweb.Response:
    """A one-time link: good once, and not for long."""
    auth = request.app[SERVICES].auth
    try:
        login = await auth.use_link(request.match_info["token"], *_whence(request))
    except Unauthorised:
        error = (
            "This sign-in link was used already, or it is too old. Sign in with your password, or ask for a new link."
        )
        return _form(request, error=error, status=401)
    return await _signed_in_to(request, login, home(request))


async def enter(request: aioweb.Request) -> aioweb.Response:
    """Somebody comes from a host platform, which vouches for them with a token: signed in, once with each."""
    form = await read_form(request)
    try:
        login = await request.app[SERVICES].auth.enter(form.get("token", ""), *_whence(request))
    except Unauthorised:
        error = "The page that you came from could not show who you are. Go back to it and try again, or sign in here."
        return _form(request, error=error, status=401)
    except TooOften as problem:
        error = f"That was tried too often. Please wait {_minutes(problem)} and try again."
        return _form(request, error=error, status=429)
    return await _signed_in_to(request, login, ours(request, form.get("next", "")) or home(request))


async def sign_out(request: aioweb.Request) -> aioweb.Response:
    """This browser is signed out, on the server as well."""
    await request.app[SERVICES].auth.sign_out(request)
    response = aioweb.Response(status=303, headers={"Location": f"{home(request)}/sign-in"})
    response.del_cookie(LOGIN_COOKIE, path=request.app[SERVICES].auth.cookie_path)
    return response


def _whence(request: aioweb.Request) -> tuple[str, str]:
    return request.remote or "", request.headers.get("User-Agent", "")


async def _signed_in_to(request: aioweb.Request, login: str, path: str) -> aioweb.Response:
    """Lead on with a login that nobody knew before; the one that this browser came with is over."""
    services = request.app[SERVICES]
    response = aioweb.Response(status=303, headers={"Location": path})
    await services.auth.sign_out(request)
    services.auth.set_cookie(response, login, secure=services.settings.web.secure or request.scheme == "https")
    return response


def _form(
    request: aioweb.Request, *, email: str = "", next_path: str = "", error: str | None = None, status: int = 200
) -> aioweb.Response:
    context = {"user": None, "email": email, "next": next_path, "error": error}
    return aiohttp_jinja2.render_template("hr_sign_in.html", request, context, status=status)


def _minutes(problem: TooOften) -> str:
    seconds = int(problem.headers["Retry-After"])
    return "a minute" if seconds <= 60 else f"{-(-seconds // 60)} minutes"  # noqa: PLR2004  seconds in a minute
