"""Watching an interview while it is recorded, over HTTP: news, index, head, octets, and nothing that is not saved."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from media_server.webm.open_index import OpenIndex
from media_server.webm.part_head import FIRST_CLUSTER, INIT_SIZE
from signaling.aio.live_interview import LiveInterview
from tests.media_server.webm.image import live_part, talk
from tests.web.conftest import Site, bearer
from web.api import live_watch

WATCH = "/api/interviews/one/watch"
PART = f"{WATCH}/parts/1"


class Recorded:
    """An interview whose first part is being written, as far as those who watch can tell."""

    def __init__(self, live: LiveInterview, media: bytes) -> None:
        self.live = live
        self.media = media
        self.index = OpenIndex()
        live.spectators.part_opened(1, self.index)
        live.progress.begin(1, 0.0)

    def save(self, end: int, saved_ms: int) -> None:
        """So much is on the disk now."""
        self.index.synced(end)
        self.live.progress.part_saved_ms = saved_ms
        self.live.spectators.tell()


@pytest.fixture
async def recorded(site: Site) -> Recorded:
    media = bytes(live_part(talk(30))[0].octets)
    await site.invite(consented=True)
    await site.add_part(media=media, closed=False)
    async with site.services.live_interviews.registry.held("one") as live:
        recorded = Recorded(live, media)
    recorded.index.add(FIRST_CLUSTER, 0, keyframe=True)
    return recorded


class Stream:
    """Reads server-sent events."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response

    async def news(self) -> dict[str, Any] | None:
        """The next event's data; None at the end."""
        async for line in self._response.content:
            if line.startswith(b"data: "):
                told: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
                return told
        return None


@asynccontextmanager
async def listening(site: Site, http: ClientSession) -> AsyncIterator[Stream]:
    async with asyncio.timeout(10), http.get(WATCH, headers=bearer(site.owner)) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Stream(response)


async def get(site: Site, http: ClientSession, url: str) -> tuple[int, bytes]:
    async with http.get(url, headers=bearer(site.owner)) as response:
        return response.status, await response.read()


async def test_only_what_is_saved_is_given(site: Site, http: ClientSession, recorded: Recorded) -> None:
    media = recorded.media
    assert (await get(site, http, PART))[0] == 404, "nothing of it is saved yet"
    recorded.save(100_000, 1_200)
    status, told = await get(site, http, PART)
    assert (status, json.loads(told)) == (
        200,
        {"n": 1, "end": 100_000, "clusters": [{"position": FIRST_CLUSTER, "timestamp_ms": 0, "keyframe": True}]},
    )
    assert json.loads((await get(site, http, f"{PART}?after={FIRST_CLUSTER}"))[1])["clusters"] == []
    assert await get(site, http, f"{PART}/head") == (200, media[:INIT_SIZE])
    whole = f"{PART}/clusters?start={FIRST_CLUSTER}&end=100000"
    assert await get(site, http, whole) == (200, media[FIRST_CLUSTER:100_000])
    for start, end in ((FIRST_CLUSTER, 100_001), (100_000, 100_001), (0, 600), (90_000, 80_000)):
        assert (await get(site, http, f"{PART}/clusters?start={start}&end={end}"))[0] == 409
    for wrong in ("clusters", "clusters?start=-1&end=5", "clusters?start=a&end=5"):
        assert (await get(site, http, f"{PART}/{wrong}"))[0] == 400
    for unknown in ("2", "2/head", "x", "9999999999"):
        assert (await get(site, http, f"{WATCH}/parts/{unknown}"))[0] == 404


async def test_an_answer_is_bounded(
    site: Site, http: ClientSession, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_watch, "MOST_OCTETS", 1_000)
    recorded.save(100_000, 1_200)
    asked = f"{PART}/clusters?start={FIRST_CLUSTER}&end=100000"
    assert await get(site, http, asked) == (200, recorded.media[FIRST_CLUSTER:][:1_000])


async def test_news_comes_as_it_is_saved_and_ends_with_the_interview(
    site: Site, http: ClientSession, recorded: Recorded
) -> None:
    recorded.save(80_000, 500)
    async with listening(site, http) as stream:
        part = {"n": 1, "open": True, "duration_ms": 500, "end": 80_000}
        begun = {"state": "in_progress", "saved_ms": 500, "silent": False, "parts": [part]}
        assert await stream.news() == begun
        recorded.save(90_000, 1_000)
        assert await stream.news() == {
            **begun,
            "saved_ms": 1_000,
            "parts": [{**part, "duration_ms": 1_000, "end": 90_000}],
        }
        recorded.live.progress.close(1, 1_100)
        recorded.live.tell_state()
        told = await stream.news()
        assert told is not None
        assert told["parts"] == [{"n": 1, "open": False, "duration_ms": 1_100, "end": 90_000}]
        assert recorded.live.spectators.count == 1
        await site.services.recordings.delete("one")
        await site.services.live_interviews.refresh("one")
        told = await stream.news()
        assert told is not None
        assert told["state"] == "deleted"
        assert await stream.news() is None
    assert recorded.live.spectators.count == 0


async def test_a_stream_ends_after_a_minute_so_that_rights_are_asked_again(
    site: Site, http: ClientSession, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_watch, "STREAM_S", 0.1)
    monkeypatch.setattr(live_watch, "HEARTBEAT_S", 0.05)
    recorded.save(80_000, 500)
    async with listening(site, http) as stream:
        told = 0
        while await stream.news() is not None:
            told += 1
    assert 1 <= told <= 4


async def test_those_who_watch_are_let_go_when_the_server_stops(
    site: Site, http: ClientSession, recorded: Recorded
) -> None:
    recorded.save(80_000, 500)
    async with listening(site, http) as stream:
        assert await stream.news() is not None
        await site.services.live_interviews.close_all()
        assert await stream.news() is not None
        assert await stream.news() is None


async def test_before_an_interview_and_after_it_there_is_one_piece_of_news(site: Site, http: ClientSession) -> None:
    await site.invite()
    async with listening(site, http) as stream:
        assert await stream.news() == {"state": "invited", "saved_ms": 0, "silent": False, "parts": []}
        assert await stream.news() is None


async def test_a_part_that_was_written_before_the_server_started_is_a_file(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    await site.add_part()
    async with listening(site, http) as stream:
        told = await stream.news()
    assert told is not None
    assert told["parts"] == [{"n": 1, "open": False, "duration_ms": 60_000, "end": None}]
    assert (await get(site, http, PART))[0] == 409
    assert (await get(site, http, "/api/interviews/one/parts/1"))[0] == 200
