"""Makes an MP4 of a recording, H.264 and AAC, for whoever has a program that knows no WebM.

    python -m media_server.aio.export_worker < job.json > progress and outcome.json

A process of its own, started by `aio/worker_process`; it is given open files and knows no names. Every picture keeps its
time, and sound is laid to its timestamps sample by sample, so that both stay in step. Blocking throughout.
"""

import os
from fractions import Fraction
from typing import Final

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from media_server.aio.disk_target import sync_to_disk
from media_server.aio.export_job import Job, Outcome
from media_server.aio.export_picture import Pictures, largest_size
from media_server.aio.export_sound import Sounds
from media_server.aio.worker_main import NotVerified, Refused, Tell, serve_telling

TELL_EVERY: Final = 200
"Packets between two words about progress."
MS: Final = Fraction(1, 1000)
SHORTER_BY_MS: Final = 1_000
"An MP4 that ends so much earlier than its recording is not whole."


class File:
    """An open file as FFmpeg wants it. Each has a position of its own, however many there are of one descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0

    def read(self, count: int) -> bytes:
        """Up to `count` octets; none at the end."""
        octets = os.pread(self._descriptor, count, self._position)
        self._position += len(octets)
        return octets

    def write(self, octets: bytes) -> int:
        """Write all of it. Raises OSError."""
        rest = memoryview(octets)
        while rest:
            written = os.pwrite(self._descriptor, rest, self._position)
            self._position, rest = self._position + written, rest[written:]
        return len(octets)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go somewhere; returns where that is."""
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        self._position = begin + offset
        return self._position

    def tell(self) -> int:
        """Where it is."""
        return self._position


def main() -> None:
    """Do the job on standard input, tell progress and at last the outcome on standard output."""
    serve_telling(Job, run)


def run(job: Job, tell: Tell) -> Outcome:
    """Make it, force it onto the disk, look at it. Raises NotVerified."""
    try:
        with _opened(job.source) as recording:
            size = largest_size(recording)
        with _opened(job.source) as recording:
            length_ms = _convert(job, recording, size, tell)
        sync_to_disk(job.output)
        _verify(job, length_ms, has_picture=size is not None)
    except Refused as refused:
        return Outcome(refusal=str(refused))
    except FFmpegError as error:  # of the media: what the disk says comes from our own files, as it is
        return Outcome(refusal=str(error))
    except OSError as error:
        return Outcome(errno=error.errno or 0)
    return Outcome(os.fstat(job.output).st_size)


def _convert(job: Job, recording: InputContainer, size: tuple[int, int] | None, tell: Tell) -> int:
    """Write the MP4; returns its length in milliseconds."""
    streams = [*recording.streams.video[:1], *recording.streams.audio[:1]]
    with _mp4(job.output) as mp4:
        pictures = None if size is None else Pictures(mp4, size)
        sounds = Sounds(mp4) if recording.streams.audio else None
        _add_chapters(mp4, job)
        for count, packet in enumerate(recording.demux(streams)):
            try:
                frames = packet.decode()
            except FFmpegError:
                continue  # what cannot be decoded is left out, as a player would
            for frame in frames:
                if isinstance(frame, av.VideoFrame) and pictures is not None:
                    pictures.add(frame)
                elif isinstance(frame, av.AudioFrame) and sounds is not None:
                    sounds.add(frame)
            if count % TELL_EVERY == 0 and job.duration_ms and packet.pts is not None and packet.time_base is not None:
                tell(min(1.0, float(packet.pts * packet.time_base / MS) / job.duration_ms))
        length_ms = max(0 if sounds is None else sounds.close(), 0 if pictures is None else pictures.end_ms)
        if pictures is not None:
            pictures.close(length_ms)
    if not length_ms:
        raise Refused("nothing in it can be decoded")
    return length_ms


def _mp4(descriptor: int) -> OutputContainer:
    """The index stands before the media, so that it plays while it is still being downloaded.

    For that FFmpeg reads once more what it wrote, by a file of its own.
    """
    return av.open(
        File(descriptor), "w", format="mp4", options={"movflags": "+faststart"}, io_open=lambda *_: File(descriptor)
    )


def _add_chapters(mp4: OutputContainer, job: Job) -> None:
    if job.chapters:
        mp4.set_chapters(
            [
                {"id": number, "start": start, "end": end, "time_base": MS, "metadata": {"title": title}}
                for number, (start, end, title) in enumerate(job.chapters, start=1)
            ]
        )


def _opened(descriptor: int) -> InputContainer:
    """A recording. Raises Refused."""
    try:
        container = av.open(File(descriptor), "r", format="matroska")
    except FFmpegError as error:
        raise Refused("it is no WebM") from error
    if not container.streams.video and not container.streams.audio:
        raise Refused("there is neither picture nor sound in it")
    return container


def _verify(job: Job, length_ms: int, *, has_picture: bool) -> None:
    with av.open(File(job.output), "r", format="mp4") as mp4:
        if has_picture != bool(mp4.streams.video):
            raise NotVerified("its picture is missing")
        if (mp4.duration or 0) / 1000 < length_ms - SHORTER_BY_MS:
            raise NotVerified("it is shorter than the recording")


if __name__ == "__main__":
    main()
