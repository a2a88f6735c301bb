"""The candidate's page, and the check of a device and its connection."""

from typing import Any

import aiohttp_jinja2
from aiohttp import web as aioweb

from db import interviews
from db.audit import Actor, ActorKind, AuditEvent
from signaling.aio.errors import Unauthorised
from web import browsers, languages, views
from web.audit_log import Once
from web.own.view import OVER
from web.services import SERVICES

LANGUAGE_COOKIE = "holdfast_language"
"What somebody chose with the switch; it holds a language, nothing about the person."

_YEAR_S = 31_536_000


async def room(request: aioweb.Request) -> aioweb.Response:
    """The link that a candidate was sent."""
    services = request.app[SERVICES]
    try:
        asker = await services.auth.candidate(request.match_info["token"])
    except Unauthorised:
        return _link_unknown(request)
    # The first time on a phone and on a computer is enough to see whether a link went astray.
    services.audit.note(
        AuditEvent.LINK_OPENED,
        Actor(ActorKind.CANDIDATE, asker.session_id),
        session_id=asker.session_id,
        details={"device": browsers.device(request.headers.get("User-Agent", ""))},
        once=Once.EVER,
    )
    async with services.database.reading() as db_session:
        states = await interviews.states_of(db_session, [asker.session_id])
    is_over = states.get(asker.session_id) in OVER
    return _room(request, asker.session_id, "yes" if is_over else "no")


async def room_again(request: aioweb.Request) -> aioweb.Response:
    """The same page after a reload: the token has left the address, the tab remembers it."""
    return _room(request, None, "")


async def check(request: aioweb.Request) -> aioweb.Response:
    """For anybody, on any device."""
    services = request.app[SERVICES]
    servers = views.ice_servers_view(services.settings.signaling, "check", services.clock.utc_now())
    return _spoken("check.html", request, {"ice_servers": servers})


def _room(request: aioweb.Request, session_id: str | None, over: str) -> aioweb.Response:
    settings = request.app[SERVICES].settings
    context = {
        "session_id": session_id,
        "public_url": settings.web.base_url,
        "hosts": settings.embedding.frame_ancestors,
        "over": over,
    }
    return _spoken("candidate.html", request, context)


def _link_unknown(request: aioweb.Request) -> aioweb.Response:
    words = languages.catalogue(_language(request))["problems"]["link_unknown"]
    context = {"title": words["title"], "sentence": words["said"], "what_to_do": words["todo"], "link": None}
    response = _spoken("error.html", request, context, status=401)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _language(request: aioweb.Request) -> str:
    chosen = (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    return languages.best_language(request.headers.get("Accept-Language", ""), *chosen)


def _spoken(template: str, request: aioweb.Request, context: dict[str, Any], *, status: int = 200) -> aioweb.Response:
    """The page in the reader's language. A choice made with the switch is kept for the next page."""
    language = _language(request)
    words = {"language": language, "languages": languages.LANGUAGES, "texts": languages.catalogue(language)}
    response = aiohttp_jinja2.render_template(template, request, context | words, status=status)
    if request.query.get("lang") == language:
        secure = request.app[SERVICES].settings.web.secure or request.scheme == "https"
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=_YEAR_S,
            path=request.app[SERVICES].auth.cookie_path,
            httponly=True,
            samesite="Lax",
            secure=secure,
        )
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.enable_compression()
    return response
