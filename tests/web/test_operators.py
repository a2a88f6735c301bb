"""What operators are told: health, readiness, metrics."""

import shutil
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text as sql

from media_server.recording.events import EndReason
from tests.web.conftest import Site, bearer

READY = {"ready": True, "running": True, "database": True, "migrations": True, "uploads": True, "room": True}


async def ready(http: ClientSession) -> tuple[int, dict[str, Any]]:
    async with http.get("/readyz") as response:
        return response.status, await response.json()


async def scraped(http: ClientSession) -> dict[str, float]:
    """Every sample that has no label, by its name; of the others the names alone."""
    async with http.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = list(text_string_to_metric_families(await response.text()))
    return {sample.name: sample.value for family in families for sample in family.samples}


async def spoil(site: Site, statement: str) -> None:
    async with site.services.database.writing() as db_session:
        await db_session.execute(sql(statement))


async def test_a_server_that_can_record_is_ready(site: Site, http: ClientSession) -> None:
    assert await ready(http) == (200, {**READY, "reasons": []})


async def test_health_asks_no_disk_and_readiness_does(site: Site, http: ClientSession) -> None:
    uploads = site.services.data_folder.uploads_path
    hidden = uploads.with_name("elsewhere")
    uploads.rename(hidden)
    status, told = await ready(http)
    assert (status, told["ready"], told["uploads"], told["database"]) == (503, False, False, True)
    assert told["reasons"] == ["The uploads folder is not there or cannot be written to."]
    async with http.get("/healthz") as response:
        assert (response.status, await response.json()) == (200, {"healthy": True})
    hidden.rename(uploads)
    assert (await ready(http))[0] == 200


async def test_a_nearly_full_disk_is_not_ready(
    site: Site, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = shutil.disk_usage(site.services.data_folder.path).total
    monkeypatch.setattr("media_server.aio.data_folder.LEAST_ROOM", size + 1)
    status, told = await ready(http)
    assert (status, told["room"], told["uploads"]) == (503, False, True)
    assert "nearly full" in told["reasons"][0]


async def test_tables_of_another_version_are_not_ready(site: Site, http: ClientSession) -> None:
    await spoil(site, "UPDATE alembic_version SET version_num = '0001'")
    status, told = await ready(http)
    assert (status, told["migrations"], told["database"]) == (503, False, True)


async def test_a_database_without_tables_is_not_ready(site: Site, http: ClientSession) -> None:
    await spoil(site, "DROP TABLE alembic_version")
    status, told = await ready(http)
    assert (status, told["database"]) == (503, False)


async def test_a_server_that_is_about_to_end_is_not_ready(site: Site, http: ClientSession) -> None:
    await site.services.live_interviews.close_all(EndReason.SERVER_STOPPED)
    status, told = await ready(http)
    assert (status, told["running"]) == (503, False)
    assert told["reasons"] == ["The server is about to end."]


async def test_metrics_tell_what_there_is(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    await site.add_part(closed=False)
    site.services.metrics.traffic.received += 7
    told = await scraped(http)
    for name, value in {
        "open_parts": 1,
        "live_interviews": 0,
        "live_interviews_limit": 100,
        "saved_lag_seconds": 0,
        "packets_received_total": 7,
        "packets_lost_total": 0,
        "junk_datagrams_total": 0,
        "webhook_messages_waiting": 0,
        "work_failed": 0,
        "work_waiting": 0,
        "stored_bytes": 0,
        "database_up": 1,
        "stopping": 0,
    }.items():
        assert told[f"holdfast_{name}"] == value, name
    assert told["holdfast_disk_free_bytes"] > 0
    assert told["holdfast_database_wait_seconds_count"] > 0
    assert told["process_open_fds"] > 0


async def test_metrics_are_told_without_a_database(site: Site, http: ClientSession) -> None:
    await spoil(site, "DROP TABLE work")
    told = await scraped(http)
    assert told["holdfast_database_up"] == 0
    assert "holdfast_open_parts" not in told
    assert "holdfast_live_interviews" in told


async def test_requests_are_counted_by_route_and_never_by_id(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    for path in ("/api/interviews/one", "/api/interviews/two", "/made/up"):
        async with http.get(path, headers=bearer(site.owner)):
            pass
    async with http.request("MADEUP", "/healthz"):
        pass
    async with http.get("/metrics") as response:
        text = await response.text()
    assert 'holdfast_http_answers_total{method="GET",route="/api/interviews/{session_id}",status="2xx"} 1.0' in text
    assert 'holdfast_http_answers_total{method="GET",route="/api/interviews/{session_id}",status="4xx"} 1.0' in text
    assert 'route="elsewhere",status="4xx"} 1.0' in text
    for made_up in ("/made/up", "MADEUP", '"one"', "interviews/two"):
        assert made_up not in text


@pytest.mark.parametrize("web_settings", [{"metrics_from": ("192.0.2.0/24",)}])
async def test_metrics_are_for_operators(site: Site, http: ClientSession, web_settings: dict[str, Any]) -> None:
    async with http.get("/metrics") as response:
        assert response.status == 404
