"""Twenty uploads of 100 MB at once, five of them broken: what the server's memory does, and what is stored.

Each is what Chromium's own MediaRecorder wrote, again and again until it is as long as that (an hour and more), sent to an
interview of its own. One is cut off, one damaged in the middle, one has another codec, one is no WebM at all, and one
hangs up half way. Beside them an interview is recorded live (a replayed sender), and somebody asks the server how it is,
ten times a second.

    python -m bench.uploads --uploads 20 --megabytes 100
"""

import argparse
import asyncio
import contextlib
import json
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.capture_rtp import know_vp9
from bench.publisher import Dump, Publisher
from bench.report import print_table, print_verdict
from media_server.webm.reader import blocks, scan
from tests.live.harness import Interview, Server, running_server
from tests.media_server.foreign import film, recorded
from tests.media_server.webm.image import Given

MOST_GROWTH_MB = 60.0
ANSWERS_WITHIN_S = 0.5
BEHIND_WITHIN_S = 1.0
WARM_UP_S = 3.0
CODEC = "VP9"
LAG = re.compile(r"^holdfast_saved_lag_seconds (\S+)$", re.MULTILINE)
PIECE = 1_048_576
HANGS_UP = "hangs up half way"
EXPECTED = {"good": 200, "cut off": 422, "damaged": 422, "another codec": 422, "no WebM": 422, HANGS_UP: None}
ASK_EVERY_S = 0.1
LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Upload:
    """One of them."""

    kind: str
    "What is wrong with it."
    path: Path
    "What is sent."
    size: int
    "Its octets."
    interview: Interview
    "What it is sent for."


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it."""

    upload: Upload
    "Which one."
    status: int | None
    "None where nobody waited for an answer."
    said: str
    "The problem's sentence, or the message."
    seconds: float
    "From the first octet to the answer."


@dataclass(slots=True)
class Memory:
    """The most that was held, MB."""

    server: float = 0.0
    "By the server."
    worker: float = 0.0
    "By one process that looks at an upload, mapped files not counted."
    workers: int = 0
    "How many of those there were at once."


@dataclass(frozen=True, slots=True)
class Result:
    """All of it."""

    answered: list[Answered]
    "In the order of sending."
    idle_mb: float
    "What the server held before."
    memory: Memory
    "What it held at most."
    pings_s: list[float]
    "How long it took to answer meanwhile."
    lags_s: list[float]
    "How far saving was behind what had arrived of the live interview."
    gaps: int
    "Of the live interview."
    seconds: float
    "Until the last answer."
    strays: list[str]
    "Files that no row names, and rows that name no file."
    untouched: bool
    "Whether the interviews of broken uploads are as they were before."


# --- what is sent ---------------------------------------------------------------------


def long_film(megabytes: float) -> bytes:
    """Chromium's recording, repeated."""
    octets = recorded()
    found = scan(octets)
    once = [
        Given(block.track, block.timestamp_ms, octets[block.data_start : block.data_end], block.keyframe)
        for block in blocks(octets, found)
    ]
    length_ms = 4_000
    times = round(megabytes * 1_000_000 / len(octets))
    repeated = [
        given._replace(timestamp_ms=given.timestamp_ms + number * length_ms)
        for number in range(times)
        for given in once
    ]
    return film(repeated, found.head.tracks)


def write_films(folder: Path, megabytes: float) -> dict[str, tuple[Path, int]]:
    """A good one, and what can be wrong with it; each with its size."""
    good = long_film(megabytes)
    middle = len(good) // 2
    films = {
        "good": good,
        "cut off": good[: len(good) - 5_000],
        "damaged": good[:middle] + bytes(100_000) + good[middle + 100_000 :],
        "another codec": good.replace(b"V_VP9", b"V_XYZ", 1),
        "no WebM": b"\0\0\0\x18ftypmp42" + good[100:],
        HANGS_UP: good,
    }
    paths = {}
    for kind, octets in films.items():
        path = folder / f"{kind.replace(' ', '_')}.webm"
        path.write_bytes(octets)
        paths[kind] = (path, len(octets))
    return paths


