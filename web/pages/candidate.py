"""The candidate's page, and the check of a device and its connection."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp_jinja2
from aiohttp import web as aioweb

from signaling.aio.errors import Unauthorised
from web import views
from web.services import SERVICES

_TEXTS = Path(__file__).parent.parent / "texts"


@cache
def texts() -> dict[str, Any]:
    """What the candidate's pages say; one language so far."""
    catalogue: dict[str, Any] = json.loads((_TEXTS / "en.json").read_text(encoding="utf-8"))
    return catalogue


async def room(request: aioweb.Request) -> aioweb.Response:
    """The link that a candidate was sent."""
    auth = request.app[SERVICES].auth
    try:
        asker = await auth.candidate(request.match_info["token"])
    except Unauthorised:
        return _link_unknown(request)
    return _room(request, asker.session_id)


async def room_again(request: aioweb.Request) -> aioweb.Response:
    """The same page after a reload: the token has left the address, the tab remembers it."""
    return _room(request, None)


async def check(request: aioweb.Request) -> aioweb.Response:
    """For anybody, on any device."""
    services = request.app[SERVICES]
    servers = views.ice_servers_view(services.settings.signaling, "check", services.clock.utc_now())
    return aiohttp_jinja2.render_template("check.html", request, {"texts": texts(), "ice_servers": servers})


def _room(request: aioweb.Request, session_id: str | None) -> aioweb.Response:
    base_url = request.app[SERVICES].settings.web.base_url
    context = {"session_id": session_id, "public_url": base_url, "texts": texts()}
    return aiohttp_jinja2.render_template("candidate.html", request, context)


def _link_unknown(request: aioweb.Request) -> aioweb.Response:
    words = texts()["problems"]["link_unknown"]
    context = {"title": words["title"], "sentence": words["said"], "what_to_do": words["todo"], "link": None}
    response = aiohttp_jinja2.render_template("error.html", request, context, status=401)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response
