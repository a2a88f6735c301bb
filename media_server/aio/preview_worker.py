"""Draws previews of a recording: poster, thumbnails, waveform.

    python -m media_server.aio.preview_worker < job.json > outcome.json

A process of its own, started by `aio/worker_process`; it is given open files and knows no names. The live process never
decodes; this one does. Blocking throughout.
"""

import os
from array import array
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
from av import AudioResampler, VideoFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from media_server.aio.preview_job import Job, Outcome, Sheet
from media_server.aio.worker_main import serve
from media_server.recording import previews

WAVE_RATE: Final = 8_000
"Samples per second that are looked at; peaks need no more."
QUALITY: Final = "7"
"FFmpeg's scale for JPEG, 2 is the best."
PIXEL_OCTETS: Final = 3
HIGHEST_SHAPE: Final = 2.0
"Of a thumbnail, height to width; taller pictures are drawn smaller."


def main() -> None:
    """Do the job on standard input, tell the outcome on standard output."""
    serve(Job, run)


def run(job: Job) -> Outcome:
    """Draw what there is to draw."""
    try:
        keyframes = _keyframes(job)
        sheet = _pictures(job, keyframes) if keyframes else None
        return Outcome(sheet=sheet, peaks=_peaks(job))
    except FFmpegError as error:
        return Outcome(refusal=f"it cannot be decoded: {error}")
    except OSError as error:
        return Outcome(errno=error.errno or 0)


def _opened(job: Job) -> InputContainer:
    os.lseek(job.source, 0, os.SEEK_SET)
    return av.open(os.fdopen(job.source, "rb", closefd=False), "r", format="matroska")


def _keyframes(job: Job) -> list[int]:
    """When each begins, in milliseconds; empty where there is no picture."""
    with _opened(job) as container:
        if not container.streams.video:
            return []
        packets = container.demux(container.streams.video[0])
        return [
            _ms(packet.pts, packet.time_base) for packet in packets if packet.is_keyframe and packet.pts is not None
        ]


def _ms(pts: int, time_base: Fraction | None) -> int:
    return round(pts * 1000 * (time_base or Fraction(1, 1000)))


# --- pictures ------------------------------------------------------------------------


def _pictures(job: Job, keyframes: list[int]) -> Sheet | None:
    with _opened(job) as container:
        stream = container.streams.video[0]
        if previews.keyframes_suffice(keyframes, job.duration_ms):
            stream.codec_context.skip_frame = "NONKEY"
        canvas: _Canvas | None = None
        has_poster = False
        for frame in _frames(container, stream):
            canvas = canvas or _Canvas(frame, job.duration_ms)
            at_ms = round((frame.time or 0.0) * 1000)
            canvas.show(frame, at_ms)
            if not has_poster and at_ms >= previews.POSTER_EARLIEST_MS:
                _write(job.poster, _poster(frame))
                has_poster = True
        if canvas is None:
            return None
        if not has_poster:
            _write(job.poster, _poster(canvas.first))
        _write(job.thumbnails, canvas.jpeg())
        return canvas.sheet


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """What can be decoded; a picture that cannot is left out, as players leave it out."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except FFmpegError:
            continue


class _Canvas:
    """The sheet of thumbnails. A thumbnail shows the last picture at its moment; before the first there is the first."""

    def __init__(self, first: VideoFrame, duration_ms: int) -> None:
        self.first = first
        height = round(previews.THUMBNAIL_WIDTH * min(HIGHEST_SHAPE, first.height / first.width)) // 2 * 2
        count = previews.thumbnail_count(duration_ms)
        self.sheet = Sheet(
            previews.interval_ms(duration_ms), count, previews.COLUMNS, previews.THUMBNAIL_WIDTH, max(2, height)
        )
        self._row = previews.COLUMNS * self.sheet.width * PIXEL_OCTETS
        self._pixels = bytearray(self._row * self.sheet.height * -(-count // previews.COLUMNS))
        self._next = 0
        self._shown: VideoFrame = first

    def show(self, frame: VideoFrame, at_ms: int) -> None:
        """The recording shows this picture from then on."""
        self._fill_up_to(at_ms)
        self._shown = frame

    def jpeg(self) -> bytes:
        """All of them, as one picture."""
        self._fill_up_to(self.sheet.count * self.sheet.interval_ms)
        frame = VideoFrame(previews.COLUMNS * self.sheet.width, len(self._pixels) // self._row, "rgb24")
        plane = frame.planes[0]
        rows = (self._pixels[at : at + self._row] for at in range(0, len(self._pixels), self._row))
        plane.update(b"".join(bytes(row).ljust(plane.line_size, b"\0") for row in rows))
        return _jpeg(frame)

    def _fill_up_to(self, at_ms: int) -> None:
        drawn: bytes | None = None
        while self._next < self.sheet.count and self._next * self.sheet.interval_ms < at_ms:
            drawn = drawn or self._drawn(self._shown)
            self._place(drawn)
            self._next += 1

    def _drawn(self, frame: VideoFrame) -> bytes:
        """The picture in the middle of a thumbnail, black around it where its shape is another."""
        wide, high = self.sheet.width, self.sheet.height
        width, height = previews.fitted(frame.width, frame.height, (wide, high))
        small = frame.reformat(width, height, "rgb24")
        octets, line = bytes(small.planes[0]), small.planes[0].line_size
        left, above = (wide - width) // 2 * PIXEL_OCTETS, (high - height) // 2
        blank = bytes(wide * PIXEL_OCTETS)
        rows = [blank] * high
        for row in range(height):
            pixels = octets[row * line : row * line + width * PIXEL_OCTETS]
            rows[above + row] = (bytes(left) + pixels).ljust(len(blank), b"\0")
        return b"".join(rows)

    def _place(self, drawn: bytes) -> None:
        down, across = divmod(self._next, previews.COLUMNS)
        octets = self.sheet.width * PIXEL_OCTETS
        for row in range(self.sheet.height):
            at = (down * self.sheet.height + row) * self._row + across * octets
            self._pixels[at : at + octets] = drawn[row * octets : (row + 1) * octets]


def _poster(frame: VideoFrame) -> bytes:
    within = (min(frame.width, previews.POSTER_WIDTH), min(frame.height, previews.POSTER_WIDTH))
    return _jpeg(frame, previews.fitted(frame.width, frame.height, within))


def _jpeg(frame: VideoFrame, size: tuple[int, int] | None = None) -> bytes:
    width, height = size or (frame.width, frame.height)
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": QUALITY, "qmax": QUALITY}
    picture = frame.reformat(width, height, "yuvj420p")
    picture.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])


def _write(descriptor: int, octets: bytes) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(octets)


# --- sound ---------------------------------------------------------------------------


def _peaks(job: Job) -> tuple[int, ...]:
    waveform = previews.Waveform(job.duration_ms)
    with _opened(job) as container:
        if not container.streams.audio:
            return ()
        resampler = AudioResampler("s16", "mono", WAVE_RATE)
        for frame in container.decode(container.streams.audio[0]):
            start_ms = (frame.time or 0.0) * 1000
            for piece in resampler.resample(frame):
                samples = array("h", bytes(piece.planes[0])[: piece.samples * 2])
                waveform.put(start_ms, samples, WAVE_RATE)
    return tuple(waveform.peaks())


if __name__ == "__main__":
    main()
