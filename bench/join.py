"""Joining an interview's parts: how long, how much memory, and whether every packet that went in comes out.

python -m bench.join --parts 10 --minutes 60
"""

import argparse
import asyncio
import hashlib
import mmap
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.report import print_table, print_verdict
from bench.webm_close import PICTURE, SOUND, carry_out, frames
from media_server.aio.assembly_job import Job, Outcome
from media_server.webm.reader import blocks, scan
from media_server.webm.writer import TrackEntry, WebmWriter

WITHIN_S = 2.0
WITHIN_MB = 100.0
LOOP_WITHIN_MS = 20.0

# What `resource` says of a child counts its parent's memory too; only Linux tells that of one program alone.
_WORKER = """
import sys
from pathlib import Path
from media_server.aio.assemble_worker import main
main()
status = Path("/proc/self/status")
if status.exists():
    sys.stderr.write(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")))
"""


@dataclass(frozen=True, slots=True)
class Joined:
    """One joining."""

    seconds: float
    "From starting the process until it had told its outcome: written, on the disk, compared, hashed."
    memory_mb: float | None
    "The most that the process held, mapped files included; None where the system does not tell."
    outcome: Outcome
    "What it told."


@dataclass(frozen=True, slots=True)
class Packets:
    """What some files hold of one track, in order."""

    count: int
    "How many packets, those that only conceal left out."
    sha256: str
    "Over all of their octets."


def write_parts(folder: Path, count: int, seconds: int) -> list[Path]:
    """Parts as the recorder leaves them; no two packets are alike, so that a wrong order would be noticed."""
    paths = [folder / f"{number:04}.webm" for number in range(1, count + 1)]
    for number, path in enumerate(paths):
        writer = WebmWriter([TrackEntry.picture(PICTURE, "VP9"), TrackEntry.sound(SOUND)], started_at_ns=0)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        carry_out(descriptor, writer.open())
        for track, at, data, keyframe in frames(seconds):
            own = data[:1] + number.to_bytes(2, "big") + at.to_bytes(4, "big") + data[7:]
            carry_out(descriptor, writer.add_block(track, at, own, keyframe=keyframe))
        carry_out(descriptor, writer.close())
        os.close(descriptor)
    return paths


def join(parts: list[Path], to: Path) -> Joined:
    """Join as the server does: in a process of its own that is handed open files."""
    descriptors = tuple((number, os.open(path, os.O_RDONLY)) for number, path in enumerate(parts, start=1))
    output = os.open(to, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    handed = [*(descriptor for _, descriptor in descriptors), output]
    began = time.perf_counter()
    worker = subprocess.run(
        [sys.executable, "-c", _WORKER],
        input=Job(descriptors, output, 0).encode(),
        capture_output=True,
        check=True,
        pass_fds=handed,
    )
    seconds = time.perf_counter() - began
    for descriptor in handed:
        os.close(descriptor)
    memory_mb = int(worker.stderr) / 1024 if worker.stderr else None
    return Joined(seconds, memory_mb, Outcome.decode(worker.stdout))


def packets(paths: list[Path], track: int) -> Packets:
    """Read the files with the reader that takes any WebM, not with what joining itself reads by."""
    digest, count = hashlib.sha256(), 0
    for data in (data for path in paths for data in _payloads(path, track)):
        if len(data) > 1:
            digest.update(data)
            count += 1
    return Packets(count, digest.hexdigest())


def _payloads(path: Path, track: int) -> Iterator[bytes]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        for block in blocks(buffer, scan(buffer)):
            if block.track == track:
                yield buffer[block.data_start : block.data_end]


async def longest_hold_up_ms(parts: list[Path], to: Path) -> float:
    """Join beside an event loop that wakes up every 5 ms: the latest that it woke, in milliseconds."""
    joining = asyncio.create_task(asyncio.to_thread(join, parts, to))
    latest = 0.0
    while not joining.done():
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        latest = max(latest, time.perf_counter() - began - 0.005)
    await joining
    return latest * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=60.0, help="of all parts together")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; a temporary folder otherwise")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        parts = write_parts(folder, arguments.parts, round(arguments.minutes * 60 / arguments.parts))
        to = folder / "joined.webm"
        runs = [join(parts, to) for _ in range(arguments.runs)]
        tracks = {"picture": PICTURE, "sound": SOUND}
        given = {kind: packets(parts, track) for kind, track in tracks.items()}
        found = {kind: packets([to], track) for kind, track in tracks.items()}
        hold_up_ms = asyncio.run(longest_hold_up_ms(parts, to))
    return report(arguments.parts, runs, given, found, hold_up_ms)


def report(
    parts: int, runs: list[Joined], given: dict[str, Packets], found: dict[str, Packets], hold_up_ms: float
) -> int:
    """Print the figures; return 0 when all of them are as promised."""
    print_table(
        "Joining parts into one recording",
        ["parts", "minutes", "MB", "seconds", "peak memory, MB"],
        [
            [
                parts,
                round(sum(length for _, length in run.outcome.lengths) / 60_000, 1),
                round(run.outcome.size_bytes / 1e6, 1),
                round(run.seconds, 2),
                None if run.memory_mb is None else round(run.memory_mb),
            ]
            for run in runs
        ],
    )
    print_table(
        "Packets in and out",
        ["track", "in", "out", "SHA-256 in", "SHA-256 out"],
        [
            [kind, given[kind].count, found[kind].count, given[kind].sha256[:16], found[kind].sha256[:16]]
            for kind in given
        ],
    )
    promises = {
        f"within {WITHIN_S:.0f} s": max(run.seconds for run in runs) < WITHIN_S,
        f"below {WITHIN_MB:.0f} MB of memory": all((run.memory_mb or 0) < WITHIN_MB for run in runs),
        "identical packets in and out": given == found,
        f"an event loop beside it wakes within {LOOP_WITHIN_MS:.0f} ms (at most {hold_up_ms:.1f})": hold_up_ms
        < LOOP_WITHIN_MS,
    }
    for promise, met in promises.items():
        print_verdict(promise, met=met)
    return 0 if all(promises.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
