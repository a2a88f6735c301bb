"""Many downloads at once, beside nginx sending the same file in the same run, and beside a live interview.

python -m bench.downloads --downloads 50 --megabytes 30 --rounds 3
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.capture_rtp import know_vp9
from bench.process import ProcessMeter, resident_megabytes
from bench.publisher import Dump, Publisher
from bench.report import print_table, print_verdict
from tests.live.harness import REPOSITORY, Server, running_server
from tests.live.nginx import running_nginx
from tests.live.scenarios import gap_rows, part_closed
from tests.live.stored import put_recording

CODEC = "VP9"
LEAST_SHARE = 0.7
MOST_GROWTH_MB = 20.0
"Memory that is flat grows by less: fifty files would be 1.5 GB."


@dataclass
class Measured:
    """What the rounds gave."""

    ours: list[float] = field(default_factory=list)
    "MB/s of each round."
    nginx: list[float] = field(default_factory=list)
    "MB/s of each round."
    shares: list[float] = field(default_factory=list)
    "Ours as a share of nginx's, round by round: whatever else the machine does is the same for both."
    cores: list[float] = field(default_factory=list)
    "What our server used of the machine meanwhile."
    before_mb: float = 0.0
    "Resident memory after one download, before the fifty."
    after_mb: float = 0.0
    "The same at the end."
    zips: float = 0.0
    "MB/s of as many ZIPs at once."
    after_zips_mb: float = 0.0
    "Resident memory after them."
    live_ms: int = 0
    "Length of the part that was recorded beside it."
    live_gaps: int = 0
    "Gaps in it."


async def measure(downloads: int, megabytes: int, rounds: int, folder: Path) -> Measured:
    """Serve, record, download."""
    async with running_server(folder) as server, aiohttp.ClientSession() as http:
        token = await server.add_user()
        job = await server.add_job()
        watched = await server.add_interview(job, consented=True)
        live = await server.add_interview(job, email="jane@example.org", consented=True)
        file = await put_recording(server, watched, bytes(range(256)) * (megabytes * 1_000_000 // 256))
        publisher = Publisher(Dump.load(CODEC), CODEC)
        await publisher.connect(http, server.whip_url(live), live.token)
        sending = asyncio.ensure_future(publisher.send_for_ever())
        locations = f"        location / {{ root {file.parent}; default_type video/webm; }}"
        try:
            async with running_nginx(folder / "nginx", locations) as port:
                path = f"/api/interviews/{watched.session_id}/video/download"
                measured = await _rounds(server, (path, token), (port, f"/{file.name}"), file, downloads, rounds)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
        await publisher.close(http, live.token)
        measured.live_ms = int((await part_closed(server, live, 1))["duration_ms"])
        measured.live_gaps = len(gap_rows(server, live))
        return measured


async def _rounds(
    server: Server, ours: tuple[str, str], nginx: tuple[int, str], file: Path, downloads: int, rounds: int
) -> Measured:
    octets, measured = (await asyncio.to_thread(file.stat)).st_size, Measured()
    path, token = ours
    await _fetch(server.port, path, token, octets, 1)
    await _fetch(*nginx, "-", octets, 1)
    measured.before_mb = resident_megabytes(server.pid)
    for _ in range(rounds):
        meter = ProcessMeter(server.pid)
        seconds = await _fetch(server.port, path, token, octets, downloads)
        measured.cores.append(meter.read().cores)
        measured.ours.append(octets * downloads / 1e6 / seconds)
        seconds = await _fetch(*nginx, "-", octets, downloads)
        measured.nginx.append(octets * downloads / 1e6 / seconds)
        measured.shares.append(measured.ours[-1] / measured.nginx[-1])
    measured.after_mb = resident_megabytes(server.pid)
    zip_path = path.replace("/video/download", "/archive.zip")
    octets = await _size(f"{server.base_url}{zip_path}", token)
    measured.zips = octets * downloads / 1e6 / await _fetch(server.port, zip_path, token, octets, downloads)
    measured.after_zips_mb = resident_megabytes(server.pid)
    return measured


async def _size(url: str, token: str) -> int:
    async with (
        aiohttp.ClientSession() as http,
        http.head(url, headers={"Authorization": f"Bearer {token}"}) as response,
    ):
        return int(response.headers["Content-Length"])


async def _fetch(port: int, path: str, token: str, octets: int, times: int) -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.fetch", str(port), path, token, str(octets), str(times)),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the downloads of {path} failed")
    return float(said)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--downloads", type=int, default=50)
    parser.add_argument("--megabytes", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    know_vp9()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        measured = asyncio.run(measure(arguments.downloads, arguments.megabytes, arguments.rounds, Path(folder)))
    print_table(
        f"{arguments.downloads} downloads at once of {arguments.megabytes} MB, beside one live interview",
        ("round", "ours MB/s", "nginx MB/s", "share", "our cores"),
        [
            (number, *row)
            for number, row in enumerate(
                zip(measured.ours, measured.nginx, measured.shares, measured.cores, strict=True), start=1
            )
        ],
    )
    share = statistics.median(measured.shares)
    print(f"  median share {share:.2f}; memory {measured.before_mb:.1f} MB before, {measured.after_mb:.1f} MB after")
    print(f"  as many ZIPs of it at once: {measured.zips:.0f} MB/s; memory {measured.after_zips_mb:.1f} MB after")
    print(f"  beside it {measured.live_ms / 1000:.1f} s were recorded, with {measured.live_gaps} gaps")
    print_verdict(f"at least {LEAST_SHARE} of nginx's throughput", met=share >= LEAST_SHARE)
    print_verdict(
        "memory is flat", met=max(measured.after_mb, measured.after_zips_mb) - measured.before_mb <= MOST_GROWTH_MB
    )
    print_verdict("a live interview beside it has no gap", met=measured.live_gaps == 0 and measured.live_ms > 0)


if __name__ == "__main__":
    main()
