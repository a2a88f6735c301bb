"""Bodies and queries against their schemas."""

from typing import Annotated

import pytest
from aiohttp import web as aioweb
from aiohttp.test_utils import TestClient, TestServer
from pydantic import Field

from signaling.aio.errors import Problem
from web.bodies import answer, read_body, read_query
from web.schema.base import Schema


class Wish(Schema):
    """What the test's address takes."""

    name: Annotated[str, Field(min_length=1)]
    numbers: tuple[int, ...] = ()


async def _body(request: aioweb.Request) -> aioweb.Response:
    return await _told(request, await read_body(request, Wish))


async def _query(request: aioweb.Request) -> aioweb.Response:
    return await _told(request, read_query(request, Wish))


async def _told(_request: aioweb.Request, wish: Wish) -> aioweb.Response:
    return answer(wish, status=201)


@aioweb.middleware
async def _problems(request: aioweb.Request, handler: object) -> aioweb.StreamResponse:
    try:
        return await handler(request)  # type: ignore[operator,no-any-return]  # aiohttp hands in a handler
    except Problem as problem:
        return aioweb.json_response(problem.document(), status=problem.status)


async def _ask(method: str, path: str, **sent: object) -> tuple[int, dict[str, object]]:
    app = aioweb.Application(middlewares=[_problems])
    app.add_routes([aioweb.post("/", _body), aioweb.get("/", _query)])
    async with TestClient(TestServer(app)) as client, client.request(method, path, **sent) as response:  # type: ignore[arg-type]  # aiohttp types each option
        return response.status, await response.json()


async def test_what_fits_is_read_and_told() -> None:
    assert await _ask("POST", "/", json={"name": "a", "numbers": [1]}) == (201, {"name": "a", "numbers": [1]})
    assert await _ask("GET", "/?name=a&numbers=1&numbers=2") == (201, {"name": "a", "numbers": [1, 2]})
    assert await _ask("GET", "/?name=a&numbers=1") == (201, {"name": "a", "numbers": [1]})


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "a", "nane": "b"}, ["nane"]),
        ({"name": "a", "numbers": [1, "x"]}, ["numbers.1"]),
        ([], [""]),
    ],
)
async def test_each_wrong_field_is_named(sent: object, fields: list[str]) -> None:
    status, document = await _ask("POST", "/", json=sent)
    assert status == 400
    assert document["type"] == "/problems/malformed"
    errors = document["errors"]
    assert isinstance(errors, list)
    assert [error["field"] for error in errors] == fields


async def test_what_is_no_json_is_said_so() -> None:
    status, document = await _ask("POST", "/", data=b"{", headers={"Content-Type": "application/json"})
    assert (status, document["detail"]) == (400, "The body is no JSON.")
    status, document = await _ask("POST", "/", data=b"{}", headers={"Content-Type": "text/plain"})
    assert (status, document["type"]) == (415, "/problems/unsupported-media-type")


async def test_a_parameter_given_twice_where_one_is_taken() -> None:
    status, _ = await _ask("GET", "/?name=a&name=b")
    assert status == 400
