"""`/healthz`, `/readyz`, `/metrics`: for those who keep the server running."""

import asyncio
from ipaddress import ip_address

from aiohttp import web as aioweb
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import text

from db import recordings, webhooks
from db.errors import DatabaseError, NotFound
from web.bodies import answer
from web.schema.operators import Healthy, Ready
from web.services import LEAST_ROOM_BYTES, SERVICES, Services


async def healthz(_request: aioweb.Request) -> aioweb.Response:
    """The process answers."""
    return answer(Healthy(healthy=True))


async def readyz(request: aioweb.Request) -> aioweb.Response:
    """Interviews can be recorded now: the database answers and the disk has room."""
    services = request.app[SERVICES]
    database, room = await _database_answers(services), await asyncio.to_thread(has_room, services)
    ready = Ready(ready=database and room, database=database, room=room)
    return answer(ready, status=200 if ready.ready else 503)


async def metrics(request: aioweb.Request) -> aioweb.Response:
    """The Prometheus text format, measured at this moment."""
    services = request.app[SERVICES]
    if not _may_measure(services, request.remote):
        raise NotFound("metrics are for operators")
    body = await _measure(services)
    return aioweb.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def has_room(services: Services) -> bool:
    """Whether the disk takes another interview."""
    return services.data_folder.room().free_bytes >= LEAST_ROOM_BYTES


async def _database_answers(services: Services) -> bool:
    try:
        async with services.database.reading() as db_session:
            await db_session.execute(text("SELECT 1"))
    except (DatabaseError, OSError):
        return False
    return True


def _may_measure(services: Services, remote: str | None) -> bool:
    try:
        address = ip_address(remote or "")
    except ValueError:
        return False
    return any(address in network for network in services.settings.web.metrics_networks)


async def _measure(services: Services) -> bytes:
    registry = CollectorRegistry()
    room = await asyncio.to_thread(services.data_folder.room)
    async with services.database.reading() as db_session:
        open_parts = len(await recordings.open_parts(db_session))
        waiting = await webhooks.count_waiting(db_session)
    for name, meaning, value in (
        ("live_interviews", "Interviews that are being published now", services.live_interviews.publishing_count),
        ("open_parts", "Parts that are being written now", open_parts),
        ("saved_lag_seconds", "How far the disk is behind, at worst", services.live_interviews.greatest_lag_ms / 1_000),
        ("disk_sync_seconds", "How long the last round of syncs took", services.disk.last_sync_seconds),
        ("disk_free_bytes", "Room on the disk that holds the recordings", room.free_bytes),
        ("webhook_messages_waiting", "Messages to webhooks that were not taken yet", waiting),
        ("disk_size_bytes", "Size of the disk that holds the recordings", room.total_bytes),
    ):
        Gauge(f"holdfast_{name}", meaning, registry=registry).set(value)
    return generate_latest(registry)
