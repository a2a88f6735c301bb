"""Makes sound files: an answer cut from a recording, a question's WAV looked at and written anew.

    python -m media_server.aio.sound_worker < job.json > outcome.json

A process of its own, started by `aio/worker_process`; it is given open files and knows no names. FFmpeg meets what
strangers sent here and nowhere else. What it writes is plain: PCM, 16 bits, mono. Blocking throughout.
"""

import os
import wave
from collections.abc import Iterator
from typing import BinaryIO, Final

import av
from av import AudioFrame, AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from media_server.aio.disk_target import sync_to_disk
from media_server.aio.sound_job import Job, Outcome, SoundRefusal
from media_server.aio.worker_main import serve

BEGIN_EARLIER_MS: Final = 500
"How much before a place decoding begins: Opus needs 80 ms to sound right (RFC 7845 section 4.6), a seek is coarse."
HOLE_MS: Final = 5
"Times are whole milliseconds; what is further off than this is a hole in the sound, and silence there."
LOWEST_RATE, HIGHEST_RATE = 8_000, 48_000
"Samples per second that are written where none are asked for."
LOWEST_TAKEN, HIGHEST_TAKEN = 4_000, 384_000
"Samples per second that a file may claim to have."
SAMPLE_OCTETS: Final = 2


class Refused(Exception):  # noqa: N818  it says what happened
    """No sound file comes of this."""

    def __init__(self, refusal: SoundRefusal, why: str) -> None:
        super().__init__(why)
        self.refusal = refusal


def main() -> None:
    """Do the job on standard input, tell the outcome on standard output."""
    serve(Job, run)


def run(job: Job) -> Outcome:
    """Write the sound and force it onto the disk."""
    try:
        with os.fdopen(job.output, "wb", closefd=False) as file:
            samples, rate = _convert(job, file)
        sync_to_disk(job.output)
    except Refused as refused:
        return Outcome(refusal=refused.refusal, why=str(refused))
    except OSError as error:
        return Outcome(errno=error.errno or 0, why=str(error))
    return Outcome(samples, rate)


def _convert(job: Job, file: BinaryIO) -> tuple[int, int]:
    with os.fdopen(job.source, "rb", closefd=False) as source:
        source.seek(0)
        try:
            with av.open(source, "r", format=job.format) as container:
                return _write(container, job, file)
        except FFmpegError as error:
            raise Refused(SoundRefusal.NO_WAV, str(error)) from error


def _write(container: InputContainer, job: Job, file: BinaryIO) -> tuple[int, int]:
    stream = _sound_of(container, job)
    rate = job.rate or min(max(stream.rate, LOWEST_RATE), HIGHEST_RATE)
    if job.start_ms > BEGIN_EARLIER_MS:
        container.seek((job.start_ms - BEGIN_EARLIER_MS) * 1000)
    with wave.open(file, "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(SAMPLE_OCTETS)
        output.setframerate(rate)
        pen = Pen(output, job, rate)
        for position, octets in _resampled(container, stream, rate):
            pen.put(position, octets)
            if pen.is_done:
                break
    if not pen.heard:
        raise Refused(SoundRefusal.SILENT, "there is no sound in it")
    return pen.written, rate


def _sound_of(container: InputContainer, job: Job) -> AudioStream:
    if not container.streams.audio:
        raise Refused(SoundRefusal.SILENT, "there is no sound in it")
    stream = container.streams.audio[0]
    if job.format == "wav" and not stream.codec_context.name.startswith("pcm_"):
        raise Refused(SoundRefusal.NO_WAV, f"it holds {stream.codec_context.name}, not PCM")
    if not LOWEST_TAKEN <= stream.rate <= HIGHEST_TAKEN:
        raise Refused(SoundRefusal.NO_WAV, f"it claims {stream.rate} samples per second")
    return stream


def _resampled(container: InputContainer, stream: AudioStream, rate: int) -> Iterator[tuple[int, bytes]]:
    """Pieces of sound, each with the sample of the file that it begins at. Holes in the sound are holes here."""
    resampler = AudioResampler("s16", "mono", rate)
    position, expected_s = 0, -1.0
    for frame in container.decode(stream):
        starts_s = frame.time if frame.time is not None else max(0.0, expected_s)
        if abs(starts_s - expected_s) * 1000 > HOLE_MS:
            # A hole, or the first sound: what the resampler still holds belongs before it.
            if expected_s >= 0:
                yield from _placed(resampler.resample(None), position)
                resampler = AudioResampler("s16", "mono", rate)
            position, expected_s = round(starts_s * rate), starts_s
        for at, octets in _placed(resampler.resample(frame), position):
            yield at, octets
            position = at + len(octets) // SAMPLE_OCTETS
        expected_s += frame.samples / frame.sample_rate
    if expected_s >= 0:
        yield from _placed(resampler.resample(None), position)


def _placed(frames: list[AudioFrame], position: int) -> Iterator[tuple[int, bytes]]:
    for frame in frames:
        yield position, bytes(frame.planes[0])[: frame.samples * SAMPLE_OCTETS]
        position += frame.samples


class Pen:
    """Writes what lies in the wanted stretch, sample by sample; silence where there is nothing."""

    def __init__(self, output: wave.Wave_write, job: Job, rate: int) -> None:
        self._output = output
        self._start = self._next = job.start_ms * rate // 1000
        self._end = None if job.end_ms is None else job.end_ms * rate // 1000
        self._longest = None if job.longest_ms is None else job.longest_ms * rate // 1000
        self.heard = 0
        "Samples that were no filling."

    @property
    def written(self) -> int:
        """Samples in all."""
        return self._next - self._start

    @property
    def is_done(self) -> bool:
        """Whether the stretch is full."""
        return self._end is not None and self._next >= self._end

    def put(self, position: int, octets: bytes) -> None:
        """Take samples that begin at this sample of the file. Raises Refused when it gets too long."""
        begin = max(position, self._next)
        end = position + len(octets) // SAMPLE_OCTETS
        if self._end is not None:
            begin, end = min(begin, self._end), min(end, self._end)
        if end <= begin:
            return
        if self._longest is not None and end - self._start > self._longest:
            raise Refused(SoundRefusal.TOO_LONG, "it is longer than is taken")
        self._output.writeframesraw(bytes((begin - self._next) * SAMPLE_OCTETS))
        self._output.writeframesraw(octets[(begin - position) * SAMPLE_OCTETS : (end - position) * SAMPLE_OCTETS])
        self.heard += end - begin
        self._next = end


if __name__ == "__main__":
    main()
