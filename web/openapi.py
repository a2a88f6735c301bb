"""The OpenAPI 3.1 document, made from the same table and schemas that serve the API."""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from types import UnionType
from typing import Any, Final, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from signaling.aio import errors
from signaling.aio.errors import Problem
from web.bodies import JSON
from web.endpoint import Content, Doc, Endpoint, Shape
from web.gate import BrowserNeeded, InsufficientScope, NotAllowed
from web.own.visits import OWN_COOKIE
from web.problems import Busy
from web.rights import Scope
from web.schema.base import ProblemDocument

VERSION: Final = "3.1.0"
_REF: Final = "#/components/schemas/{model}"
_PROBLEM: Final = "application/problem+json"
_TEXTS: Final = frozenset({"session_id", "whip_session"})
"Parameters of paths that are any text; all others are whole numbers from 1 (web/ids)."

Json = dict[str, Any]


def document(endpoints: Iterable[Endpoint], *, server_url: str, version: str) -> Json:
    """The document of those endpoints that are documented."""
    told = [(endpoint, endpoint.doc) for endpoint in endpoints if endpoint.doc is not None]
    paths: dict[str, Json] = {}
    for endpoint, doc in told:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, doc)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Holdfast",
            "version": version,
            "description": "Interviews recorded in the browser: invite, watch, download. Errors are RFC 9457 problem "
            "documents; `type` is stable.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url}],
        "paths": paths,
        "components": {"schemas": _schemas(doc for _, doc in told), "securitySchemes": _SECURITY},
    }


_SECURITY: Final[Json] = {
    "candidate": {"type": "http", "scheme": "bearer", "description": "A candidate's token: one interview."},
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token of somebody of HR. Its scopes: " + ", ".join(scope.value for scope in Scope) + ".",
    },
    "browser": {"type": "apiKey", "in": "cookie", "name": "holdfast_login", "description": "A signed-in browser."},
    "visit": {
        "type": "apiKey",
        "in": "cookie",
        "name": OWN_COOKIE,
        "description": "A candidate's browser that was let in to their own recording.",
    },
}


def _operation(endpoint: Endpoint, doc: Doc) -> Json:
    operation: Json = {
        "summary": doc.summary,
        "operationId": _operation_id(endpoint),
        "tags": [_tag(endpoint.path)],
        "responses": {str(status): _answer(status, shape) for status, shape in doc.answers.items()},
    }
    operation["description"] = " ".join(filter(None, (doc.more, _rights_in_words(endpoint))))
    for status, problems in _problems(endpoint, doc).items():
        operation["responses"].setdefault(str(status), _refusal(status, problems))
    parameters = [*_path_parameters(endpoint.path), *_query_parameters(doc)]
    if parameters:
        operation["parameters"] = parameters
    if doc.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(doc.body)}
    if security := list(_security(endpoint)):
        operation["security"] = security
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", endpoint.path.removeprefix("/api")).strip("_")
    return f"{endpoint.method.lower()}_{words}"


def _tag(path: str) -> str:
    steps = path.strip("/").split("/")
    return steps[1] if steps[0] == "api" and len(steps) > 1 else steps[0]


# --- who may ---------------------------------------------------------------------


def _security(endpoint: Endpoint) -> Iterator[Json]:
    access = endpoint.access
    if access.candidate:
        yield {"candidate": []}
    if access.own:
        yield {"visit": []}
    if access.takes_hr:
        if access.scope is not None:
            yield {"token": [access.scope.value]}
        yield {"browser": []}


def _rights_in_words(endpoint: Endpoint) -> str:
    access = endpoint.access
    who = []
    if access.candidate:
        who.append("the candidate of this interview")
    if access.own:
        who.append("the candidate, in a browser that was let in to the recording")
    if access.role is not None:
        who.append(f"the job's members, from {access.role.value} up")
    if access.user:
        who.append("anybody of HR")
    if not who:
        return ""
    scope = f" An API token needs the scope `{access.scope.value}`." if access.scope else ""
    return f"For {' and '.join(who)}.{scope}"


# --- what comes out ----------------------------------------------------------------


def _answer(status: int, shape: Shape) -> Json:
    answer: Json = {"description": HTTPStatus(status).phrase}
    if content := _content(shape):
        answer["content"] = content
    return answer


def _content(shape: Shape) -> Json:
    if isinstance(shape, Content):
        return {shape.media_type: {"schema": dict(shape.schema)}} if shape.media_type else {}
    if isinstance(shape, UnionType):
        return {JSON: {"schema": {"anyOf": [_reference(each) for each in get_args(shape)]}}}
    return {JSON: {"schema": _reference(shape)}}


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": _REF.format(model=model.__name__)}


def _problems(endpoint: Endpoint, doc: Doc) -> dict[int, list[type[Problem]]]:
    """Everything that can be refused, by status: what the table says, and what every such route can refuse."""
    access = endpoint.access
    problems: list[type[Problem]] = [*doc.errors, errors.Malformed]
    if not access.is_public:
        problems += [errors.Unauthorised, errors.UnknownInterview, errors.TooOften, Busy]
    if access.takes_hr:
        problems += [InsufficientScope if access.scope else BrowserNeeded]
    if access.role is not None:
        problems.append(NotAllowed)
    if doc.body is not None:
        problems += [errors.TooLarge, errors.UnsupportedMediaType, errors.Stalled]
    if "{" in endpoint.path:
        problems.append(errors.UnknownInterview)
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in dict.fromkeys(problems):
        by_status.setdefault(problem.status, []).append(problem)
    return by_status


def _refusal(status: int, problems: list[type[Problem]]) -> Json:
    said = "; ".join(f"`/problems/{problem.name}`: {problem.title}" for problem in problems)
    headers = {"Retry-After": {"schema": {"type": "string"}}} if status in {429, 503} else {}
    return {
        "description": said,
        "content": {_PROBLEM: {"schema": _reference(ProblemDocument)}},
        **({"headers": headers} if headers else {}),
    }


# --- what goes in ------------------------------------------------------------------


def _path_parameters(path: str) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", path):
        schema: Json = {"type": "string", "minLength": 1} if name in _TEXTS else {"type": "integer", "minimum": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(doc: Doc) -> Iterator[Json]:
    if doc.query is None:
        return
    schema = TypeAdapter(doc.query).json_schema(ref_template=_REF)
    for name, field in schema.get("properties", {}).items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": {key: value for key, value in field.items() if key != "title"},
            **({"description": field["description"]} if "description" in field else {}),
        }


def _schemas(docs: Iterable[Doc]) -> Json:
    taken: dict[type[BaseModel], None] = {ProblemDocument: None}
    given: dict[type[BaseModel], None] = {}
    for doc in docs:
        for shape in doc.answers.values():
            taken |= dict.fromkeys(_models(shape))
        if doc.body is not None:
            given |= dict.fromkeys(_models(doc.body))
        if doc.query is not None:
            given[doc.query] = None
    inputs: list[tuple[type[BaseModel], Any]] = [(model, "serialization") for model in taken]
    inputs += [(model, "validation") for model in given if model not in taken]
    _, definitions = models_json_schema(inputs, ref_template=_REF)
    return dict(definitions["$defs"])


def _models(shape: Shape) -> tuple[type[BaseModel], ...]:
    if isinstance(shape, Content):
        return ()
    return get_args(shape) if isinstance(shape, UnionType) else (shape,)
