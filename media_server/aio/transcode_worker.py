"""Gives a part's picture another codec, so that it fits between its neighbours: the only place that encodes.

    python -m media_server.aio.transcode_worker < job.json > progress and outcome.json

A process of its own, started by `aio/worker_process`; it is given open files and knows no names. Picture for picture:
each keeps its time, a keyframe stays one, and sound packets are copied. Blocking throughout.
"""

import mmap
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
from av import VideoFrame
from av.error import FFmpegError
from av.video.frame import PictureType

from media_server.aio.disk_target import sync_to_disk
from media_server.aio.transcode_job import Job, Outcome
from media_server.aio.worker_main import NotVerified, Refused, Tell, serve_telling
from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.errors import WebmError
from media_server.webm.file_head import FileHead, read_head
from media_server.webm.reader import Block, blocks, scan
from media_server.webm.track_entry import TrackEntry, TrackType
from media_server.webm.writer import WebmWriter

TICK: Final = Fraction(1, 1000)
DECODERS: Final = {"V_VP8": "vp8", "V_VP9": "vp9", "V_AV1": "libdav1d"}
ENCODERS: Final = {"VP8": "libvpx", "VP9": "libvpx-vp9"}
GOOD_ENOUGH: Final = {"deadline": "good", "cpu-used": "4", "lag-in-frames": "0", "auto-alt-ref": "0"}
"One picture in, one out at once, none of them hidden."
AIM: Final = 0.9
"Of the cap: measured, a constant rate ends up to an eighth above what was asked for."
KEYFRAME_EVERY: Final = 240
"Pictures between keyframes where the source has fewer: about 10 s."
TELL_EVERY: Final = 200
"Blocks between two words about progress."


def main() -> None:
    """Do the job on standard input, tell progress and at last the outcome on standard output."""
    serve_telling(Job, run)


def run(job: Job, tell: Tell) -> Outcome:
    """Transcode, force onto the disk, compare with the source. Raises NotVerified."""
    try:
        with mmap.mmap(job.source, 0, access=mmap.ACCESS_READ) as buffer:
            return _run(job, buffer, tell)
    except (Refused, WebmError, ValueError) as refused:  # an empty file cannot be mapped: ValueError
        return Outcome(refusal=str(refused))
    except OSError as error:
        return Outcome(errno=error.errno or 0)


def _run(job: Job, buffer: mmap.mmap, tell: Tell) -> Outcome:
    head = read_head(buffer)
    picture = next((track for track in head.tracks if track.type is TrackType.VIDEO), None)
    if picture is None:
        raise Refused("it has no picture")
    if picture.codec_id == f"V_{job.codec}":
        return Outcome(len(buffer), picture.width, picture.height, is_good_already=True)
    if picture.codec_id not in DECODERS:
        raise Refused(f"there is no decoder for its {picture.codec_id}")
    given = list(blocks(buffer, scan(buffer)))
    output = Output(job.output, _new_writer(job, head, picture))
    transcoder = _Transcoder(job, picture)
    pictures = 0
    for count, block in enumerate(given):
        if block.track != picture.number:
            output.add(block.track, block.timestamp_ms, _payload(buffer, block), keyframe=block.keyframe)
        else:
            for made in transcoder.transcode(block, _payload(buffer, block)):
                pictures += output.add_picture(picture.number, made)
        if count % TELL_EVERY == 0:
            tell(count / len(given))
    for made in transcoder.close():
        pictures += output.add_picture(picture.number, made)
    if not pictures:
        raise Refused("none of its pictures can be decoded")
    output.close(transcoder.size)
    _verify(job, buffer, given, picture.number, pictures)
    kbps = round(output.picture_octets * 8 / max(1, output.writer.duration_ms), 1)
    return Outcome(output.writer.size, *transcoder.size, kbps)


def _payload(buffer: mmap.mmap, block: Block) -> bytes:
    return buffer[block.data_start : block.data_end]


def _new_writer(job: Job, head: FileHead, picture: TrackEntry) -> WebmWriter:
    tracks = [
        TrackEntry.picture(track.number, job.codec) if track.number == picture.number else track
        for track in head.tracks
    ]
    return WebmWriter(tracks, started_at_ns=head.started_at_ns or 0)


# --- pictures -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture."""

    time_ms: int
    "Milliseconds of the part."
    data: bytes
    "What the block holds."
    keyframe: bool
    "Whether decoding can begin here."


