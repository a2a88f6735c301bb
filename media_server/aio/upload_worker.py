"""Looks at a recording that somebody sent, and writes it anew as a part: the packets as they are, length and cues mended.

    python -m media_server.aio.upload_worker < job.json > outcome.json

A process of its own, started by `aio/worker_process`; it is given open files and knows no names. What strangers sent is
read here and nowhere else: the structure by our own reader, the first picture and the first sound by decoders, to see
that they are what they claim. Blocking throughout.
"""

import mmap
import os
import sys
from collections.abc import Iterable
from typing import Final

import av
from av.error import FFmpegError
from av.frame import Frame

from media_server.aio.disk_target import sync_to_disk
from media_server.aio.upload_job import Job, Outcome
from media_server.aio.worker_main import NotVerified, serve
from media_server.recording.assembly import CONCEALMENT, CONCEALMENT_OCTETS
from media_server.recording.measures import mean_kbps, measured_windows
from media_server.recording.uploads import (
    UploadedTracks,
    UploadRefusal,
    UploadRefused,
    choose_tracks,
    gather,
    without_holes,
)
from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.ebml import ByteSource
from media_server.webm.errors import UnsupportedError, WebmError
from media_server.webm.file_head import is_webm, read_head
from media_server.webm.mend import MendPlan, mend
from media_server.webm.packets import Packets
from media_server.webm.reader import Tail, blocks, scan
from media_server.webm.track_entry import OPUS_HEAD, TrackEntry, TrackType
from media_server.webm.writer import MAX_PIXELS, WebmWriter

DECODERS: Final = {"V_VP8": "vp8", "V_VP9": "vp9", "V_AV1": "libdav1d"}
MOST_PIXELS: Final = 4096 * 4096
"Of a picture that is decoded."
TRIED: Final = 20
"How many packets of a track are decoded to find one that is good."
PIECE: Final = 1_048_576
"Octets that are written at a time."
MOST_MEMORY: Final = 2_000_000_000
"Octets of address space besides the two files: a picture that claims to be huge ends this process and no other."


def main() -> None:
    """Do the job on standard input, tell the outcome on standard output."""

    def bounded(job: Job) -> Outcome:
        _bound_memory(os.fstat(job.source).st_size)
        return run(job)

    serve(Job, bounded)


def run(job: Job) -> Outcome:
    """Look at it, write the part, force it onto the disk, read it back. Raises NotVerified."""
    try:
        with _mapped(job.source) as source:
            return _run(job, source)
    except UploadRefused as refused:
        return Outcome(refusal=refused.refusal, why=str(refused))
    except UnsupportedError as error:
        return Outcome(refusal=UploadRefusal.LAYOUT, why=str(error))
    except WebmError as error:
        return Outcome(refusal=UploadRefusal.NO_WEBM, why=str(error))
    except OSError as error:
        return Outcome(errno=error.errno or 0, why=str(error))


def _bound_memory(size: int) -> None:
    if sys.platform == "linux":
        import resource

        most = MOST_MEMORY + 3 * size
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _mapped(descriptor: int) -> mmap.mmap:
    if not os.fstat(descriptor).st_size:
        raise UploadRefused(UploadRefusal.EMPTY, "it has no octet")
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)


def _run(job: Job, source: mmap.mmap) -> Outcome:
    if not is_webm(source):
        raise UploadRefused(UploadRefusal.NO_WEBM, "its DocType is not webm")
    tracks = choose_tracks(read_head(source).tracks)
    found = scan(source)
    if found.tail is not Tail.WHOLE:
        raise UploadRefused(UploadRefusal.BROKEN, f"it is {found.tail.value} at {found.end}")

    def read(origin: int, start: int, end: int) -> bytes:
        return (CONCEALMENT_OCTETS if origin == CONCEALMENT else source)[start:end]

    gathered = gather(blocks(source, found), tracks, job.longest_ms)
    size = _try_to_decode(gathered, tracks, source)
    packets = without_holes(gathered, read)
    pen = Pen(job.output, WebmWriter(_declared(packets, tracks), started_at_ns=job.started_at_ns))
    for track, at_ms, keyframe, payload in zip(
        packets.tracks, packets.times, packets.keyframes, packets.payloads(read), strict=True
    ):
        pen.add(track, at_ms, payload, keyframe=bool(keyframe))
    pen.close(size)
    return _told(_verified(job.output, pen.writer, packets), size)


def _declared(packets: Packets, tracks: UploadedTracks) -> list[TrackEntry]:
    """Those that have packets: a picture that is declared and never comes does not play in Chromium."""
    used = set(packets.tracks)
    return [track for track in tracks.by_number.values() if track.number in used]


# --- whether it can be played ---------------------------------------------------------