async def _piecewise(path: Path, rest: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while rest > 0 and (piece := await asyncio.to_thread(file.read, min(PIECE, rest))):
            rest -= len(piece)
            yield piece


async def send(http: aiohttp.ClientSession, server: Server, upload: Upload) -> Answered:
    """Send it as a browser's form would be."""
    url = f"{server.base_url}/api/interviews/{upload.interview.session_id}/upload-video"
    headers = {"Authorization": f"Bearer {upload.interview.token}"}
    began = time.perf_counter()
    if upload.kind == HANGS_UP:
        await _hang_up(url, headers, upload.path, upload.size)
        return Answered(upload, None, "", time.perf_counter() - began)
    form = aiohttp.FormData()
    form.add_field(
        "video_file", _piecewise(upload.path, upload.size), filename="recording.webm", content_type="video/webm"
    )
    async with http.post(url, data=form, headers=headers) as response:
        told = json.loads(await response.text())
        said = told.get("detail") or told["message"]
        return Answered(upload, response.status, said, time.perf_counter() - began)


async def _hang_up(url: str, headers: dict[str, str], path: Path, size: int) -> None:
    async def half() -> AsyncIterator[bytes]:
        async for piece in _piecewise(path, size // 2):
            yield piece
        raise ConnectionAbortedError

    form = aiohttp.FormData()
    form.add_field("video_file", half(), filename="recording.webm", content_type="video/webm")
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        async with aiohttp.ClientSession() as http, http.post(url, data=form, headers=headers):
            pass


# --- what is watched ------------------------------------------------------------------


def _status(pid: int, field: str) -> float:
    """A field of /proc/…/status, MB; 0 for a process that has gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            yield from map(int, (task / "children").read_text(encoding="ascii").split())


async def watch(pid: int, memory: Memory) -> None:
    """Until cancelled."""
    while True:
        memory.server = max(memory.server, _status(pid, "VmHWM"))
        children = [_status(child, "RssAnon") for child in _children(pid)]
        memory.worker = max([memory.worker, *children])
        memory.workers = max(memory.workers, len(children))
        await asyncio.sleep(LOOK_EVERY_S)


async def ask(server: Server, pings_s: list[float], lags_s: list[float]) -> None:
    """Ask for the server's health and how far saving is behind, again and again, until cancelled."""
    async with aiohttp.ClientSession() as http:
        while True:
            began = time.perf_counter()
            async with http.get(f"{server.base_url}/healthz") as response:
                await response.read()
            pings_s.append(time.perf_counter() - began)
            async with http.get(f"{server.base_url}/metrics") as response:
                lags_s.append(float(LAG.search(await response.text())[1]))  # type: ignore[index]
            await asyncio.sleep(ASK_EVERY_S)


def look(server: Server, uploads: list[Upload]) -> tuple[list[str], bool]:
    """What lies there that should not, and whether the broken ones' interviews are untouched."""
    rows = server.rows("SELECT session_id, state, video_file_path AS path, video_size_mb AS mb FROM interview_sessions")
    parts = server.rows("SELECT session_id FROM parts")
    lying = {
        str(path.relative_to(server.data)): path for path in (server.data / "uploads").rglob("*") if path.is_file()
    }
    named = {row["path"]: row["mb"] for row in rows if row["path"] is not None}
    strays = [f"{path} has no row" for path in lying.keys() - named.keys()]
    strays += [f"{path} is not there" for path in named.keys() - lying.keys()]
    strays += [
        f"{path} has another size"
        for path in lying.keys() & named.keys()
        if named[path] != round(lying[path].stat().st_size / 1e6, 2)
    ]
    broken = {upload.interview.session_id for upload in uploads if upload.kind != "good"}
    states = {row["session_id"]: row["state"] for row in rows}
    with_parts = {row["session_id"] for row in parts}
    return strays, all(states[each] == "consented" for each in broken) and not broken & with_parts


async def measure(count: int, megabytes: float) -> Result:
    """Send all of them at once."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        folder = Path(name)
        films = await asyncio.to_thread(write_films, folder, megabytes)
        kinds = [kind for kind in films if kind != "good"]
        async with running_server(folder) as server:
            await server.add_user()
            job = await server.add_job()
            uploads = [
                Upload(kind, *films[kind], await _interview(server, job, number))
                for number, kind in enumerate([*kinds, *["good"] * (count - len(kinds))])
            ]
            return await _all_at_once(server, uploads, await _interview(server, job, count))


async def _interview(server: Server, job: str, number: int) -> Interview:
    email = f"jane.doe.{number}@example.org"
    return await server.add_interview(job, candidate=f"Jane Doe {number}", email=email, consented=True)


@contextlib.asynccontextmanager
async def recorded_live(server: Server, interview: Interview) -> AsyncIterator[None]:
    """Somebody is recorded meanwhile; finished at the end."""
    know_vp9()
    publisher = Publisher(Dump.load(CODEC), CODEC)
    async with aiohttp.ClientSession() as http:
        await publisher.connect(http, server.whip_url(interview), interview.token)
        sending = asyncio.create_task(publisher.send_for_ever())
        await asyncio.sleep(WARM_UP_S)
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await publisher.close(http, interview.token)
        url = f"{server.base_url}/api/interviews/{interview.session_id}/finish"
        async with http.post(url, headers={"Authorization": f"Bearer {interview.token}"}) as response:
            response.raise_for_status()


async def _all_at_once(server: Server, uploads: list[Upload], live: Interview) -> Result:
    async with recorded_live(server, live):
        memory, pings_s, lags_s, idle_mb, answered, seconds = await _send_all(server, uploads)
    strays, untouched = await asyncio.to_thread(look, server, uploads)
    (row,) = server.rows("SELECT count(*) AS gaps FROM gaps")
    return Result(answered, idle_mb, memory, pings_s, lags_s, row["gaps"], seconds, strays, untouched)


async def _send_all(
    server: Server, uploads: list[Upload]
) -> tuple[Memory, list[float], list[float], float, list[Answered], float]:
    memory, pings_s, lags_s = Memory(), list[float](), list[float]()
    idle_mb = _status(server.pid, "VmRSS")
    watching: list[asyncio.Task[Any]] = [
        asyncio.create_task(watch(server.pid, memory)),
        asyncio.create_task(ask(server, pings_s, lags_s)),
    ]
    began = time.perf_counter()
    timeout, connector = aiohttp.ClientTimeout(total=None), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
        answered = await asyncio.gather(*(send(http, server, upload) for upload in uploads))
    seconds = time.perf_counter() - began
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return memory, pings_s, lags_s, idle_mb, answered, seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=20)
    parser.add_argument("--megabytes", type=float, default=100.0)
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.uploads, arguments.megabytes))
    print_table(
        "uploads at once",
        ("kind", "MB", "answer", "after s", "what it says"),
        [
            (
                one.upload.kind,
                one.upload.size / 1e6,
                one.status,
                one.seconds,
                one.said,
            )
            for one in result.answered
        ],
    )
    print_verdicts(result)


def print_verdicts(result: Result) -> None:
    """What was promised."""
    memory, grown_mb = result.memory, result.memory.server - result.idle_mb
    print_table(
        "the server meanwhile",
        ("s in all", "idle MB", "peak MB", "checks", "MB each", "answer s", "worst s", "saved behind s", "worst s"),
        [
            (
                result.seconds,
                result.idle_mb,
                memory.server,
                memory.workers,
                memory.worker,
                statistics.median(result.pings_s),
                max(result.pings_s),
                statistics.median(result.lags_s),
                max(result.lags_s),
            )
        ],
    )
    print_verdict(
        f"its memory grows by less than {MOST_GROWTH_MB:.0f} MB ({grown_mb:.1f} MB)", met=grown_mb < MOST_GROWTH_MB
    )
    wrong = [one for one in result.answered if one.status != EXPECTED[one.upload.kind]]
    print_verdict("good ones are stored, broken ones refused in a sentence", met=not wrong)
    print_verdict(f"nothing half-stored {result.strays or ''}".rstrip(), met=not result.strays and result.untouched)
    worst_s = max(result.pings_s)
    print_verdict(
        f"it answers others within {ANSWERS_WITHIN_S} s meanwhile (worst {worst_s:.3f} s)",
        met=worst_s < ANSWERS_WITHIN_S,
    )
    behind_s = max(result.lags_s)
    print_verdict(
        f"the live interview is saved at most {BEHIND_WITHIN_S} s behind (worst {behind_s:.2f} s), without a gap "
        f"({result.gaps})",
        met=behind_s <= BEHIND_WITHIN_S and not result.gaps,
    )


if __name__ == "__main__":
    main()
