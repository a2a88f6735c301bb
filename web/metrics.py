"""What Prometheus is told. Names and labels are few and lasting: no label holds an id, a name or an address.

What happens is counted here as it happens, told by callables that `app` hands down; what merely is (rows, room, queues) is looked
up by :mod:`web.measures` when somebody asks.
"""

from collections.abc import Iterator
from http import HTTPStatus

from aiohttp import web as aioweb
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from db.clock import Clock
from media_server.aio.traffic import Traffic
from signaling.aio.loop_lag import LoopLag

Family = CounterMetricFamily | GaugeMetricFamily

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SYNC_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_WAIT_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0)
_LAG_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_REQUEST_BUCKETS = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0)

ELSEWHERE = "elsewhere"
"The route of a request that met none: whatever somebody makes up must not become a label."


class Metrics:
    """What is counted while the server runs. One for each server."""

    def __init__(self, clock: Clock) -> None:
        self.traffic = Traffic()
        "What came over the network."
        self.loop_lag = LoopLag(clock, self._loop_was_late)
        "How late the event loop is; somebody has to let it watch."
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._sync = Histogram(
            "holdfast_disk_sync_seconds",
            "How long forcing one file onto the disk took",
            buckets=_SYNC_BUCKETS,
            registry=self._registry,
        )
        self._database_wait = Histogram(
            "holdfast_database_wait_seconds",
            "How long a writer waited for its turn at the database",
            buckets=_WAIT_BUCKETS,
            registry=self._registry,
        )
        self._loop_lag = Histogram(
            "holdfast_loop_lag_seconds",
            "How late the event loop was, asked four times a second",
            buckets=_LAG_BUCKETS,
            registry=self._registry,
        )
        self._requests = Histogram(
            "holdfast_http_request_seconds",
            "How long requests took, WebSockets left out",
            ("method", "route"),
            buckets=_REQUEST_BUCKETS,
            registry=self._registry,
        )
        self._answers = Counter(
            "holdfast_http_answers",
            "Requests by the class of their status",
            ("method", "route", "status"),
            registry=self._registry,
        )

    def synced(self, seconds: float) -> None:
        """One file was forced onto the disk. May be called in any thread."""
        self._sync.observe(seconds)

    def waited_for_database(self, seconds: float) -> None:
        """A writer got its turn."""
        self._database_wait.observe(seconds)

    def _loop_was_late(self, seconds: float) -> None:
        """The event loop was asked."""
        self._loop_lag.observe(seconds)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request is done."""
        self._answers.labels(method, route, f"{status // 100}xx").inc()
        if status != HTTPStatus.SWITCHING_PROTOCOLS:
            self._requests.labels(method, route).observe(seconds)

    def text(self, measured: Iterator[Family]) -> bytes:
        """All of it, with what was measured at this moment, in Prometheus' text format."""
        momentary = CollectorRegistry()
        momentary.register(_Measured(list(measured)))
        return generate_latest(self._registry) + generate_latest(momentary)


class _Measured(Collector):
    """What was looked up for one answer."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Family]:
        """Hand it out."""
        yield from self._families


def measure_requests(metrics: Metrics, clock: Clock, base_path: str) -> Middleware:
    """Count every request and how long it took, by its route."""

    @aioweb.middleware
    async def middleware(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
        began = clock.monotonic()
        status = 500
        try:
            response = await handler(request)
            status = response.status
        finally:
            metrics.answered(_method(request), _route(request, base_path), status, clock.monotonic() - began)
        return response

    return middleware


def _method(request: aioweb.Request) -> str:
    """A method that nobody knows is one somebody made up."""
    return request.method if request.method in _METHODS else ELSEWHERE


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _route(request: aioweb.Request, base_path: str) -> str:
    resource = request.match_info.route.resource
    if resource is None:
        return ELSEWHERE
    return resource.canonical.removeprefix(base_path) or "/"
