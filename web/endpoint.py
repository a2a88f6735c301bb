"""One route: where, who may, what goes in and what comes out. The table of them serves, guards and documents the API."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import UnionType

from aiohttp import web as aioweb
from pydantic import BaseModel

from signaling.aio.errors import Problem
from web.limits import Limit
from web.rights import Access

Handler = Callable[[aioweb.Request], Awaitable[aioweb.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Content:
    """A body or an answer that is no JSON."""

    media_type: str
    "As in `video/webm`; empty: there is no content."
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string", "format": "binary"})
    "JSON Schema of it (OpenAPI 3.1)."


NOTHING = Content("")
TEXT = {"type": "string"}
"The schema of plain text."

Shape = type[BaseModel] | UnionType | Content
"""A model, one of several (`A | B`), or something else than JSON."""


@dataclass(frozen=True, slots=True)
class Doc:
    """What the OpenAPI document says of a route."""

    summary: str
    "One sentence without a full stop."
    answers: Mapping[int, Shape] = field(default_factory=dict)
    "Status and shape of each answer that is no problem document."
    errors: tuple[type[Problem], ...] = ()
    "What can be refused, besides what every guarded route refuses."
    body: Shape | None = None
    "What is sent; None: nothing."
    query: type[BaseModel] | None = None
    "The parameters in the query."
    more: str = ""
    "Whatever else somebody has to know, in Markdown."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route."""

    method: str
    "GET, which answers HEAD as well, POST, PUT, PATCH, DELETE or OPTIONS."
    path: str
    "Below the base path, with `{names}`."
    handler: Handler
    "What answers; the gate stands before it."
    access: Access
    "Who may."
    doc: Doc | None = None
    "What the API's documentation says; None for pages."
    limit: Limit | None = None
    "What counts as an attempt of whoever was let in (`[limits]` of the settings); None: nothing does."
    allow_head: bool = True
    "Whether HEAD is answered where GET is."
