"""The table of every route: where, who may, what it takes and answers. What is not in it does not exist.

`web/routes` serves it, `web/gate` guards it, `web/openapi` documents it, and the authorisation matrix in the tests is made from it.
"""

from web.endpoint import Endpoint
from web.table import (
    account,
    archives,
    audit,
    documentation,
    exports,
    interviews,
    invitations,
    jobs,
    live,
    live_watch,
    notices,
    operators,
    own,
    pages,
    previews,
    recordings,
    retention,
    uploads,
    webhooks,
)


def endpoints() -> tuple[Endpoint, ...]:
    """All of them."""
    return (
        *pages.ENDPOINTS,
        *interviews.ENDPOINTS,
        *invitations.ENDPOINTS,
        *jobs.ENDPOINTS,
        *notices.ENDPOINTS,
        *recordings.ENDPOINTS,
        *previews.ENDPOINTS,
        *exports.ENDPOINTS,
        *own.ENDPOINTS,
        *retention.ENDPOINTS,
        *archives.ENDPOINTS,
        *audit.ENDPOINTS,
        *uploads.ENDPOINTS,
        *live.ENDPOINTS,
        *account.ENDPOINTS,
        *webhooks.ENDPOINTS,
        *live_watch.ENDPOINTS,
        *operators.ENDPOINTS,
        *documentation.ENDPOINTS,
    )
