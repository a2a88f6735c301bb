"""A recording or a part, read through to its last octet: order, timestamps, seals, and whether a picture can be decoded."""

import hashlib
import mmap
import os
from dataclasses import dataclass
from typing import Any

import av
from av.error import FFmpegError

from media_server.aio.contained_files import ContainedFiles
from media_server.webm.errors import WebmError
from media_server.webm.mend import mend

MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class ReadThrough:
    """What was found."""

    size_bytes: int
    "The file's length."
    sha256: str
    "Of all its octets, hexadecimal."
    duration_ms: int
    "Where it ends, as closing it writes that down; of what we did not write, where its last packet begins."
    packets: int
    "How many there are, all tracks."
    troubles: tuple[str, ...]
    "What is wrong with them, in words; empty when nothing is."


def read_through(files: ContainedFiles, path: str, *, is_sealed: bool) -> ReadThrough:
    """Read all of a file. `is_sealed`: it was written by us, block by block with seals. Raises OSError, OutsideFolder."""
    descriptor = files.open(path)
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        length_ms, troubles = _seals(descriptor, size) if is_sealed and size else (None, [])
        file.seek(0)
        try:
            with av.open(file, mode="r", format="matroska") as container:
                last_ms, packets, wrong = _packets(container)
        except (FFmpegError, ValueError) as error:
            return ReadThrough(size, digest, 0, 0, (*troubles, f"it cannot be read as WebM ({type(error).__name__})"))
    return ReadThrough(size, digest, last_ms if length_ms is None else length_ms, packets, (*troubles, *wrong))


def _seals(descriptor: int, size: int) -> tuple[int | None, list[str]]:
    """The length, and what does not fit its seal."""
    with mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) as buffer:
        try:
            plan = mend(buffer)
        except WebmError:
            return None, ["its head is damaged"]
    if plan.dropped:
        start = size - plan.dropped
        return None, [f"its {plan.dropped} octets from {start} on are damaged, or not what was written"]
    return plan.duration_ms, []


def _packets(container: "av.container.InputContainer") -> tuple[int, int, list[str]]:
    last: dict[int, float] = {}
    count, wrong = 0, []
    is_shown = not container.streams.video
    for packet in container.demux():
        if packet.pts is None or packet.time_base is None:
            continue
        at = float(packet.pts * packet.time_base)
        if at < last.get(packet.stream_index, 0.0):
            wrong.append(f"packet {count} goes back in time, at {at:.3f} s")
        if packet.is_corrupt or not packet.size:
            wrong.append(f"packet {count} is damaged, at {at:.3f} s")
        if not is_shown and packet.stream.type == "video" and packet.is_keyframe:
            is_shown = _decodes(packet)
        last[packet.stream_index] = max(at, last.get(packet.stream_index, 0.0))
        count += 1
    if not is_shown:
        wrong.append("no picture in it can be decoded")
    if len(wrong) > MOST_TOLD:
        wrong[MOST_TOLD:] = [f"and {len(wrong) - MOST_TOLD} more"]
    return int(max(last.values(), default=0.0) * 1_000), count, wrong


def _decodes(packet: "av.Packet[Any]") -> bool:
    try:
        return bool(packet.decode())
    except FFmpegError:
        return False
