"""What `/metrics` looks up when it is asked: what there is at this moment."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from sqlalchemy.exc import SQLAlchemyError

from db import recordings, webhooks, work
from db.errors import DatabaseError
from web.metrics import Family
from web.services import Services


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the database knows."""

    open_parts: int
    stored_bytes: int
    webhooks_waiting: int
    work_failed: int


async def measure(services: Services) -> Iterator[Family]:
    """Everything that is looked up. Without a database, what it would know is left out and `holdfast_database_up` is 0."""
    rows = await _rows(services)
    try:
        room = await asyncio.to_thread(services.data_folder.room)
    except OSError:  # the disk that recordings lie on has gone
        room = None
    families = [
        *_interviews(services),
        *_traffic(services),
        *_disk(services),
        *_work(services),
        _gauge("database_up", "Whether the database answers", rows is not None),
    ]
    if room is not None:
        families += [
            _gauge("disk_free_bytes", "Room on the disk that holds the recordings", room.free_bytes),
            _gauge("disk_size_bytes", "Size of the disk that holds the recordings", room.total_bytes),
        ]
    if rows is not None:
        families += _of_rows(rows)
    return iter(families)


async def _rows(services: Services) -> _Rows | None:
    try:
        async with services.database.reading() as db_session:
            return _Rows(
                len(await recordings.open_parts(db_session)),
                await recordings.stored_bytes(db_session),
                await webhooks.count_waiting(db_session),
                await work.count_failed(db_session),
            )
    except (DatabaseError, SQLAlchemyError, OSError):
        return None


def _interviews(services: Services) -> Iterator[Family]:
    live = services.live_interviews
    yield _gauge("live_interviews", "Interviews that are being published now", live.publishing_count)
    yield _gauge("live_interviews_limit", "How many are taken", services.settings.signaling.max_live_interviews)
    yield _gauge("control_channels", "Pages of candidates that are connected", live.channel_count)
    yield _gauge("control_messages_waiting", "Messages that pages have not taken yet", live.messages_waiting)
    yield _gauge("saved_lag_seconds", "How far the disk is behind, at worst", live.greatest_lag_ms / 1_000)
    yield _gauge("tasks", "Tasks of the event loop", len(asyncio.all_tasks()))
    yield _gauge("stopping", "Whether the server is about to end", live.is_stopping)


def _traffic(services: Services) -> Iterator[Family]:
    traffic = services.metrics.traffic
    yield _counter("packets_received", "RTP packets that were of use", traffic.received)
    yield _counter("packets_lost", "RTP packets that were given up", traffic.lost)
    yield _counter("packets_recovered", "RTP packets that were missing and came after all", traffic.recovered)
    yield _counter("sound_concealed_seconds", "Sound that was lost and filled", traffic.concealed_ms / 1_000)
    yield _counter("junk_datagrams", "Datagrams that nobody could use", traffic.junk)


def _disk(services: Services) -> Iterator[Family]:
    yield _counter("media_written_bytes", "Media handed to the disk", services.disk.written_bytes)
    yield _gauge("disk_lag_seconds", "How far the disk is behind what was handed to it", services.disk.lag_s)
    yield _gauge("disk_queue_batches", "Batches that the disk's writer has not got to", services.disk.queue_length)


def _work(services: Services) -> Iterator[Family]:
    heavy_work = services.heavy_work
    yield _gauge("work_waiting", "Pieces of heavy work that are due and not begun", heavy_work.waiting_count)
    yield _gauge("work_running", "Pieces of heavy work that are being done", heavy_work.running_count)
    yield _gauge("work_oldest_wait_seconds", "How long the oldest of them has been due", heavy_work.oldest_wait_s)


def _of_rows(rows: _Rows) -> Iterator[Family]:
    yield _gauge("open_parts", "Parts that are being written now", rows.open_parts)
    yield _gauge("stored_bytes", "Size of all recordings that are kept", rows.stored_bytes)
    yield _gauge("webhook_messages_waiting", "Messages to webhooks that were not taken yet", rows.webhooks_waiting)
    yield _gauge("work_failed", "Pieces of heavy work that were given up", rows.work_failed)


def _gauge(name: str, meaning: str, value: float) -> Family:
    return GaugeMetricFamily(f"holdfast_{name}", meaning, value=float(value))


def _counter(name: str, meaning: str, value: float) -> Family:
    return CounterMetricFamily(f"holdfast_{name}", meaning, value=float(value))
