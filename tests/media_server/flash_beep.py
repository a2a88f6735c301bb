"""Parts in which a flash is seen and a beep heard at the same moment, once a second; as the recorder would leave them."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from media_server.webm.track_entry import TrackEntry
from tests.media_server.webm.image import PICTURE, SOUND, Given, live_part

FRAME_MS = 40
PACKET_MS = 20
FIRST_EVENT_MS = 480
EVERY_MS = 1_000
LASTS_MS = 80
KEYFRAME_EVERY_FRAMES = 50
SAMPLES_PER_MS = 48

_ENCODERS = {"VP8": "libvpx", "VP9": "libvpx-vp9"}


def is_event(at_ms: int) -> bool:
    return (at_ms - FIRST_EVENT_MS) % EVERY_MS < LASTS_MS


@cache
def pictures(codec: str, length_ms: int, size: tuple[int, int] = (640, 480)) -> tuple[Given, ...]:
    """Grey; white where tests/live/player.html looks while there is an event."""
    encoder = av.CodecContext.create(_ENCODERS[codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(1000, FRAME_MS)
    encoder.gop_size, encoder.bit_rate = KEYFRAME_EVERY_FRAMES, 250_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    packets = []
    for at in range(0, length_ms, FRAME_MS):
        shade = 255 if is_event(at) else 60
        frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), shade, np.uint8)).reformat(format="yuv420p")
        frame.pts, frame.time_base = at, Fraction(1, 1000)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return tuple(Given(PICTURE, packet.pts or 0, bytes(packet), packet.is_keyframe) for packet in packets)


@cache
def sound(length_ms: int, starts_ms: int = 0) -> tuple[Given, ...]:
    """A tone while there is an event, silence otherwise; the first packet begins at `starts_ms` of the part."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    # What the encoder looks ahead is heard that much later: it is fed that much earlier.
    ahead = 312
    packets = []
    for begin in range(starts_ms, length_ms, PACKET_MS):
        times = np.arange(PACKET_MS * SAMPLES_PER_MS) + begin * SAMPLES_PER_MS + ahead
        loud = (times // SAMPLES_PER_MS - FIRST_EVENT_MS) % EVERY_MS < LASTS_MS
        tone = (np.sin(times / 48_000 * 2 * np.pi * 1000) * 16_000 * loud).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, (begin - starts_ms) * SAMPLES_PER_MS
        packets += encoder.encode(frame)
    return tuple(Given(SOUND, starts_ms + at * PACKET_MS, bytes(packet), True) for at, packet in enumerate(packets))


def write_part(path: Path, blocks: Iterable[Given], tracks: Sequence[TrackEntry], size: tuple[int, int] | None) -> Path:
    """A closed part of these blocks, in the order of their times."""
    image, writer = live_part(sorted(blocks, key=lambda block: block.timestamp_ms), tracks)
    if size is not None:
        image.apply(writer.set_picture_size(*size))
    image.apply(writer.close())
    path.write_bytes(image.octets)
    return path


def both(codec: str) -> list[TrackEntry]:
    return [TrackEntry.picture(PICTURE, codec), TrackEntry.sound(SOUND)]