class _Transcoder:
    """Decodes and encodes one picture after the other. A change of size begins a new encoder, with a keyframe."""

    def __init__(self, job: Job, track: TrackEntry) -> None:
        decoder = av.CodecContext.create(DECODERS[track.codec_id], "r")
        assert isinstance(decoder, av.VideoCodecContext)  # noqa: S101  it was asked for
        decoder.thread_count = 1  # more would hold pictures back
        self._decoder = decoder
        self._job = job
        self._encoder: av.VideoCodecContext | None = None
        self._keyframes: set[int] = set()
        self.size = (0, 0)
        "Of the first picture, pixels."

    def transcode(self, block: Block, data: bytes) -> Iterator[Picture]:
        """Take one picture; what cannot be decoded is left out, as a player would."""
        packet = av.Packet(data)
        packet.pts = packet.dts = block.timestamp_ms
        packet.time_base = TICK
        if block.keyframe:
            self._keyframes.add(block.timestamp_ms)
        try:
            frames = self._decoder.decode(packet)
        except FFmpegError:
            return
        yield from self._encode(frames)

    def close(self) -> Iterator[Picture]:
        """Hand out what is still inside."""
        try:
            frames = self._decoder.decode(None)
        except FFmpegError:
            frames = []
        yield from self._encode(frames)
        yield from self._flushed()

    def _encode(self, frames: Iterable[VideoFrame]) -> Iterator[Picture]:
        for frame in frames:
            if self._encoder is None or (frame.width, frame.height) != (self._encoder.width, self._encoder.height):
                yield from self._flushed()
                self._encoder = _encoder(self._job, frame)
                if self.size == (0, 0):
                    self.size = frame.width, frame.height
            frame.pict_type = PictureType.I if frame.pts in self._keyframes else PictureType.NONE
            frame.time_base = TICK
            yield from map(_picture, self._encoder.encode(frame))

    def _flushed(self) -> Iterator[Picture]:
        if self._encoder is not None:
            yield from map(_picture, self._encoder.encode(None))


def _encoder(job: Job, frame: VideoFrame) -> av.VideoCodecContext:
    encoder = av.CodecContext.create(ENCODERS[job.codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101  it was asked for
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
    encoder.time_base, encoder.framerate = TICK, Fraction(30)
    aim = round(job.video_bps * AIM)
    encoder.bit_rate, encoder.gop_size = aim, KEYFRAME_EVERY
    encoder.options = {**GOOD_ENOUGH, "minrate": str(aim), "maxrate": str(aim), "bufsize": str(aim)}
    return encoder


def _picture(packet: "av.Packet[Any]") -> Picture:
    return Picture(packet.pts or 0, bytes(packet), packet.is_keyframe)


# --- writing and verifying ------------------------------------------------------------


class Output:
    """The new file."""

    def __init__(self, descriptor: int, writer: WebmWriter) -> None:
        self._descriptor = descriptor
        self.writer = writer
        self.picture_octets = 0
        self._carry_out(writer.open())

    def add(self, track: int, time_ms: int, data: bytes, *, keyframe: bool) -> None:
        """Append a block. Raises OSError."""
        self._carry_out(self.writer.add_block(track, time_ms, data, keyframe=keyframe))

    def add_picture(self, track: int, picture: Picture) -> int:
        """Append a picture; returns 1. Raises OSError."""
        self.picture_octets += len(picture.data)
        self.add(track, picture.time_ms, picture.data, keyframe=picture.keyframe)
        return 1

    def close(self, size: tuple[int, int]) -> None:
        """Make it whole, and force it onto the disk. Raises OSError."""
        self._carry_out([*self.writer.set_picture_size(*size), *self.writer.close()])

    def _carry_out(self, actions: Iterable[FileAction]) -> None:
        for action in actions:
            match action:
                case Write(position, data):
                    rest = memoryview(data)
                    while rest:
                        written = os.pwrite(self._descriptor, rest, position)
                        position, rest = position + written, rest[written:]
                case Truncate(length):
                    os.ftruncate(self._descriptor, length)
                case Sync():
                    sync_to_disk(self._descriptor)


def _verify(job: Job, buffer: mmap.mmap, given: list[Block], picture: int, pictures: int) -> None:
    """Read the file back: every sound packet as it was, every picture there. Raises NotVerified."""
    with mmap.mmap(job.output, 0, access=mmap.ACCESS_READ) as written:
        found = list(blocks(written, scan(written)))
        sounds = [
            [(block.track, block.timestamp_ms, _payload(source, block)) for block in those if block.track != picture]
            for source, those in ((buffer, given), (written, found))
        ]
        if sounds[0] != sounds[1]:
            raise NotVerified("the sound is another")
    if Counter(block.track for block in found)[picture] != pictures:
        raise NotVerified("pictures are missing")


if __name__ == "__main__":
    main()
