"""JSON in and out: a body checked against its schema, a schema as an answer."""

from collections.abc import Mapping
from typing import Any, TypeVar

from aiohttp import web as aioweb
from pydantic import BaseModel, ValidationError

from signaling.aio.bodies import in_time
from signaling.aio.errors import Malformed, Problem, UnsupportedMediaType

JSON = "application/json"
MAX_TOLD = 20
"As many wrong fields are told at once."

T = TypeVar("T", bound=BaseModel)


class Invalid(Malformed):
    """Fields are not what this address takes; `errors` names them."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        first = errors[0]
        where = f" ({first['field']})" if first["field"] else ""
        super().__init__(f"Nothing was changed. {first['problem']}{where}.")
        self.errors = errors

    def document(self) -> dict[str, Any]:
        """The problem document, with one entry for each field."""
        return {**super().document(), "errors": self.errors}


async def read_body(request: aioweb.Request, schema: type[T]) -> T:
    """The body as `schema`. Raises UnsupportedMediaType, Malformed, Invalid, Stalled."""
    if request.content_type != JSON:
        raise UnsupportedMediaType("Send application/json.")
    try:
        async with in_time():
            body = await request.read()
        return schema.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None


async def read_form(request: aioweb.Request) -> dict[str, str]:
    """The short fields of a page's form. Raises TooLarge (aiohttp's) and Stalled."""
    async with in_time():
        return {name: str(value) for name, value in (await request.post()).items()}


def read_query(request: aioweb.Request, schema: type[T]) -> T:
    """The query as `schema`; a parameter given more than once is a list where the schema has one. Raises Invalid."""
    given: dict[str, Any] = {}
    for name in dict.fromkeys(request.query):
        values = [value for value in request.query.getall(name) if value != ""]
        if not values:
            continue  # a form sends its empty fields, too
        field = schema.model_fields.get(name)
        many = field is not None and _takes_many(field.annotation)
        given[name] = values if many or len(values) > 1 else values[0]
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        raise _refusal(error) from None


def answer(told: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> aioweb.Response:
    """A schema as JSON."""
    return aioweb.json_response(text=told.model_dump_json(), status=status, headers=headers)


def _takes_many(annotation: object) -> bool:
    return getattr(annotation, "__origin__", None) in {list, tuple, set, frozenset}


def _refusal(error: ValidationError) -> Problem:
    details = error.errors(include_input=False, include_url=False)
    if any(detail["type"] == "json_invalid" for detail in details):
        return Malformed("The body is no JSON.")
    return Invalid([_told(detail) for detail in details[:MAX_TOLD]])


def _told(detail: Any) -> dict[str, str]:
    field = ".".join(str(step) for step in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return {"field": field, "problem": "There is no such field here"}
    if detail["type"] == "missing":
        return {"field": field, "problem": "This field is missing"}
    return {"field": field, "problem": str(detail["msg"]).removeprefix("Value error, ")}
