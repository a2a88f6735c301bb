"""The writer thread, on a real file system."""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from db.clock import SystemClock
from media_server.aio.disk import STALLED_S, STOP_WITHIN_S, Disk
from media_server.recording.events import Trouble
from media_server.webm.actions import Sync, Write


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    disk = Disk(SystemClock(), sync_interval=0.05)
    disk.start()
    yield disk
    await disk.stop()


def creating(path: Path) -> Callable[[], int]:
    return lambda: os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)


async def test_actions_land_in_order_and_are_told_as_synced(disk: Disk, tmp_path: Path) -> None:
    synced: asyncio.Queue[int] = asyncio.Queue()
    file = disk.open(creating(tmp_path / "part"), on_synced=synced.put_nowait, on_trouble=lambda _: None)
    file.apply([Write(0, b"head"), Write(4, b"body")])
    file.apply([Sync(), Write(0, b"HEAD"), Write(8, b"tail")])
    while await synced.get() < 12:
        pass
    assert (tmp_path / "part").read_bytes() == b"HEADbodytail"
    await file.close()


async def test_settling_waits_for_the_disk_and_leaves_the_file_open(disk: Disk, tmp_path: Path) -> None:
    file = disk.open(creating(tmp_path / "part"), on_synced=lambda _: None, on_trouble=lambda _: None)
    file.apply([Write(0, b"one")])
    await file.settle()
    assert (tmp_path / "part").read_bytes() == b"one"
    file.apply([Write(3, b"two")])
    await file.close()
    assert (tmp_path / "part").read_bytes() == b"onetwo"


async def test_what_a_full_disk_refuses_is_kept_and_written_when_there_is_room(disk: Disk, tmp_path: Path) -> None:
    path, room = tmp_path / "part", asyncio.Event()

    def open_when_there_is_room() -> int:
        if not room.is_set():
            raise OSError(errno.ENOSPC, "no room")
        return creating(path)()

    trouble: asyncio.Queue[Trouble | None] = asyncio.Queue()
    file = disk.open(open_when_there_is_room, on_synced=lambda _: None, on_trouble=trouble.put_nowait)
    file.apply([Write(0, b"first")])
    assert await trouble.get() is Trouble.FULL
    file.apply([Write(5, b"second")])
    room.set()
    assert await trouble.get() is None
    await file.close()
    assert path.read_bytes() == b"firstsecond"


async def test_it_tells_how_long_syncs_take_and_how_far_it_is_behind(tmp_path: Path) -> None:
    took: list[float] = []
    disk = Disk(SystemClock(), sync_interval=0.05, on_sync=took.append)
    disk.start()
    room = asyncio.Event()

    def open_when_there_is_room() -> int:
        if not room.is_set():
            raise OSError(errno.ENOSPC, "no room")
        return creating(tmp_path / "part")()

    trouble: asyncio.Queue[Trouble | None] = asyncio.Queue()
    file = disk.open(open_when_there_is_room, on_synced=lambda _: None, on_trouble=trouble.put_nowait)
    assert disk.lag_s == 0
    file.apply([Write(0, b"first")])
    assert await trouble.get() is Trouble.FULL
    before = disk.lag_s
    assert before > 0
    assert took == []
    file.apply([Write(5, b"second")])
    await asyncio.sleep(0.3)
    assert disk.lag_s > before, "what waits longest counts, not what came last"
    room.set()
    await file.close()
    async with asyncio.timeout(20):
        while disk.lag_s > 0:  # noqa: ASYNC110  told by the writer thread
            await asyncio.sleep(0.01)
    assert took
    assert disk.written_bytes == 11
    await disk.stop()


async def test_stopping_writes_what_was_accepted(tmp_path: Path) -> None:
    disk = Disk(SystemClock(), sync_interval=60.0)
    disk.start()
    file = disk.open(creating(tmp_path / "part"), on_synced=lambda _: None, on_trouble=lambda _: None)
    file.apply([Write(0, b"accepted")])
    await disk.stop()
    assert (tmp_path / "part").read_bytes() == b"accepted"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux' always-full device")
async def test_a_really_full_device_is_told_and_loses_nothing(disk: Disk) -> None:
    trouble: asyncio.Queue[Trouble | None] = asyncio.Queue()
    file = disk.open(lambda: os.open("/dev/full", os.O_WRONLY), on_synced=lambda _: None, on_trouble=trouble.put_nowait)
    file.apply([Write(0, b"x")])
    assert await trouble.get() is Trouble.FULL
    assert file.target.waiting == [Write(0, b"x")]


