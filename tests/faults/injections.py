"""Each fault as a stretch of time: it begins, lasts while the block does, and is over."""

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tests.faults.matrix import Activity, Fault
from tests.faults.place import PATIENCE_S, Place, form, saved_beyond
from tests.live.harness import until
from tests.media_server.foreign import recorded

Injection = Callable[[Place, float], "contextlib.AbstractAsyncContextManager[None]"]
ASKED = (Activity.JOINING, Activity.DELETING, Activity.UPLOADING)


async def ask_all(place: Place) -> None:
    """Everybody does what they came for, in the middle of the fault."""
    await asyncio.gather(*(place.ask(activity) for activity in ASKED))


async def heard(place: Place, activity: Activity, piece: str) -> None:
    """Wait until somebody was told so."""

    async def is_said() -> bool:
        return any(piece in sentence for sentence in place.seen[activity].said)

    await until(is_said, within_s=PATIENCE_S)


async def waits(place: Place, piece: str) -> None:
    """Wait until joining waits for that reason."""

    async def is_reason() -> bool:
        return piece in place.reasons(Activity.JOINING)

    await until(is_reason, within_s=PATIENCE_S)
    place.seen[Activity.JOINING].said.append(place.reasons(Activity.JOINING))


@contextlib.asynccontextmanager
async def disk_full(place: Place, seconds: float) -> AsyncIterator[None]:
    """Nothing below the uploads can be written or made; the database follows."""
    place.switch(full=True)
    await asyncio.gather(place.ask(Activity.JOINING), place.ask(Activity.UPLOADING))
    await waits(place, "no room")
    place.switch(database="full")
    await place.ask(Activity.DELETING)
    await heard(place, Activity.RECORDING, "disk is full")
    await asyncio.sleep(seconds)
    yield
    place.switch(full=False, database=None)
    await heard(place, Activity.RECORDING, "Saving goes on")


@contextlib.asynccontextmanager
async def disk_slow(place: Place, seconds: float) -> AsyncIterator[None]:
    """Every write and sync takes `seconds`."""
    place.switch(slow_s=max(seconds, 6.0))
    asking = asyncio.ensure_future(ask_all(place))
    await heard(place, Activity.RECORDING, "does not answer")
    await asyncio.sleep(seconds)
    yield
    place.switch(slow_s=0)
    await asking
    await heard(place, Activity.RECORDING, "Saving goes on")


@contextlib.asynccontextmanager
async def database_locked(place: Place, seconds: float) -> AsyncIterator[None]:
    """Another process holds the write lock."""
    holder = sqlite3.connect(place.server.data / "holdfast.db", isolation_level=None, timeout=PATIENCE_S)
    try:
        await asyncio.to_thread(lambda: None)
        holder.execute("BEGIN IMMEDIATE")
        before = place.saved_ms
        await ask_all(place)
        await saved_beyond(place, before + 1_000 + round(seconds * 500))
        yield
        holder.execute("ROLLBACK")
    finally:
        holder.close()


@contextlib.asynccontextmanager
async def database_gone(place: Place, seconds: float) -> AsyncIterator[None]:
    """The file is moved away, and what is open of it cannot be read."""
    names = [place.server.data / f"holdfast.db{more}" for more in ("", "-wal", "-shm")]
    place.switch(database="failing")
    for path in names:
        path.rename(path.with_name(f"away-{path.name}"))
    before = place.saved_ms
    await ask_all(place)
    await saved_beyond(place, before + 1_000 + round(seconds * 500))
    assert not names[0].exists(), "no empty database was made in its place"
    yield
    for path in names:
        path.with_name(f"away-{path.name}").rename(path)
    place.switch(database=None)


@contextlib.asynccontextmanager
async def clock_jumps(place: Place, seconds: float) -> AsyncIterator[None]:
    """Forty days forwards, then a day backwards, then right again."""
    place.switch(wall_s=40 * 86_400)
    before = place.saved_ms

    async def is_noticed() -> bool:
        return "the clock jumped by" in place.log()

    await until(is_noticed, within_s=PATIENCE_S)
    await place.ask(Activity.JOINING)
    await place.ask(Activity.DELETING)
    await saved_beyond(place, before + 1_000 + round(seconds * 200))
    place.switch(wall_s=-86_400)
    await place.ask(Activity.UPLOADING)
    await saved_beyond(place, place.saved_ms + 1_000)
    yield
    place.switch(wall_s=0)


@contextlib.asynccontextmanager
async def loop_blocked(place: Place, seconds: float) -> AsyncIterator[None]:
    """The main thread does nothing for longer than silence would be borne."""
    place.switch(block_s=max(seconds, 6.0))
    os.kill(place.server.pid, signal.SIGUSR1)
    await ask_all(place)
    yield


