"""A publisher on a real disk and a real socket, everything that it told, and what lies in its file."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from db.clock import SystemClock
from media_server.aio.aiortc_tap import NetworkSettings
from media_server.aio.capture import PartPlace
from media_server.aio.disk import Disk
from media_server.aio.publisher import Publisher
from media_server.aio.traffic import Traffic
from media_server.recording.events import PublisherEvent
from media_server.settings import MediaSettings
from tests.media_server.webrtc_sender import LOOPBACK


@dataclass
class Stage:
    """A publisher, its disk, and everything that it told."""

    folder: Path
    disk: Disk
    events: list[PublisherEvent] = field(default_factory=list)
    traffic: Traffic = field(default_factory=Traffic)
    loop_errors: list[dict[str, Any]] = field(default_factory=list)
    "What reached the event loop's exception handler; must stay empty."

    def publisher(self, *, network: NetworkSettings = LOOPBACK, **settings: Any) -> Publisher:
        return Publisher(
            "session",
            settings=MediaSettings(**settings),
            network=network,
            disk=self.disk,
            clock=SystemClock(),
            create_file=lambda path: os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600),
            open_part=self.open_part,
            on_event=self.events.append,
            traffic=self.traffic,
        )

    @property
    def part(self) -> Path:
        return self.folder / "0001.webm"

    async def open_part(self) -> PartPlace:
        return PartPlace(1, self.part)

    def told(self, kind: type[PublisherEvent]) -> list[PublisherEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, happened: Callable[[], object], within: float = 20.0) -> None:
        async with asyncio.timeout(within):
            while not happened():  # noqa: ASYNC110  events come by callback; the test only looks
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def publisher_stage(folder: Path) -> AsyncIterator[Stage]:
    """A stage below a folder; nothing may have reached the event loop's exception handler at its end."""
    disk = Disk(SystemClock(), sync_interval=0.05)
    disk.start()
    stage = Stage(folder, disk)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: stage.loop_errors.append(context))
    yield stage
    await disk.stop()
    assert stage.loop_errors == []


def port_of(answer: str) -> int:
    """Of the first address in an answer."""
    line = next(line for line in answer.splitlines() if line.startswith("a=candidate:"))
    return int(line.split(" ")[5])


def decodes(path: Path) -> tuple[int, int]:
    """(pictures, sounds) that FFmpeg decodes."""
    counts = []
    for kind in ("video", "audio"):
        with av.open(path) as container:
            stream = next(stream for stream in container.streams if stream.type == kind)
            counts.append(sum(1 for _ in container.decode(stream)))
    return counts[0], counts[1]
