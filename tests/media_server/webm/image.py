"""A file in memory that carries file actions out, and small parts to put into it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.ebml import ByteSource
from media_server.webm.reader import blocks, scan
from media_server.webm.track_entry import TrackEntry
from media_server.webm.writer import WebmWriter

PICTURE, SOUND = 1, 2
STARTED_AT_NS = 1_732_795_530_000_000_000
"2024-11-28T12:05:30 UTC."

OPUS_20_MS = b"\x78\x01\x02\x03"
"A packet by its first octet: CELT, fullband, one frame of 20 ms."


class FileImage:
    """What a disk would hold."""

    def __init__(self, octets: bytes | bytearray = b"") -> None:
        self.octets = bytearray(octets)

    def apply(self, actions: Iterable[FileAction]) -> None:
        for action in actions:
            match action:
                case Write(position, data):
                    end = position + len(data)
                    self.octets.extend(bytes(max(0, end - len(self.octets))))
                    self.octets[position:end] = data
                case Truncate(length):
                    del self.octets[length:]
                case Sync():
                    pass


class Given(NamedTuple):
    """A block as the writer is given it."""

    track: int
    timestamp_ms: int
    data: bytes
    keyframe: bool


def both_tracks() -> list[TrackEntry]:
    return [TrackEntry.picture(PICTURE, "VP8"), TrackEntry.sound(SOUND)]


def new_writer(tracks: Sequence[TrackEntry] | None = None) -> WebmWriter:
    return WebmWriter(both_tracks() if tracks is None else tracks, started_at_ns=STARTED_AT_NS)


def talk(seconds: float, *, late_ms: int = 0) -> list[Given]:
    """Sound every 20 ms, a picture every 40 ms, a keyframe every 2 s; pictures come `late_ms` after their time."""
    sound = [
        (at, Given(SOUND, at, OPUS_20_MS + at.to_bytes(4, "big"), True)) for at in range(0, int(seconds * 1000), 20)
    ]
    pictures = [
        (at + late_ms, Given(PICTURE, at, at.to_bytes(4, "big") * 30, at % 2000 == 0))
        for at in range(0, int(seconds * 1000), 40)
    ]
    return [given for _, given in sorted(sound + pictures, key=lambda timed: timed[0])]


def write(image: FileImage, writer: WebmWriter, blocks: Iterable[Given]) -> None:
    for given in blocks:
        image.apply(writer.add_block(given.track, given.timestamp_ms, given.data, keyframe=given.keyframe))


def live_part(blocks: Iterable[Given], tracks: Sequence[TrackEntry] | None = None) -> tuple[FileImage, WebmWriter]:
    """A part that is being recorded."""
    image, writer = FileImage(), new_writer(tracks)
    image.apply(writer.open())
    write(image, writer, blocks)
    return image, writer


def closed_part(blocks: Iterable[Given], tracks: Sequence[TrackEntry] | None = None) -> bytes:
    """A part that was closed in place."""
    image, writer = live_part(blocks, tracks)
    image.apply(writer.close())
    return bytes(image.octets)


def read(octets: ByteSource) -> list[Given]:
    """The blocks that a file holds, as the writer was given them."""
    return [
        Given(block.track, block.timestamp_ms, bytes(octets[block.data_start : block.data_end]), block.keyframe)
        for block in blocks(octets, scan(octets))
    ]
