"""The OpenAPI document against the server that it describes: no 5xx, no answer that it does not tell of."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from aiohttp import ClientSession
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.conftest import Site, bearer
from web.api.documentation import described
from web.openapi import document
from web.table import endpoints

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 20
"For each operation and each person."
UNTRIED = {"/api/interviews/{session_id}/live"}
"A WebSocket: HTTP clients cannot follow it."


@schemathesis.serializer("audio/wav", "text/vtt", "application/sdp", "application/trickle-ice-sdpfrag")
def as_it_is(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """A body that is no JSON, whatever was made up for it."""
    return value if isinstance(value, bytes) else str(value).encode()


def told() -> dict[str, Any]:
    return document(endpoints(), server_url="http://127.0.0.1", version="0")


def test_it_is_an_openapi_document() -> None:
    schemathesis.openapi.from_dict(told()).validate()
    assert told()["openapi"] == "3.1.0"


def test_every_documented_route_is_in_it_once() -> None:
    operations = [(path, method) for path, methods in told()["paths"].items() for method in methods]
    assert sorted(operations) == sorted(
        (each.path, each.method.lower()) for each in endpoints() if each.doc is not None
    )
    ids = [operation["operationId"] for methods in told()["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_api_route_is_documented() -> None:
    undocumented = {each.path for each in endpoints() if each.doc is None and each.path.startswith(("/api/", "/whip/"))}
    assert undocumented == {"/api/reference"}


async def test_it_is_served_to_tools_and_to_people(site: Site, http: ClientSession) -> None:
    async with http.get("/api/openapi.json") as response:
        assert await response.json() == described(site.services.settings.web.base_url)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    async with http.get("/api/reference") as response:
        page = await response.text()
    assert "<h1>API reference</h1>" in page
    for each in endpoints():
        if each.doc is not None:
            assert f"<code>{each.path}</code>" in page


@pytest.mark.slow
async def test_the_server_answers_as_the_document_says(site: Site) -> None:
    links = await site.recorded()
    await site.invite("two", consented=True)
    people = {"owner": bearer(site.owner), "candidate": bearer(links.token)}
    failures = await asyncio.to_thread(
        lambda: list(_failures(site.url, people, {"session_id": ["one", "two"], "job_id": [1]}))
    )
    assert not failures, "\n\n".join(failures)


def _failures(url: str, people: dict[str, dict[str, str]], known: dict[str, list[Any]]) -> Iterator[str]:
    schema = schemathesis.openapi.from_dict(told())
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.path in UNTRIED:
            continue
        for who, headers in people.items():
            try:
                _try(operation, url, headers, known)
            except Exception as error:  # noqa: BLE001  every kind of failure is told, with where it was
                yield f"{operation.method} {operation.path} as {who}: {error}"


def _try(operation: Any, url: str, headers: dict[str, str], known: dict[str, list[Any]]) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        for name, values in known.items():
            if name in (case.path_parameters or {}) and data.draw(st.integers(0, 3)):
                case.path_parameters[name] = data.draw(st.sampled_from(values))
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=20)

    check()
