"""A real server, killed while an upload comes in and while it is looked at: nothing of it is left, and the next one is taken."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.live.harness import Interview, Server, running_server, until
from tests.media_server.foreign import film, recorded
from tests.media_server.webm.real_media import interview as talk

pytestmark = pytest.mark.slow


async def send(server: Server, interview: Interview, octets: bytes, *, pause: asyncio.Event | None = None) -> int:
    """Send a form; with `pause` half of it, and the rest when that is set."""

    async def body() -> AsyncIterator[bytes]:
        yield octets[: len(octets) // 2]
        if pause is not None:
            await pause.wait()
        yield octets[len(octets) // 2 :]

    form = aiohttp.FormData()
    form.add_field("video_file", body(), filename="recording.webm", content_type="video/webm")
    url = f"{server.base_url}/api/interviews/{interview.session_id}/upload-video"
    headers = {"Authorization": f"Bearer {interview.token}"}
    async with aiohttp.ClientSession() as http, http.post(url, data=form, headers=headers) as response:
        return response.status


def lying(server: Server) -> list[str]:
    return sorted(str(path.relative_to(server.data)) for path in (server.data / "uploads").rglob("*") if path.is_file())


def held_by(pid: int) -> list[str]:
    """What a process has open."""
    held = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            held.append(str(descriptor.readlink()))
    return held


async def killed_when(server: Server, sending: "asyncio.Task[int]", reached: Callable[[], Awaitable[bool]]) -> None:
    await until(reached, within_s=30, every_s=0.002)
    await server.kill()
    with contextlib.suppress(aiohttp.ClientError):
        await sending


def states(server: Server) -> list[tuple[str, int]]:
    rows = server.rows(
        "SELECT state, (SELECT count(*) FROM parts WHERE parts.session_id = i.session_id) AS parts "
        "FROM interview_sessions AS i"
    )
    return [(row["state"], row["parts"]) for row in rows]


async def test_a_killed_server_leaves_nothing_of_an_upload(tmp_path: Path) -> None:
    # Looking at ten minutes takes long enough to be killed in the middle of it.
    once = talk("VP8", 2)
    long = film([each._replace(timestamp_ms=each.timestamp_ms + at * 2_000) for at in range(300) for each in once])
    async with running_server(tmp_path) as server:
        await server.add_user()
        interview = await server.add_interview(await server.add_job(), consented=True)

        async def is_receiving() -> bool:
            return any(f"{server.data}/uploads" in opened for opened in held_by(server.pid))

        never = asyncio.Event()
        sending = asyncio.create_task(send(server, interview, recorded(), pause=never))
        await killed_when(server, sending, is_receiving)
        assert lying(server) == []

        await server.start()

        async def is_looked_at() -> bool:
            return any(path.endswith(".partial") for path in lying(server))

        sending = asyncio.create_task(send(server, interview, long))
        await killed_when(server, sending, is_looked_at)
        (left,) = lying(server)
        assert "/.parts/" in left
        assert "/upload-" in left

        await server.start()
        assert lying(server) == []
        assert states(server) == [("consented", 0)]
        assert await send(server, interview, recorded()) == 200
        assert len(lying(server)) == 1
        assert states(server) == [("ready", 1)]


async def test_a_server_that_is_told_to_stop_does_not_wait_for_an_upload(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        await server.add_user()
        interview = await server.add_interview(await server.add_job(), consented=True)
        never = asyncio.Event()
        sending = asyncio.create_task(send(server, interview, recorded(), pause=never))

        async def is_receiving() -> bool:
            return any(f"{server.data}/uploads" in opened for opened in held_by(server.pid))

        await until(is_receiving, within_s=30, every_s=0.01)
        began = asyncio.get_running_loop().time()
        await server.stop()
        assert asyncio.get_running_loop().time() - began < 10
        with contextlib.suppress(aiohttp.ClientError):
            await sending
        assert lying(server) == []
        assert states(server) == [("consented", 0)]
        assert "Traceback" not in server.log.read_text(encoding="utf-8")
