"""What closing a part costs after a minute and after hours, and what recording it takes in memory.

python -m bench.webm_close --hours 3
"""

import argparse
import os
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.report import print_table, print_verdict
from media_server.aio.disk_target import sync_to_disk
from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.writer import TrackEntry, WebmWriter

PICTURE, SOUND = 1, 2
PICTURE_BYTES = 1300
"A picture of 250 kbps at 24 a second."
SOUND_BYTES = 240
"60 ms of Opus at 32 kbps."
KEYFRAME_EVERY_S = 10
CLOSE_WITHIN_MS = 50.0
FLAT_WITHIN_KB = 256

Frame = tuple[int, int, bytes, bool]


@dataclass(frozen=True, slots=True)
class Measured:
    """One part, recorded and closed."""

    seconds: int
    size_mb: float
    decided_ms: float
    "Time until the writer had said what to do."
    closed_ms: float
    "Time until all of that was on the disk, the decision included."
    memory_kb: float
    "What the writer held at the end."


def frames(seconds: int) -> Iterator[Frame]:
    """Synthetic pictures at 25 a second and sound at 60 ms, in order of time."""
    picture, sound = bytes(PICTURE_BYTES), b"\x78" + bytes(SOUND_BYTES - 1)
    for at in range(0, seconds * 1000, 20):
        if at % 60 == 0:
            yield SOUND, at, sound, True
        if at % 40 == 0:
            yield PICTURE, at, picture, at % (KEYFRAME_EVERY_S * 1000) == 0


def measure(folder: Path, seconds: int) -> Measured:
    """Record that long into a real file, sync it as a recording is synced, then close it."""
    tracemalloc.start()
    writer = WebmWriter([TrackEntry.picture(PICTURE, "VP9"), TrackEntry.sound(SOUND)], started_at_ns=0)
    descriptor = os.open(folder / f"{seconds}.webm", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    carry_out(descriptor, writer.open())
    for track, at, data, keyframe in frames(seconds):
        carry_out(descriptor, writer.add_block(track, at, data, keyframe=keyframe))
    memory_kb = tracemalloc.get_traced_memory()[0] / 1024
    tracemalloc.stop()
    sync_to_disk(descriptor)
    began = time.perf_counter()
    actions = writer.close()
    decided = time.perf_counter()
    carry_out(descriptor, actions)
    closed = time.perf_counter()
    os.close(descriptor)
    return Measured(seconds, writer.size / 1e6, (decided - began) * 1000, (closed - began) * 1000, memory_kb)


def carry_out(descriptor: int, actions: Iterable[FileAction]) -> None:
    for action in actions:
        match action:
            case Write(position, data):
                os.pwrite(descriptor, data, position)
            case Truncate(length):
                os.ftruncate(descriptor, length)
            case Sync():
                sync_to_disk(descriptor)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; a temporary folder otherwise")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        lengths = [60, 60, 900, round(arguments.hours * 3600)]  # the first one warms up
        _, *measured = [measure(Path(folder), seconds) for seconds in lengths]
    print_table(
        "Closing a part in place",
        ["recorded, s", "file, MB", "decide, ms", "on disk, ms", "writer's memory, kB"],
        [
            [m.seconds, round(m.size_mb, 1), round(m.decided_ms, 2), round(m.closed_ms, 2), round(m.memory_kb)]
            for m in measured
        ],
    )
    closes = all(m.closed_ms < CLOSE_WITHIN_MS for m in measured)
    flat = max(m.memory_kb for m in measured) < FLAT_WITHIN_KB
    print_verdict(f"closed within {CLOSE_WITHIN_MS:.0f} ms, however long", met=closes)
    print_verdict(f"less than {FLAT_WITHIN_KB} kB of memory while recording, however long", met=flat)
    return 0 if closes and flat else 1


if __name__ == "__main__":
    sys.exit(main())
