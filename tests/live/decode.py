"""Read back what `source.js` drew and sounded: counters, flashes, beeps and what is missing between them.

The geometry and the check are those of `source.js`; both are relative to the picture's size,
since a browser may scale its camera down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import av
import av.error
import numpy as np
from av.stream import Stream
from numpy.typing import NDArray

FRAMES_PER_SECOND = 24
FRAMES_PER_EVENT = 24
SAMPLE_RATE = 48_000

_WIDTH, _HEIGHT = 640, 480
_COLUMNS, _ROWS, _CELL, _LEFT, _TOP = 8, 3, 72, 32, 16
_FLASH = (448, 272, 160, 160)  # x, y, width, height
_CHECK = 0xA5
_MIDDLE_GREY = 128
_BEEP_HZ = 1_000
_BEEP_WINDOW_S = 0.004
_BEEP_LEAST_APART_S = 0.5
_BEEP_LOUDNESS = 0.05  # the beep arrives at about 0.5, the hum beside it is filtered out
_CONCEALED_BYTES = 1  # a TOC byte alone: the writer's filling for lost sound

Plane = NDArray[np.uint8]
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded video frame."""

    time_s: float
    "Its timestamp in the file."
    counter: int | None
    "What its cells say; None when they cannot be read."
    flash: bool
    "True when the flash field is white."
    keyframe: bool
    "True when it decodes on its own."
    width: int
    "Pixels."
    height: int
    "Pixels."


@dataclass(frozen=True, slots=True)
class Sound:
    """What the sound track holds."""

    end_s: float = 0.0
    "Where its last sample ends in the file."
    beeps_s: tuple[float, ...] = ()
    "Where beeps begin."
    holes_s: float = 0.0
    "Seconds between its first and last packet for which there is no packet at all."
    concealed_s: float = 0.0
    "Seconds filled by the writer for lost packets."


@dataclass(frozen=True, slots=True)
class Decoded:
    """A WebM file, decoded as far as it goes."""

    pictures: tuple[Picture, ...]
    "All video frames in order."
    sound: Sound
    "The sound track."
    errors: tuple[str, ...] = field(default=())
    "What the decoder said about broken data."

    @property
    def counters(self) -> list[int]:
        """The readable counters, in order."""
        return [picture.counter for picture in self.pictures if picture.counter is not None]

    @property
    def unreadable(self) -> int:
        """Frames that were decoded but whose cells do not add up: broken picture."""
        return sum(picture.counter is None for picture in self.pictures)

    @property
    def video_end_s(self) -> float:
        """Timestamp of the last frame; 0 when there is none."""
        return self.pictures[-1].time_s if self.pictures else 0.0

    @property
    def end_s(self) -> float:
        """Where the longer of the two tracks ends."""
        return max(self.video_end_s, self.sound.end_s)


@dataclass(frozen=True, slots=True)
class Event:
    """A flash and the beep that belongs to it."""

    counter: int
    "The counter of the flash's first frame."
    flash_s: float
    "When the flash is shown."
    beep_s: float
    "When the beep begins."

    @property
    def sound_late_ms(self) -> float:
        """How much later than the picture the sound is; negative when it is early."""
        return (self.beep_s - self.flash_s) * 1_000


def decode(path: Path) -> Decoded:
    """Decode a WebM file to its end, or to where it breaks.

    Raises `av.error.FFmpegError` when it cannot be opened at all.
    """
    pictures: list[Picture] = []
    sound = _SoundReader()
    errors: list[str] = []
    with av.open(str(path)) as container:
        strict = _strict_decoder(container)
        for packet in _packets(container, errors):
            try:
                is_picture = packet.stream.type == "video"
                frames: Sequence[object] = strict.decode(packet) if strict and is_picture else packet.decode()
                for frame in frames:
                    if isinstance(frame, av.VideoFrame):
                        pictures.append(_read_picture(frame, keyframe=packet.is_keyframe))
                    elif isinstance(frame, av.AudioFrame):
                        sound.take(frame, packet.size)
            except av.error.FFmpegError as problem:
                errors.append(str(problem))
    return Decoded(tuple(pictures), sound.result(), tuple(errors))


def samples(path: Path) -> Samples:
    """A file's sound as mono samples of 48 kHz, each where its timestamp says."""
    sound = _SoundReader()
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            sound.take(frame, packet_bytes=0)
    return sound.line()


def events(decoded: Decoded) -> list[Event]:
    """The flashes for which a beep was found within half a second.

    Only flashes seen from their first frame count: the frame before must be there and dark.
    """
    found: list[Event] = []
    beeps = np.asarray(decoded.sound.beeps_s)
    for before, first in pairwise(decoded.pictures):
        begins = first.counter is not None and first.flash and before.counter == first.counter - 1
        if not begins or first.counter is None or first.counter % FRAMES_PER_EVENT != 0 or beeps.size == 0:
            continue
        beep = float(beeps[np.abs(beeps - first.time_s).argmin()])
        if abs(beep - first.time_s) < FRAMES_PER_EVENT / FRAMES_PER_SECOND / 2:
            found.append(Event(first.counter, first.time_s, beep))
    return found


def covered_share(decoded: Decoded, *, longest_s: float = 0.1) -> float:
    """The share of the video's time in which it moves: steps longer than `longest_s` count as missing, 0 to 1."""
    times = [picture.time_s for picture in decoded.pictures if picture.counter is not None]
    if len(times) < 2:
        return 0.0
    missing = sum(step - 1 / FRAMES_PER_SECOND for step in _steps(times) if step > longest_s)
    return 1 - missing / (times[-1] - times[0])


