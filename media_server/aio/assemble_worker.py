"""Joins parts into a recording: a process of its own, started by `aio/worker_process`.

    python -m media_server.aio.assemble_worker < job.json > outcome.json

It is given open files and knows no names: whatever it does, it can neither reach another file nor leave one behind
that somebody takes for a recording. Blocking throughout.
"""

import hashlib
import os
from collections.abc import Iterator
from typing import Final

from media_server.aio.assembly_job import Job, Outcome
from media_server.aio.disk_target import sync_to_disk
from media_server.aio.worker_main import NotVerified, serve
from media_server.recording.assembly import (
    CONCEALMENT,
    CONCEALMENT_OCTETS,
    Assembly,
    CannotJoin,
    ReadPart,
    Refusal,
    assemble,
    recording_tracks,
)
from media_server.recording.chapters import ChapterMark, chapters_of
from media_server.webm.errors import UnsupportedError, WebmError
from media_server.webm.file_head import FileHead, read_head
from media_server.webm.joined import JoinedFile
from media_server.webm.packets import PacketIndexer, Packets, differences
from media_server.webm.part_head import TIMESTAMP_SCALE_NS

PIECE: Final = 1_048_576
"Octets that are read at a time."
LOOK_BACK: Final = 65_536
"Octets before a wanted one that are fetched with it: packets lie nearly in the order in which they are asked for."
HEAD_ROOM: Final = 131_072
"Octets in which the head of a part has to lie, the room for cues not counted."


def main() -> None:
    """Do the job on standard input, tell the outcome on standard output."""
    serve(Job, run)


def run(job: Job) -> Outcome:
    """Join, force onto the disk, compare with the parts octet by octet. Raises NotVerified."""
    try:
        return _run(job)
    except CannotJoin as refused:
        return Outcome(refusal=refused.refusal, part_number=refused.part_number, why=refused.why)
    except OSError as error:
        return Outcome(errno=error.errno or 0, why=str(error))


def _run(job: Job) -> Outcome:
    sources = Sources({at: descriptor for at, (_, descriptor) in enumerate(job.parts, start=1)})
    assembly = assemble([_read_part(number, descriptor) for number, descriptor in job.parts], sources.read)
    recording = _recording(job, assembly)
    for piece in recording.encode(sources.read):
        _write(job.output, piece)
    sync_to_disk(job.output)
    digest = _verify(recording, sources, job.output)
    lengths = tuple((part.number, part.length_ms) for part in assembly.timeline.parts)
    return Outcome(size_bytes=recording.size, sha256=digest, lengths=lengths)


def _recording(job: Job, assembly: Assembly) -> JoinedFile:
    marks = [ChapterMark(*mark) for mark in job.marks]
    return JoinedFile(
        assembly.tracks,
        assembly.packets,
        assembly.timeline.duration_ms,
        job.started_at_ns,
        chapters_of(assembly.timeline, marks, dict(job.questions)),
    )


# --- reading --------------------------------------------------------------------------


class Sources:
    """Fetches octets of several files; those that follow each other with one read for many."""

    def __init__(self, descriptors: dict[int, int]) -> None:
        self._descriptors = descriptors
        self._windows = dict.fromkeys(descriptors, (0, b"")) | {CONCEALMENT: (0, CONCEALMENT_OCTETS)}

    def read(self, source: int, start: int, end: int) -> bytes:
        """Return the octets of a source from `start` to `end`. Raises OSError."""
        at, window = self._windows[source]
        if at <= start and end <= at + len(window):
            return window[start - at : end - at]
        at = max(0, start - LOOK_BACK)
        window = os.pread(self._descriptors[source], max(PIECE, end - at), at)
        self._windows[source] = (at, window)
        return window[start - at : end - at]


def _read_part(number: int, descriptor: int) -> ReadPart:
    try:
        head = read_head(os.pread(descriptor, HEAD_ROOM, 0))
        if head.timestamp_scale_ns != TIMESTAMP_SCALE_NS:
            raise UnsupportedError("its ticks are no milliseconds")  # noqa: TRY301  told as any other reason is
        tracks = recording_tracks(number, head.tracks)
        packets = _index(descriptor, head, {old: track.number for old, track in tracks.items()})
    except UnsupportedError as error:
        raise CannotJoin(Refusal.NEEDS_TRANSCODING, number, str(error)) from error
    except WebmError as error:
        raise CannotJoin(Refusal.UNREADABLE, number, str(error)) from error
    return ReadPart(number, tuple(tracks.values()), packets)


def _index(descriptor: int, head: FileHead, tracks: dict[int, int]) -> Packets:
    indexer = PacketIndexer(head.first_cluster, tracks)
    for piece in _pieces(descriptor, head.first_cluster):
        indexer.receive_data(piece)
    return indexer.close()


def _pieces(descriptor: int, start: int) -> Iterator[bytes]:
    while piece := os.pread(descriptor, PIECE, start):
        yield piece
        start += len(piece)


# --- writing and verifying ------------------------------------------------------------


def _write(descriptor: int, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _verify(recording: JoinedFile, sources: Sources, descriptor: int) -> str:
    """Read the whole file back and compare it with the parts; return its SHA-256. Raises NotVerified."""
    digest, head = hashlib.sha256(), recording.head
    indexer = PacketIndexer(len(head), {track.number: track.number for track in recording.tracks})
    written = os.pread(descriptor, len(head), 0)
    digest.update(written)
    if written != head:
        raise NotVerified("the head is another")
    try:
        for piece in _pieces(descriptor, len(head)):
            digest.update(piece)
            indexer.receive_data(piece)
        found = indexer.close()
    except WebmError as error:
        raise NotVerified(str(error)) from error
    wrong = next(differences(recording.packets, found, sources.read, Sources({0: descriptor}).read), None)
    if wrong is not None:
        raise NotVerified(wrong)
    return digest.hexdigest()


if __name__ == "__main__":
    main()
