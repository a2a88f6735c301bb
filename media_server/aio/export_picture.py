"""The picture of an MP4: H.264 in one size. For `aio/export_worker` alone; blocking."""

from fractions import Fraction
from typing import Final

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

MS: Final = Fraction(1, 1000)
PRESET: Final = "veryfast"
"Several times faster than the interview was long on one core, and hardly larger than slower ones make it."
QUALITY: Final = "24"
"Of x264's constant rate factor: nothing more is lost that could be seen; what was lost before stays lost."
KEYFRAME_EVERY: Final = 120
"Pictures: jumping to a moment takes no longer than decoding five seconds."
THREADS: Final = 2
STILL_MS: Final = 1_000
"A picture that stands is shown again so often, for programs that cannot bear a pause in a film."


def largest_size(recording: InputContainer) -> tuple[int, int] | None:
    """The size of the largest picture in it, even numbers as H.264 wants them; None when none can be decoded.

    Pictures change their size where a camera was turned, a network was narrow, or parts were joined. Keyframes tell.
    """
    if not recording.streams.video:
        return None
    stream = recording.streams.video[0]
    sizes = [(1, 1)]
    for packet in recording.demux(stream):
        if packet.is_keyframe or packet.size == 0:
            try:
                sizes += [(frame.width, frame.height) for frame in stream.decode(packet)]
            except FFmpegError:
                continue
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return (width & ~1, height & ~1) if min(width, height) > 1 else None


class Pictures:
    """Takes decoded pictures in order, and writes them at their times in one size."""

    def __init__(self, mp4: OutputContainer, size: tuple[int, int]) -> None:
        self._mp4 = mp4
        self._stream = mp4.add_stream("libx264", rate=30, options={"preset": PRESET, "crf": QUALITY})
        encoder = self._stream.codec_context
        encoder.width, encoder.height = size
        encoder.pix_fmt, encoder.time_base = "yuv420p", MS
        encoder.gop_size, encoder.thread_count = KEYFRAME_EVERY, THREADS
        self._size = size
        self._fitter: tuple[tuple[int, int, str], av.filter.Graph] | None = None
        self._latest: av.VideoFrame | None = None
        self.end_ms = 0
        "Where the latest picture begins, milliseconds."

    def add(self, frame: av.VideoFrame) -> None:
        """Write a picture; one that does not come after the latest is left out. Raises FFmpegError."""
        if frame.pts is None or frame.time_base is None:
            return
        at_ms = round(frame.pts * frame.time_base / MS)
        fitted = self._fitted(frame)
        if self._latest is None:
            self._latest = fitted
            self._write(fitted, 0)  # sound may have begun earlier
        self._stand_until(at_ms)
        if at_ms > self.end_ms:
            self._latest = fitted
            self._write(fitted, at_ms)

    def close(self, until_ms: int) -> None:
        """Let the last picture stand until then, and write what the encoder still holds. Raises FFmpegError."""
        self._stand_until(until_ms)
        self._mp4.mux(self._stream.encode(None))

    def _stand_until(self, at_ms: int) -> None:
        while self._latest is not None and at_ms - self.end_ms > STILL_MS:
            self._write(self._latest, self.end_ms + STILL_MS)

    def _write(self, fitted: av.VideoFrame, at_ms: int) -> None:
        self.end_ms = at_ms
        fitted.pts, fitted.time_base = at_ms, MS
        fitted.pict_type = av.video.frame.PictureType.NONE  # where keyframes are is x264's business
        self._mp4.mux(self._stream.encode(fitted))

    def _fitted(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The picture in the size of all, as large as it fits, black around it."""
        if (frame.width, frame.height, frame.format.name) == (*self._size, "yuv420p"):
            return frame
        shape = (frame.width, frame.height, frame.format.name)
        if self._fitter is None or self._fitter[0] != shape:
            self._fitter = shape, _fitter(frame, self._size)
        graph = self._fitter[1]
        graph.vpush(frame)
        return graph.vpull()


def _fitter(frame: av.VideoFrame, size: tuple[int, int]) -> av.filter.Graph:
    width, height = size
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=MS),
        graph.add("scale", f"{width}:{height}:force_original_aspect_ratio=decrease"),
        graph.add("pad", f"{width}:{height}:(ow-iw)/2:(oh-ih)/2"),
        graph.add("setsar", "1"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ).configure()
    return graph
