"""A capture on a real file system: slow and refusing disks, closing, reopening, and parts that cannot be opened."""

import asyncio
import errno
import os
import resource
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest

from db.clock import SystemClock
from media_server.aio.capture import Capture, CaptureHooks, PartPlace
from media_server.aio.disk import Disk
from media_server.recording.events import DiskTrouble, EndReason, PartClosed, PartOpened, PartReopened, PublisherEvent
from media_server.recording.recorder import Recorder
from media_server.rtp.packet import MediaKind, VideoCodec
from tests.fakes.rtp_sender import FakePacket
from tests.media_server.sender import SETTINGS, Arrival, stretch


@dataclass
class PacketClock:
    """Stands at the time of the packet that is fed."""

    now: float = 100.0

    def monotonic(self) -> float:
        return self.now

    def utc_now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)


@dataclass
class Stage:
    """A capture, its disk, and everything that it told."""

    part: Path
    disk: Disk
    events: list[PublisherEvent] = field(default_factory=list)
    ends: list[EndReason] = field(default_factory=list)
    loop_errors: list[dict[str, Any]] = field(default_factory=list)
    "What reached the event loop's exception handler; must stay empty."
    clock: PacketClock = field(default_factory=PacketClock)
    open_part: Callable[[], Awaitable[PartPlace]] | None = None
    create_file: Callable[[Path], int] | None = None
    broken_feedback: bool = False

    def capture(self) -> Capture:
        recorder = Recorder(VideoCodec.VP8, has_sound=True, settings=SETTINGS, started_at_ns=1_700_000_000 * 10**9)
        hooks = CaptureHooks(
            open_part=self.open_part or self.place,
            create_file=self.create_file or create,
            open_again=None,
            on_event=self.events.append,
            on_over_cap=lambda _: None,
            on_end=self.ends.append,
        )
        return Capture(recorder, disk=self.disk, clock=self.clock, feedback=self, hooks=hooks)

    async def place(self) -> PartPlace:
        return PartPlace(1, self.part)

    def feed(self, capture: Capture, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            self.clock.now = 100.0 + arrival.at
            capture.receive_packet(arrival.kind, arrival.packet)

    def send_nack(self, _ssrc: int, _sequence_numbers: Sequence[int]) -> None:
        if self.broken_feedback:
            raise RuntimeError("no way back")

    def send_picture_loss(self, _ssrc: int) -> None:
        pass

    async def until(self, kind: type[PublisherEvent]) -> None:
        async with asyncio.timeout(10):
            while not any(isinstance(event, kind) for event in self.events):  # noqa: ASYNC110  events come by callback
                await asyncio.sleep(0.005)

    def ends_of_parts(self) -> list[type]:
        kinds = (PartOpened, PartClosed, PartReopened)
        return [type(event) for event in self.events if isinstance(event, kinds)]

    def decoded(self, kind: str = "video") -> int:
        with av.open(self.part) as container:
            stream = next(stream for stream in container.streams if stream.type == kind)
            return sum(1 for _ in container.decode(stream))


def create(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    disk = Disk(SystemClock(), sync_interval=0.05)
    disk.start()
    stage = Stage(tmp_path / "0001.webm", disk)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: stage.loop_errors.append(context))
    yield stage
    await disk.stop()
    assert stage.loop_errors == []


@pytest.fixture
def file_size_limit() -> Iterator[Callable[[int], None]]:
    """Sets the length beyond which the kernel refuses every write, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda octets: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# --- opening ---------------------------------------------------------------------------


async def test_what_arrives_while_the_part_is_being_opened_is_kept(stage: Stage) -> None:
    free = asyncio.Event()

    async def slow() -> PartPlace:
        await free.wait()
        return await stage.place()

    stage.open_part = slow
    capture = stage.capture()
    stage.feed(capture, stretch())
    await asyncio.sleep(0)
    assert stage.events == []
    free.set()
    await capture.close(EndReason.FINISHED)
    assert stage.ends_of_parts() == [PartOpened, PartClosed]
    assert (stage.decoded(), stage.decoded("audio")) == (48, 100)


async def test_a_part_that_cannot_be_opened_ends_the_capture_and_keeps_nothing(stage: Stage) -> None:
    async def refused() -> PartPlace:
        raise LookupError("the interview is over")

    stage.open_part = refused
    capture = stage.capture()
    arrivals = stretch()
    stage.feed(capture, arrivals[:50])
    await asyncio.sleep(0.01)
    stage.feed(capture, arrivals[50:])
    assert capture._early == []
    capture.close_in_place(EndReason.NO_MEDIA)
    await capture.close(EndReason.FAILED)
    assert (stage.ends, stage.events) == ([EndReason.FAILED], [])


async def test_packets_without_a_single_whole_frame_leave_no_part(stage: Stage) -> None:
    capture = stage.capture()
    deltas = [a for a in stretch() if a.kind is MediaKind.PICTURE and a.at > 0.5]
    stage.feed(capture, deltas)
    capture.close_in_place(EndReason.NO_MEDIA)
    await capture.close(EndReason.CLOSED_BY_PAGE)
    assert stage.events == []
    assert not stage.part.exists()


# --- closing, reopening ---------------------------------------------------------------


async def test_closing_and_coming_back_at_once_keeps_its_order(stage: Stage) -> None:
    capture = stage.capture()
    arrivals = stretch(seconds=3, keyframes=(0, 24, 48))
    for second in range(3):
        stage.feed(capture, [a for a in arrivals if second <= a.at < second + 1])
        capture.close_in_place(EndReason.NO_MEDIA)
    await capture.close(EndReason.FINISHED)
    assert stage.ends_of_parts() == [PartOpened, *[PartClosed, PartReopened] * 2, PartClosed]
    assert (stage.decoded(), stage.decoded("audio")) == (72, 150)
    closed = stage.events[-1]
    assert isinstance(closed, PartClosed)
    assert closed.report.size_bytes == stage.part.stat().st_size


async def test_closing_in_place_and_for_good_in_one_breath(stage: Stage) -> None:
    capture = stage.capture()
    stage.feed(capture, stretch())
    capture.close_in_place(EndReason.NO_MEDIA)
    await capture.close(EndReason.FINISHED)
    await capture.close(EndReason.FINISHED)
    assert stage.ends_of_parts() == [PartOpened, PartClosed]
    assert stage.decoded() == 48


async def test_a_way_back_that_fails_costs_no_write(stage: Stage) -> None:
    stage.broken_feedback = True
    capture = stage.capture()
    arrivals = [a for a in stretch() if not (a.kind is MediaKind.SOUND and a.packet.sequence_number == 30)]
    stage.feed(capture, arrivals)
    async with asyncio.timeout(5):
        while not stage.ends:  # noqa: ASYNC110  the wake-up that asks comes by timer
            await asyncio.sleep(0.005)
    await capture.close(EndReason.FAILED)
    assert stage.ends == [EndReason.FAILED]
    assert stage.ends_of_parts() == [PartOpened, PartClosed]
    assert b"\0" * 32 not in stage.part.read_bytes()[len(stage.part.read_bytes()) // 2 :]
    assert stage.decoded() == 48


def test_a_picture_of_impossible_size_disturbs_nothing() -> None:
    recorder = Recorder(VideoCodec.VP9, has_sound=True, settings=SETTINGS, started_at_ns=0)
    frame = bytes.fromhex("82498342 0fffffff f000")  # 65536 by 65536
    hostile = FakePacket(ssrc=1, marker=1, payload=bytes([0x8C, 0x01]) + frame)
    recorder.receive_packet(MediaKind.PICTURE, hostile, 100.0)
    report = recorder.report(EndReason.FINISHED)
    assert (recorder.has_begun, report.width, report.height) == (True, None, None)


# --- the disk ----------------------------------------------------------------------------


async def test_a_disk_that_stalls_does_not_hold_up_the_event_loop(stage: Stage) -> None:
    stalled, go_on = threading.Event(), threading.Event()

    def stalling(path: Path) -> int:
        stalled.set()
        go_on.wait(20)
        return create(path)

    stage.create_file = stalling
    capture = stage.capture()
    arrivals = stretch()
    stage.feed(capture, [a for a in arrivals if a.at < 0.5])
    await asyncio.to_thread(stalled.wait, 10)
    loop = asyncio.get_running_loop()
    slowest = 0.0
    for arrival in (a for a in arrivals if a.at >= 0.5):
        began = loop.time()
        stage.feed(capture, [arrival])
        await asyncio.sleep(0)
        slowest = max(slowest, loop.time() - began)
    closing = asyncio.ensure_future(capture.close(EndReason.FINISHED))
    await asyncio.sleep(0.05)
    assert not closing.done()
    assert slowest < 1.0
    go_on.set()
    await closing
    assert stage.decoded() == 48


async def test_a_disk_full_at_the_first_byte_gets_the_part_when_it_has_room(stage: Stage) -> None:
    room = threading.Event()

    def full(path: Path) -> int:
        if not room.is_set():
            raise OSError(errno.ENOSPC, "no room")
        return create(path)

    stage.create_file = full
    capture = stage.capture()
    stage.feed(capture, stretch())
    await stage.until(DiskTrouble)
    closing = asyncio.ensure_future(capture.close(EndReason.FINISHED))
    await asyncio.sleep(0.1)
    assert not closing.done()
    room.set()
    await asyncio.wait_for(closing, 10)
    assert stage.ends_of_parts() == [PartOpened, PartClosed]
    assert stage.decoded() == 48


async def test_a_disk_full_while_closing_is_waited_for(stage: Stage, file_size_limit: Callable[[int], None]) -> None:
    capture = stage.capture()
    arrivals = stretch()
    stage.feed(capture, [a for a in arrivals if a.at < 1.0])
    await stage.until(PartOpened)
    async with asyncio.timeout(10):
        while not stage.part.exists() or not stage.part.stat().st_size:  # noqa: ASYNC110  the writer thread calls nobody
            await asyncio.sleep(0.01)
    file_size_limit(stage.part.stat().st_size + 10)
    stage.feed(capture, [a for a in arrivals if a.at >= 1.0])
    closing = asyncio.ensure_future(capture.close(EndReason.FINISHED))
    await stage.until(DiskTrouble)
    assert not closing.done()
    file_size_limit(resource.RLIM_INFINITY)
    await asyncio.wait_for(closing, 10)
    assert stage.ends_of_parts() == [PartOpened, PartClosed]
    assert stage.decoded() == 48
    closed = next(event for event in stage.events if isinstance(event, PartClosed))
    assert closed.report.size_bytes == stage.part.stat().st_size


async def test_whatever_creating_the_file_raises_the_other_files_are_written(stage: Stage) -> None:
    def outside(_path: Path) -> int:
        raise LookupError("a link leads out of the folder")

    stage.create_file = outside
    broken = stage.capture()
    stage.feed(broken, stretch())
    await stage.until(DiskTrouble)
    other = Stage(stage.part.with_name("0002.webm"), stage.disk)
    capture = other.capture()
    other.feed(capture, stretch())
    await capture.close(EndReason.FINISHED)
    assert other.decoded() == 48
