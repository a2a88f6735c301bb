"""Watching an interview while it is recorded: news, the open part's index, its head, and octets that are saved.

Nothing here reads what is not on the disk yet, and nothing asks the live path for anything but its index.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from aiohttp import web as aioweb

from db.audit import AuditEvent
from db.errors import NotFound
from media_server.aio.contained_files import OutsideFolder
from media_server.webm.open_index import OpenIndex
from media_server.webm.part_head import FIRST_CLUSTER, INIT_SIZE
from signaling.aio.live_interview import LiveInterview
from signaling.aio.spectators import Sight
from web.actors import note
from web.api.recordings import FileMissing, part_number
from web.bodies import answer, read_query
from web.problems import NotReady
from web.schema.live_watch import ClustersAsked, ClusterSeen, IndexAsked, PartIndex, PartSeen, WatchNews
from web.services import SERVICES

STREAM_S = 60.0
"A stream of news ends after this long and the page comes again, so that whoever may no longer watch soon does not."

HEARTBEAT_S = 5.0
"News is told this often at the least: a connection that is gone shows itself, and proxies keep the others."

MOST_OCTETS = 1 << 20
"As many are sent at once: 25 seconds at the caps."

RETRY_MS = 1_000


async def watch(request: aioweb.Request) -> aioweb.StreamResponse:
    """News as server-sent events, from now on; ends with the interview."""
    clock = request.app[SERVICES].clock
    async with _live(request) as live, live.spectators.seat() as news:
        response = aioweb.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        response.content_type, response.charset = "text/event-stream", "utf-8"
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MS}\n\n".encode())
        until = clock.monotonic() + STREAM_S
        with contextlib.suppress(ConnectionError):
            while clock.monotonic() < until:
                news.clear()
                sight = live.spectators.sight(live.state, live.progress)
                await response.write(f"data: {_news(sight).model_dump_json()}\n\n".encode())
                if sight.is_last:
                    break
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), HEARTBEAT_S)
    return response


async def get_index(request: aioweb.Request) -> aioweb.Response:
    """Where the open part can be entered."""
    asked = read_query(request, IndexAsked)
    async with _live(request) as live:
        number, index = _open_part(request, live)
        clusters = [
            ClusterSeen(position=position, timestamp_ms=timestamp_ms, keyframe=keyframe)
            for position, timestamp_ms, keyframe in index.entries(asked.after)
        ]
        return answer(
            PartIndex(n=number, end=index.end, clusters=clusters), headers={"Cache-Control": "private, no-store"}
        )


async def get_head(request: aioweb.Request) -> aioweb.Response:
    """The open part's head, without the room for cues."""
    async with _live(request) as live:
        number, _ = _open_part(request, live)
        note(request, AuditEvent.WATCHED_LIVE, request.match_info["session_id"])
        return await _octets(request, live.part_path(number), 0, INIT_SIZE)


async def get_clusters(request: aioweb.Request) -> aioweb.Response:
    """Octets of the open part behind its head, whole blocks if they are asked for as the index and the news tell."""
    asked = read_query(request, ClustersAsked)
    async with _live(request) as live:
        number, index = _open_part(request, live)
        if asked.start < FIRST_CLUSTER or not asked.start < asked.end <= index.end:
            raise NotReady("Not that much of this part is saved yet. The news tells how much is.")
        note(request, AuditEvent.WATCHED_LIVE, request.match_info["session_id"])
        return await _octets(request, live.part_path(number), asked.start, min(asked.end, asked.start + MOST_OCTETS))


@contextlib.asynccontextmanager
async def _live(request: aioweb.Request) -> AsyncIterator[LiveInterview]:
    """The interview, read from the database unless it is being recorded here."""
    registry, session_id = request.app[SERVICES].live_interviews.registry, request.match_info["session_id"]
    live = registry.get(session_id)
    if live is None or not live.is_recording:
        async with registry.held(session_id) as live:
            pass
    yield live


def _open_part(request: aioweb.Request, live: LiveInterview) -> tuple[int, OpenIndex]:
    number = part_number(request)
    index = live.spectators.index(number)
    if index is None or index.end <= FIRST_CLUSTER:
        if number in live.progress.closed_ms:
            raise NotReady("This part is closed. It can be played as a file.")
        raise NotFound("no such part is being written")
    return number, index


async def _octets(request: aioweb.Request, path: str, start: int, end: int) -> aioweb.Response:
    files = request.app[SERVICES].data_folder.files

    def read() -> bytes:
        descriptor = files.open(path)
        try:
            return os.pread(descriptor, end - start, start)
        finally:
            os.close(descriptor)

    try:
        octets = await asyncio.to_thread(read)
    except (OSError, OutsideFolder):
        raise FileMissing("This part has just been closed. It is in the recording now.") from None
    return aioweb.Response(body=octets, content_type="video/webm", headers={"Cache-Control": "private, no-store"})


def _news(sight: Sight) -> WatchNews:
    return WatchNews(
        state=sight.state.value,
        saved_ms=sight.saved_ms,
        silent=sight.is_silent,
        parts=[
            PartSeen(n=part.number, open=part.is_open, duration_ms=part.duration_ms, end=part.end)
            for part in sight.parts
        ],
    )
