"""Pictures and sound that decoders accept: small, encoded once a test run."""

from fractions import Fraction
from functools import cache

import av
import numpy as np

from media_server.webm.track_entry import TrackEntry
from tests.media_server.webm.image import PICTURE, SOUND, Given

WIDTH, HEIGHT = 160, 120
FRAME_MS = 40
PACKET_MS = 20
KEYFRAME_EVERY_FRAMES = 50
_SAMPLES = 960
_ENCODERS = {"VP8": "libvpx", "VP9": "libvpx-vp9"}


@cache
def pictures(codec: str, seconds: int) -> tuple[Given, ...]:
    """A bar that wanders; a keyframe every two seconds."""
    encoder = av.CodecContext.create(_ENCODERS[codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(1000, FRAME_MS)
    encoder.gop_size, encoder.bit_rate = KEYFRAME_EVERY_FRAMES, 100_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    packets = []
    for index in range(seconds * 1000 // FRAME_MS):
        pixels = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        pixels[:, index % WIDTH : index % WIDTH + 20] = (200, 220, 60)
        frame = av.VideoFrame.from_ndarray(pixels).reformat(format="yuv420p")
        frame.pts, frame.time_base = index * FRAME_MS, Fraction(1, 1000)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return tuple(Given(PICTURE, packet.pts or 0, bytes(packet), packet.is_keyframe) for packet in packets)


@cache
def sound(seconds: int) -> tuple[Given, ...]:
    """A tone, mono."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    packets = []
    for index in range(seconds * 1000 // PACKET_MS):
        times = np.arange(index * _SAMPLES, (index + 1) * _SAMPLES) / 48_000
        tone = (np.sin(times * 2 * np.pi * 440) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, index * _SAMPLES
        packets += encoder.encode(frame)
    return tuple(Given(SOUND, at * PACKET_MS, bytes(packet), True) for at, packet in enumerate(packets))


def interview(codec: str, seconds: int, *, late_ms: int = 0) -> list[Given]:
    """Both, in the order in which they would come in when pictures take `late_ms` longer."""
    return sorted(
        [*pictures(codec, seconds), *sound(seconds)],
        key=lambda given: given.timestamp_ms + (late_ms if given.track == PICTURE else 0),
    )


def tracks(codec: str) -> list[TrackEntry]:
    return [TrackEntry.picture(PICTURE, codec), TrackEntry.sound(SOUND)]
