"""The sound of an MP4: AAC without holes, every sample where its timestamp says. For `aio/export_worker` alone; blocking."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import av
from av.container import OutputContainer

RATE: Final = 48_000
LAYOUT: Final = "stereo"
"Some players are silent on the left with mono in MP4."
CHANNELS: Final = 2
SAMPLE: Final = 4
"Octets of one sample of one channel: a float."
BIT_RATE: Final = 128_000
TOLERANCE: Final = RATE // 50
"Samples. Timestamps in WebM are whole milliseconds; only what is farther off is a hole, or too much."
PIECE: Final = RATE
"Samples of silence that are written at a time."


class Sounds:
    """Takes decoded sound in order, and writes it without a hole from the very beginning."""

    def __init__(self, mp4: OutputContainer) -> None:
        self._mp4 = mp4
        self._stream = mp4.add_stream("aac", rate=RATE, layout=LAYOUT)
        self._stream.codec_context.bit_rate = BIT_RATE
        self._resampler = av.AudioResampler(format="fltp", layout=LAYOUT, rate=RATE)
        self._written = 0

    def add(self, frame: av.AudioFrame) -> None:
        """Write what a packet held: after a hole silence first, and nothing twice. Raises FFmpegError."""
        if frame.pts is None or frame.time_base is None:
            return
        begins = round(frame.pts * frame.time_base * RATE)
        for resampled in self._resampler.resample(frame):
            channels = [bytes(plane)[: resampled.samples * SAMPLE] for plane in resampled.planes]
            if begins - self._written > TOLERANCE:
                self._write_silence(begins - self._written)
            elif self._written - begins > TOLERANCE:
                channels = [channel[(self._written - begins) * SAMPLE :] for channel in channels]
            begins += resampled.samples
            self._write(channels)

    def close(self) -> int:
        """Write what the encoder still holds; returns how long all of it is, in milliseconds. Raises FFmpegError."""
        if self._written:
            self._mp4.mux(self._stream.encode(None))
        return self._written * 1000 // RATE

    def _write_silence(self, count: int) -> None:
        for begins in range(0, count, PIECE):
            self._write([bytes(min(PIECE, count - begins) * SAMPLE)] * CHANNELS)

    def _write(self, channels: Sequence[bytes]) -> None:
        count = len(channels[0]) // SAMPLE
        if not count:
            return
        frame = av.AudioFrame(format="fltp", layout=LAYOUT, samples=count)
        for plane, channel in zip(frame.planes, channels, strict=True):
            plane.update(channel.ljust(plane.buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._written, Fraction(1, RATE)
        self._written += count
        self._mp4.mux(self._stream.encode(frame))
