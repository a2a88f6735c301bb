"""The sound of an MP4: AAC without holes, every sample where its timestamp says. For `aio/export_worker` alone; blocking."""

from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

RATE: Final = 48_000
LAYOUT: Final = "stereo"
"Some players are silent on the left with mono in MP4."
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
            samples = resampled.to_ndarray()
            if begins - self._written > TOLERANCE:
                self._write_silence(begins - self._written)
            elif self._written - begins > TOLERANCE:
                samples = samples[:, self._written - begins :]
            begins += resampled.samples
            self._write(samples)

    def close(self) -> int:
        """Write what the encoder still holds; returns how long all of it is, in milliseconds. Raises FFmpegError."""
        if self._written:
            self._mp4.mux(self._stream.encode(None))
        return self._written * 1000 // RATE

    def _write_silence(self, count: int) -> None:
        for begins in range(0, count, PIECE):
            self._write(np.zeros((2, min(PIECE, count - begins)), np.float32))

    def _write(self, samples: npt.NDArray[Any]) -> None:
        if not samples.shape[1]:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=LAYOUT)
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._written, Fraction(1, RATE)
        self._written += samples.shape[1]
        self._mp4.mux(self._stream.encode(frame))
