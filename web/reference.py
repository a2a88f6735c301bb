"""The OpenAPI document arranged for reading: sections of addresses, each with its fields spelled out. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
MAX_DEPTH = 4
"So many levels of fields in fields are spelled out."


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body or an answer."""

    name: str
    "With dots where it lies in another, `[]` where there are many."
    kind: str
    "As in `string` or `integer or null`."
    said: str
    "What it means; often the name says it all."
    required: bool
    "Whether it is always there, or has to be."


@dataclass(frozen=True, slots=True)
class Outcome:
    """One status that an address answers with."""

    status: str
    media_type: str
    said: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Field]
    body_type: str
    body: list[Field]
    outcomes: list[Outcome]
    refusals: list[Outcome]


@dataclass(frozen=True, slots=True)
class Section:
    """What belongs together."""

    name: str
    operations: list[Operation]


def sections_of(document: Json) -> list[Section]:
    """Every operation of an OpenAPI document, by its first tag, in the order of the document."""
    by_tag: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append(_operation(document, method, path, operation))
    return [Section(name, operations) for name, operations in by_tag.items()]


def _operation(document: Json, method: str, path: str, told: Json) -> Operation:
    body = told.get("requestBody", {}).get("content", {})
    body_type = next(iter(body), "")
    outcomes = [_outcome(document, status, answer) for status, answer in sorted(told["responses"].items())]
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        description=told.get("description", ""),
        parameters=[
            Field(each["name"], _kind(document, each["schema"]), each.get("description", ""), each["required"])
            for each in told.get("parameters", [])
            if each["in"] == "query"
        ],
        body_type=body_type,
        body=list(_fields(document, body[body_type]["schema"])) if body_type else [],
        outcomes=[each for each in outcomes if each.status < "4"],
        refusals=[each for each in outcomes if each.status >= "4"],
    )


def _outcome(document: Json, status: str, answer: Json) -> Outcome:
    content = answer.get("content", {})
    media_type = next(iter(content), "")
    is_problem = status >= "4"
    fields = [] if is_problem or not media_type else list(_fields(document, content[media_type]["schema"]))
    return Outcome(status, media_type, answer["description"], fields)


def _fields(document: Json, schema: Json, prefix: str = "", depth: int = 0) -> Iterator[Field]:
    schema = _resolved(document, schema)
    if depth >= MAX_DEPTH:
        return
    for option in schema.get("anyOf", []):
        if depth == 0 or "$ref" in option or option.get("type") == "array":
            yield from _fields(document, option, prefix, depth)
            return  # the first is the fullest
    if schema.get("type") == "array":
        yield from _fields(document, schema.get("items", {}), f"{prefix}[]", depth + 1)
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        full = f"{prefix}.{name}" if prefix else name
        yield Field(full, _kind(document, field), field.get("description", ""), name in required)
        yield from _fields(document, field, full, depth + 1)


def _kind(document: Json, schema: Json) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(document, each) for each in schema["anyOf"])
    resolved = _resolved(document, schema)
    if "enum" in resolved:
        return " | ".join(f'"{value}"' for value in resolved["enum"])
    if "const" in resolved:
        return f'"{resolved["const"]}"'
    if resolved.get("type") == "array":
        return f"list of {_kind(document, resolved.get('items', {}))}"
    kind = str(resolved.get("type", "anything"))
    return f"{kind} ({resolved['format']})" if "format" in resolved and kind == "string" else kind


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