def missing_counters(decoded: Decoded, drawn: Sequence[int]) -> list[int]:
    """What was drawn between the first and the last decoded counter and is not in the file."""
    present = set(decoded.counters)
    if not present:
        return list(drawn)
    first, last = min(present), max(present)
    return [counter for counter in drawn if first <= counter <= last and counter not in present]


def read_counter(plane: Plane) -> int | None:
    """The counter in a picture's luma plane (height x width); None when its check fails."""
    height, width = plane.shape
    across, down = width / _WIDTH, height / _HEIGHT
    bits = 0
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            left, top = _LEFT + column * _CELL, _TOP + row * _CELL
            bits = bits << 1 | _is_white(plane, left * across, top * down, _CELL * across, _CELL * down)
    counter, check = bits >> 8, bits & 0xFF
    return counter if check == (counter >> 8) ^ (counter & 0xFF) ^ _CHECK else None


def find_beeps(samples: Samples) -> list[float]:
    """Seconds at which a 1 kHz beep begins in mono sound of 48 kHz, to a fraction of a millisecond."""
    if samples.size == 0:
        return []
    turns = np.exp(-2j * np.pi * _BEEP_HZ / SAMPLE_RATE * np.arange(samples.size)).astype(np.complex64)
    window = np.ones(int(_BEEP_WINDOW_S * SAMPLE_RATE), dtype=np.float32)
    envelope = np.abs(np.convolve(samples * turns, window / window.size, mode="same"))
    if envelope.max() < _BEEP_LOUDNESS:
        return []
    loud = envelope > np.quantile(envelope, 0.99) / 2
    onsets = (np.flatnonzero(~loud[:-1] & loud[1:]) + 1) / SAMPLE_RATE
    return _apart([float(onset) for onset in onsets])


def _apart(onsets: list[float]) -> list[float]:
    kept: list[float] = []
    for onset in onsets:
        if not kept or onset - kept[-1] > _BEEP_LEAST_APART_S:
            kept.append(onset)
    return kept


def _steps(times: list[float]) -> Iterator[float]:
    return (later - earlier for earlier, later in pairwise(times))


def _strict_decoder(container: av.container.InputContainer) -> av.VideoCodecContext | None:
    """libvpx, which Chromium decodes with: it refuses what FFmpeg's own decoders let pass, a frame cut short, say."""
    names = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
    name = names.get(container.streams.video[0].codec_context.name) if container.streams.video else None
    if name is None:
        return None
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    return decoder


def _packets(container: av.container.InputContainer, errors: list[str]) -> "Iterator[av.Packet[Stream]]":
    try:
        yield from container.demux()
    except av.error.FFmpegError as problem:
        errors.append(str(problem))


def _read_picture(frame: av.VideoFrame, *, keyframe: bool) -> Picture:
    luma = frame.planes[0]
    plane = np.frombuffer(bytes(luma), dtype=np.uint8).reshape(luma.height, luma.line_size)[:, : luma.width]
    across, down = luma.width / _WIDTH, luma.height / _HEIGHT
    x, y, width, height = _FLASH
    return Picture(
        time_s=frame.time or 0.0,
        counter=read_counter(plane),
        flash=_is_white(plane, x * across, y * down, width * across, height * down),
        keyframe=keyframe,
        width=frame.width,
        height=frame.height,
    )


def _is_white(plane: Plane, left: float, top: float, width: float, height: float) -> bool:
    """Whether the middle half of a field is bright."""
    rows = slice(int(top + height / 4), int(top + height * 3 / 4) + 1)
    columns = slice(int(left + width / 4), int(left + width * 3 / 4) + 1)
    return bool(plane[rows, columns].mean() > _MIDDLE_GREY)


class _SoundReader:
    """Lays decoded sound out on the file's time line."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        self._pieces: list[tuple[float, Samples]] = []
        self._concealed_s = 0.0

    def take(self, frame: av.AudioFrame, packet_bytes: int) -> None:
        time_s = frame.time or 0.0
        if packet_bytes == _CONCEALED_BYTES:
            self._concealed_s += frame.samples / frame.sample_rate
        for mono in self._resampler.resample(frame):
            self._pieces.append((time_s, mono.to_ndarray().reshape(-1).astype(np.float32)))

    def line(self) -> Samples:
        """Everything laid out from 0 on, silence where nothing is."""
        end_s = max((time_s + piece.size / SAMPLE_RATE for time_s, piece in self._pieces), default=0.0)
        line: Samples = np.zeros(int(end_s * SAMPLE_RATE) + 1, dtype=np.float32)
        for time_s, piece in self._pieces:
            start = max(0, round(time_s * SAMPLE_RATE))
            line[start : start + piece.size] = piece[: line.size - start]
        return line

    def result(self) -> Sound:
        if not self._pieces:
            return Sound()
        line = self.line()
        return Sound(line.size / SAMPLE_RATE, tuple(find_beeps(line)), self._holes_s(), self._concealed_s)

    def _holes_s(self) -> float:
        holes = 0.0
        for (time_s, piece), (next_time_s, _) in pairwise(self._pieces):
            holes += max(
                0.0, next_time_s - time_s - piece.size / SAMPLE_RATE - 0.002
            )  # timestamps are whole milliseconds
        return holes