@contextlib.asynccontextmanager
async def worker_killed(place: Place, seconds: float) -> AsyncIterator[None]:
    """The first process that joins, and the first that looks at an upload, are killed."""
    del seconds
    killing = [asyncio.ensure_future(_kill_first(place, module)) for module in ("assemble_worker", "upload_worker")]
    await ask_all(place)
    await asyncio.wait_for(asyncio.gather(*killing), PATIENCE_S)
    yield


async def _kill_first(place: Place, module: str) -> None:
    async def is_killed() -> bool:
        return _killed(place, module)

    await until(is_killed, within_s=PATIENCE_S, every_s=0.005)


def _killed(place: Place, module: str) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            said = (process / "cmdline").read_bytes().split(b"\0")
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            # Not the program that lowers the priority first: what replaces it is the worker.
            if parent == place.server.pid and said[1:3] == [b"-m", f"media_server.aio.{module}".encode()]:
                os.kill(int(process.name), signal.SIGKILL)
                return True
    return False


@contextlib.asynccontextmanager
async def uploads_gone(place: Place, seconds: float) -> AsyncIterator[None]:
    """What an unmounted disk looks like: an empty folder, and descriptors that never work again."""
    uploads, gone = place.server.data / "uploads", place.server.data / "gone"
    uploads.rename(gone)
    uploads.mkdir(mode=0o700)
    place.switch(detached=1)
    await ask_all(place)
    await waits(place, "cannot be read or written")
    await heard(place, Activity.RECORDING, "does not answer")
    await asyncio.sleep(seconds)
    assert list(uploads.iterdir()) == [], "nothing was written below the mount point"
    yield
    uploads.rmdir()
    gone.rename(uploads)
    await heard(place, Activity.RECORDING, "Saving goes on")


@contextlib.asynccontextmanager
async def files_deleted(place: Place, seconds: float) -> AsyncIterator[None]:
    """Somebody removes what each of them needs."""
    del seconds
    (recording,) = place.files_of(Activity.RECORDING)
    recording.unlink()
    part = _second_part(place)
    kept = part.with_name("kept")
    part.rename(kept)
    (stored,) = [path for path in place.files_of(Activity.DELETING) if path.suffix == ".webm"]
    stored.unlink()
    removing = asyncio.ensure_future(_remove_draft(place))
    await ask_all(place)
    await removing
    await waits(place, "cannot be read or written")

    async def is_written_anew() -> bool:
        return recording.exists()

    await until(is_written_anew, within_s=PATIENCE_S)
    yield
    kept.rename(part)


async def _remove_draft(place: Place) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            drafts = [path for path in place.files_of(Activity.UPLOADING) if path.name.startswith("upload-")]
            if drafts:
                drafts[0].unlink(missing_ok=True)
                return
            await asyncio.sleep(0.002)


def _second_part(place: Place) -> Path:
    return [path for path in place.files_of(Activity.JOINING) if path.suffix == ".webm"][1]


@contextlib.asynccontextmanager
async def part_corrupt(place: Place, seconds: float) -> AsyncIterator[None]:
    """Octets in the middle of what each of them needs become others."""
    del seconds
    (recording,) = place.files_of(Activity.RECORDING)
    _scribble(recording, recording.stat().st_size // 2, 40)
    part = _second_part(place)
    shutil.copyfile(part, kept := part.with_name("kept"))
    _scribble(part, 0, part.stat().st_size // 2)
    await asyncio.gather(place.ask(Activity.JOINING), place.ask(Activity.DELETING), _upload_damaged(place))
    await waits(place, "part 2 is why")
    yield
    shutil.copyfile(kept, part)
    kept.unlink()


async def _upload_damaged(place: Place) -> None:
    seen, octets = place.seen[Activity.UPLOADING], recorded()
    url = f"{place.server.base_url}/api/interviews/{seen.interview.session_id}/upload-video"
    damaged = octets[: len(octets) // 3] + bytes(len(octets) // 3) + octets[2 * len(octets) // 3 :]
    headers = {"Authorization": f"Bearer {seen.interview.token}"}
    async with place.http.post(url, data=form(damaged), headers=headers) as response:
        seen.status = response.status
        seen.said.append((await response.json()).get("detail", ""))


def _scribble(path: Path, at: int, octets: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(octets))


INJECTIONS: dict[Fault, Injection] = {
    Fault.DISK_FULL: disk_full,
    Fault.DISK_SLOW: disk_slow,
    Fault.DATABASE_LOCKED: database_locked,
    Fault.DATABASE_GONE: database_gone,
    Fault.CLOCK_JUMPS: clock_jumps,
    Fault.LOOP_BLOCKED: loop_blocked,
    Fault.WORKER_KILLED: worker_killed,
    Fault.UPLOADS_GONE: uploads_gone,
    Fault.FILES_DELETED: files_deleted,
    Fault.PART_CORRUPT: part_corrupt,
}
