"""`/healthz`, `/readyz`, `/metrics`: for those who keep the server running."""

from ipaddress import ip_address

from aiohttp import web as aioweb

from db.errors import NotFound
from web.bodies import answer
from web.measures import measure
from web.metrics import CONTENT_TYPE
from web.schema.operators import Healthy, Ready
from web.services import SERVICES, Services


async def healthz(_request: aioweb.Request) -> aioweb.Response:
    """The process and its event loop answer. It asks no disk: one that hangs is no reason to restart what still records."""
    return answer(Healthy(healthy=True))


async def readyz(request: aioweb.Request) -> aioweb.Response:
    """Interviews can be recorded now."""
    services = request.app[SERVICES]
    reasons = await services.readiness.reasons()
    failed = {reason.check for reason in reasons}
    ready = Ready(
        ready=not reasons,
        running="running" not in failed,
        database="database" not in failed,
        migrations="migrations" not in failed,
        uploads="uploads" not in failed,
        room="room" not in failed,
        reasons=[reason.said for reason in reasons],
    )
    return answer(ready, status=200 if ready.ready else 503)


async def metrics(request: aioweb.Request) -> aioweb.Response:
    """The Prometheus text format, measured at this moment."""
    services = request.app[SERVICES]
    if not _may_measure(services, request.remote):
        raise NotFound("metrics are for operators")
    body = services.metrics.text(await measure(services))
    return aioweb.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


def _may_measure(services: Services, remote: str | None) -> bool:
    try:
        address = ip_address(remote or "")
    except ValueError:
        return False
    return any(address in network for network in services.settings.web.metrics_networks)
