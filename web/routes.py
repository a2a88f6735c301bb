"""Serves the table of endpoints, each behind the gate."""

from aiohttp import web as aioweb

from web.endpoint import Endpoint
from web.gate import guarded
from web.table import endpoints


def routes() -> list[aioweb.AbstractRouteDef]:
    """All but the static files."""
    return [_route(endpoint) for endpoint in endpoints()]


def _route(endpoint: Endpoint) -> aioweb.AbstractRouteDef:
    if endpoint.method == "GET":
        return aioweb.get(endpoint.path, guarded(endpoint), allow_head=endpoint.allow_head)
    return aioweb.route(endpoint.method, endpoint.path, guarded(endpoint))
