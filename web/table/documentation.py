"""The API's own description."""

from typing import Final

from web.api import documentation
from web.endpoint import Content, Doc, Endpoint
from web.rights import Access

_PUBLIC: Final = Access()

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/openapi.json",
        documentation.openapi,
        _PUBLIC,
        Doc("This document", {200: Content("application/json", {"type": "object"})}),
    ),
    Endpoint("GET", "/api/reference", documentation.reference, _PUBLIC),
)
