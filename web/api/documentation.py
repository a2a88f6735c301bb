"""The API's own description: for programs as OpenAPI, for people as a page."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import aiohttp_jinja2
from aiohttp import web as aioweb

from web.openapi import document
from web.reference import sections_of
from web.services import SERVICES


async def openapi(request: aioweb.Request) -> aioweb.Response:
    """The document, made from the table that serves."""
    response = aioweb.json_response(described(request.app[SERVICES].settings.web.base_url))
    response.headers["Access-Control-Allow-Origin"] = "*"  # it holds nothing of anybody; tools load it from anywhere
    return response


async def reference(request: aioweb.Request) -> aioweb.Response:
    """The same to read."""
    told = described(request.app[SERVICES].settings.web.base_url)
    context = {"user": None, "info": told["info"], "server": told["servers"][0]["url"], "sections": sections_of(told)}
    response = aiohttp_jinja2.render_template("reference.html", request, context)
    response.enable_compression()
    return response


@cache
def described(base_url: str) -> dict[str, Any]:
    """The OpenAPI document of this server."""
    # Only now: the table names this module's handlers.
    from web.table import endpoints

    return document(endpoints(), server_url=base_url, version=_version())


def _version() -> str:
    try:
        return version("holdfast")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
