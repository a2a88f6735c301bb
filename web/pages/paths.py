"""Where HR's pages are, and the way through signing in and back."""

import re
from urllib.parse import unquote, urlencode

from aiohttp import web as aioweb

from web.services import SERVICES

_OUR_PATH = re.compile(r"/hr(/[A-Za-z0-9._~%-]+)*(\?[A-Za-z0-9._~%=&+-]*)?")


def home(request: aioweb.Request) -> str:
    """HR's first page."""
    return f"{base_of(request)}/hr"


def base_of(request: aioweb.Request) -> str:
    """What every path of this server begins with (`web.public_url`)."""
    return request.app[SERVICES].settings.web.base_path


def ours(request: aioweb.Request, path: str) -> str:
    """The path if it is a page of HR's, otherwise nothing: nobody is sent to another site after signing in."""
    base = base_of(request)
    return path if path.startswith(base) and is_ours(path[len(base) :]) else ""


def is_ours(path: str) -> bool:
    """Whether a path below the base path is one of HR's pages, and can be nothing else to any browser."""
    # Browsers take %2e for a dot, and `..` for a way up.
    steps = unquote(path.partition("?")[0]).split("/")
    return _OUR_PATH.fullmatch(path) is not None and not {".", ".."} & set(steps)


def to_sign_in(request: aioweb.Request) -> aioweb.HTTPFound:
    """To the form, and afterwards to where they wanted to go."""
    where = f"{home(request)}/sign-in"
    if ours(request, request.raw_path) not in {"", home(request)}:
        where += "?" + urlencode({"next": request.raw_path})
    return aioweb.HTTPFound(where)
