"""For those who keep the server running."""

from typing import Final

from web.api import operators
from web.endpoint import TEXT, Content, Doc, Endpoint
from web.rights import Access
from web.schema.operators import Healthy, Ready

_PUBLIC: Final = Access()

ENDPOINTS: Final = (
    Endpoint("GET", "/healthz", operators.healthz, _PUBLIC, Doc("The process answers", {200: Healthy})),
    Endpoint(
        "GET", "/readyz", operators.readyz, _PUBLIC, Doc("Interviews can be recorded now", {200: Ready, 503: Ready})
    ),
    Endpoint(
        "GET",
        "/metrics",
        operators.metrics,
        Access(checked_by_handler="addresses may read it, not people"),
        Doc("Prometheus metrics, for the addresses of the settings", {200: Content("text/plain", TEXT)}),
    ),
)