def _try_to_decode(packets: Packets, tracks: UploadedTracks, source: ByteSource) -> tuple[int, int] | None:
    """Decode the beginning of each track; returns the picture's size. Raises UploadRefused when nothing comes out."""
    size = None
    for track in _declared(packets, tracks):
        payloads = _first_payloads(packets, track.number, source)
        try:
            frame = _first_frame(track, payloads)
        except (FFmpegError, ValueError) as error:
            raise UploadRefused(UploadRefusal.UNPLAYABLE, f"its {track.codec_id} cannot be decoded: {error}") from error
        if frame is None:
            raise UploadRefused(UploadRefusal.UNPLAYABLE, f"no {track.codec_id} of it can be decoded")
        if isinstance(frame, av.VideoFrame):
            size = frame.width, frame.height
            if max(size) > MAX_PIXELS:
                raise UploadRefused(UploadRefusal.LAYOUT, f"its picture has {frame.width} by {frame.height} pixels")
    return size


def _first_payloads(packets: Packets, track: int, source: ByteSource) -> list[bytes]:
    rows = [row for row, number in enumerate(packets.tracks) if number == track][:TRIED]
    return [bytes(source[packets.starts[row] : packets.ends[row]]) for row in rows]


def _first_frame(track: TrackEntry, payloads: Iterable[bytes]) -> Frame | None:
    """What a decoder makes of the first good packet; bad ones before it are passed over, as players do."""
    decoder = _decoder(track)
    for payload in payloads:
        try:
            frames = decoder.decode(av.Packet(payload))
        except FFmpegError:
            continue
        if frames:
            return frames[0]
    return next(iter(decoder.decode(None)), None)


def _decoder(track: TrackEntry) -> av.VideoCodecContext | av.AudioCodecContext:
    if track.type is TrackType.AUDIO:
        sound = av.CodecContext.create("libopus", "r")
        assert isinstance(sound, av.AudioCodecContext)  # noqa: S101  it was asked for
        sound.extradata = OPUS_HEAD
        sound.sample_rate, sound.layout = 48_000, "stereo"
        return sound
    picture = av.CodecContext.create(DECODERS[track.codec_id], "r")
    assert isinstance(picture, av.VideoCodecContext)  # noqa: S101  it was asked for
    picture.thread_count = 1
    picture.options = {"max_pixels": str(MOST_PIXELS)}
    return picture


# --- writing and verifying ------------------------------------------------------------


class Pen:
    """Writes the part, a megabyte at a time."""

    def __init__(self, descriptor: int, writer: WebmWriter) -> None:
        self._descriptor = descriptor
        self.writer = writer
        self._pending = bytearray()
        self._pending_at = 0
        self._carry_out(writer.open())

    def add(self, track: int, at_ms: int, payload: bytes, *, keyframe: bool) -> None:
        """Append a packet. Raises OSError."""
        self._carry_out(self.writer.add_block(track, at_ms, payload, keyframe=keyframe))

    def close(self, size: tuple[int, int] | None) -> None:
        """Make it whole, and force it onto the disk. Raises OSError."""
        if size is not None:
            self._carry_out(self.writer.set_picture_size(*size))
        self._carry_out(self.writer.close())

    def _carry_out(self, actions: Iterable[FileAction]) -> None:
        for action in actions:
            match action:
                case Write(position, data):
                    if position != self._pending_at + len(self._pending) or len(self._pending) >= PIECE:
                        self._flush()
                        self._pending_at = position
                    self._pending += data
                case Truncate(length):
                    self._flush()
                    os.ftruncate(self._descriptor, length)
                case Sync():
                    self._flush()
                    sync_to_disk(self._descriptor)

    def _flush(self) -> None:
        at, rest = self._pending_at, memoryview(bytes(self._pending))
        while rest:
            written = os.pwrite(self._descriptor, rest, at)
            at, rest = at + written, rest[written:]
        self._pending_at, self._pending = at, bytearray()


def _verified(descriptor: int, writer: WebmWriter, packets: Packets) -> MendPlan:
    """Read the part back: every block's seal fits, none is missing, closing left it so. Raises NotVerified."""
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as buffer:
        plan = mend(buffer)
    wanted = {track: packets.tracks.count(track) for track in set(packets.tracks)}
    found = {track.entry.number: track.blocks for track in plan.tracks}
    if plan.size != writer.size or plan.actions != (Sync(),) or found != wanted:
        raise NotVerified(f"{found} blocks and {plan.size} octets, not {wanted} and {writer.size}")
    return plan


def _told(plan: MendPlan, size: tuple[int, int] | None) -> Outcome:
    picture, sound = plan.picture, plan.sound
    width, height = size or (None, None)
    return Outcome(
        duration_ms=plan.duration_ms,
        size_bytes=plan.size,
        video_codec=picture.codec_id.removeprefix("V_") if picture else None,
        audio_codec=sound.codec_id.removeprefix("A_").lower() if sound else None,
        width=width,
        height=height,
        video_kbps=mean_kbps(plan, TrackType.VIDEO),
        audio_kbps=mean_kbps(plan, TrackType.AUDIO),
        windows=tuple((window.start_ms, window.video_bps, window.audio_bps) for window in measured_windows(plan)),
    )


if __name__ == "__main__":
    main()