async def test_a_closed_file_is_not_opened_again_by_what_comes_too_late(disk: Disk, tmp_path: Path) -> None:
    def truncating() -> int:
        return os.open(tmp_path / "part", os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)

    file = disk.open(truncating, on_synced=lambda _: None, on_trouble=lambda _: None)
    file.apply([Write(0, b"whole")])
    await file.close()
    file.apply([Write(5, b" and too late")])
    await file.settle()
    await file.close()
    assert (tmp_path / "part").read_bytes() == b"whole"


async def test_a_disk_that_has_stalled_does_not_keep_the_server_from_stopping() -> None:
    stalled, go_on = threading.Event(), threading.Event()

    def stalling() -> int:
        stalled.set()
        go_on.wait(60)
        raise OSError(errno.EIO, "gone")

    disk = Disk(SystemClock(), sync_interval=0.05)
    disk.start()
    disk.open(stalling, on_synced=lambda _: None, on_trouble=lambda _: None).apply([Write(0, b"x")])
    await asyncio.to_thread(stalled.wait, 10)
    async with asyncio.timeout(STOP_WITHIN_S + 3):
        await disk.stop()
    go_on.set()


async def test_a_disk_that_refuses_for_ever_does_not_keep_the_server_from_stopping() -> None:
    def refusing() -> int:
        raise OSError(errno.ENOSPC, "no room")

    disk = Disk(SystemClock(), sync_interval=0.05)
    disk.start()
    disk.open(refusing, on_synced=lambda _: None, on_trouble=lambda _: None).apply([Write(0, b"x")])
    async with asyncio.timeout(STOP_WITHIN_S):
        await disk.stop()


async def test_a_disk_that_neither_writes_nor_refuses_is_told_and_loses_nothing(disk: Disk, tmp_path: Path) -> None:
    stalled, go_on = threading.Event(), threading.Event()

    def stalling() -> int:
        stalled.set()
        go_on.wait(60)
        return creating(tmp_path / "part")()

    trouble: asyncio.Queue[Trouble | None] = asyncio.Queue()
    file = disk.open(stalling, on_synced=lambda _: None, on_trouble=trouble.put_nowait)
    file.apply([Write(0, b"first")])
    await asyncio.to_thread(stalled.wait, 20)
    at = 5
    async with asyncio.timeout(STALLED_S + 20):
        while trouble.empty():
            file.apply([Write(at, b".")])
            at += 1
            await asyncio.sleep(0.05)
    assert trouble.get_nowait() is Trouble.STUCK
    assert file.waiting_octets == at
    go_on.set()
    assert await trouble.get() is None
    await file.close()
    assert file.waiting_octets == 0
    assert (tmp_path / "part").read_bytes() == b"first" + b"." * (at - 5)


async def test_a_file_that_somebody_removes_while_it_is_written_is_written_anew(disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "part"
    file = disk.open(creating(path), on_synced=lambda _: None, on_trouble=lambda _: None)
    file.apply([Write(0, b"saved before ")])
    await file.settle()
    path.unlink()
    file.apply([Write(13, b"and after")])
    await file.close()
    assert path.read_bytes() == b"saved before and after"


async def test_a_disk_that_comes_back_gets_what_its_old_descriptor_could_not_take(disk: Disk, tmp_path: Path) -> None:
    path, is_gone = tmp_path / "part", threading.Event()

    def open_again() -> int:
        if is_gone.is_set():
            raise OSError(errno.ESTALE, "not mounted")
        return os.open(path, os.O_RDWR)

    trouble: asyncio.Queue[Trouble | None] = asyncio.Queue()
    file = disk.open(creating(path), open_again=open_again, on_synced=lambda _: None, on_trouble=trouble.put_nowait)
    file.apply([Write(0, b"saved before ")])
    await file.settle()
    is_gone.set()
    descriptor = file.target.descriptor
    assert descriptor is not None
    # What the kernel does to a descriptor whose disk is pulled out: it fails for good, under the same number.
    lost = os.open(tmp_path, os.O_RDONLY)
    os.dup2(lost, descriptor)
    os.close(lost)
    file.apply([Write(13, b"and after")])
    assert await trouble.get() is Trouble.STUCK
    is_gone.clear()
    assert await trouble.get() is None
    await file.close()
    assert path.read_bytes() == b"saved before and after"
