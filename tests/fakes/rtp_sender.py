"""A sender of RTP as browsers are: real encoders, their frames cut into packets by the payload formats' RFCs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from media_server.rtp.packet import VideoCodec

WIDTH, HEIGHT = 160, 120
VIDEO_TICKS = 3750  # of 90 kHz: 24 frames/s
SOUND_TICKS = 960  # of 48 kHz: 20 ms


@dataclass(slots=True)
class FakePacket:
    """A packet as :class:`media_server.rtp.packet.RtpPacket` wants it."""

    ssrc: int = 1
    payload_type: int = 96
    sequence_number: int = 0
    timestamp: int = 0
    marker: int = 0
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """What an encoder gave for one frame."""

    data: bytes
    keyframe: bool


@cache
def encoded_video(
    codec: VideoCodec, frames: int = 48, keyframes: frozenset[int] = frozenset({0})
) -> list[EncodedFrame]:
    """Frames of a moving picture; those numbered in `keyframes` are keyframes."""
    encoder = _video_encoder(codec)
    encoded: list[EncodedFrame] = []
    for index in range(frames):
        picture = av.VideoFrame.from_ndarray(_picture(index), format="gray").reformat(format="yuv420p")
        picture.pts = index
        picture.pict_type = av.video.frame.PictureType.I if index in keyframes else av.video.frame.PictureType.P
        encoded += [EncodedFrame(bytes(packet), packet.is_keyframe) for packet in encoder.encode(picture)]
    return encoded


@cache
def encoded_sound(packets: int = 100) -> list[bytes]:
    """Opus packets of 20 ms each: a tone that changes."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = 48000
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = 32000
    encoder.options = {"application": "voip"}
    encoded: list[bytes] = []
    for index in range(packets):
        times = np.arange(index * SOUND_TICKS, (index + 1) * SOUND_TICKS) / 48000
        wave = (8000 * np.sin(2 * np.pi * (300 + 20 * index) * times)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = 48000
        frame.pts = index * SOUND_TICKS
        encoded += [bytes(packet) for packet in encoder.encode(frame)]
    return encoded


def video_packets(
    codec: VideoCodec,
    frames: Sequence[EncodedFrame],
    *,
    ssrc: int = 1,
    sequence_number: int = 0,
    timestamp: int = 0,
    picture_id: int = 0,
    max_payload: int = 200,
) -> Iterator[FakePacket]:
    """Frames cut into packets, one frame every :data:`VIDEO_TICKS`; all counters wrap where RTP's do."""
    for index, frame in enumerate(frames):
        chunks = [frame.data[start : start + max_payload] for start in range(0, len(frame.data), max_payload)]
        for number, chunk in enumerate(chunks):
            first, last = number == 0, number == len(chunks) - 1
            describe = vp8_descriptor if codec is VideoCodec.VP8 else vp9_descriptor
            descriptor = describe(picture_id + index, first=first, last=last, keyframe=frame.keyframe)
            yield FakePacket(
                ssrc=ssrc,
                sequence_number=sequence_number & 0xFFFF,
                timestamp=(timestamp + index * VIDEO_TICKS) & 0xFFFFFFFF,
                marker=int(last),
                payload=descriptor + chunk,
            )
            sequence_number += 1


def sound_packets(
    packets: Sequence[bytes], *, ssrc: int = 2, sequence_number: int = 0, timestamp: int = 0
) -> Iterator[FakePacket]:
    """Opus packets in RTP, one every :data:`SOUND_TICKS`."""
    for index, data in enumerate(packets):
        yield FakePacket(
            ssrc=ssrc,
            payload_type=111,
            sequence_number=(sequence_number + index) & 0xFFFF,
            timestamp=(timestamp + index * SOUND_TICKS) & 0xFFFFFFFF,
            marker=int(index == 0),
            payload=data,
        )


def vp8_descriptor(picture_id: int, *, first: bool, last: bool, keyframe: bool) -> bytes:
    """RFC 7741 section 4.2 with a 15-bit picture ID, as Chromium sends it."""
    return bytes([0x80 | 0x10 * first, 0x80]) + (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big")


def vp9_descriptor(picture_id: int, *, first: bool, last: bool, keyframe: bool) -> bytes:
    """RFC 9628 section 4.2, non-flexible with layer indices; keyframes carry a scalability structure."""
    structure = keyframe and first
    head = 0x80 | 0x40 * (not keyframe) | 0x20 | 0x08 * first | 0x04 * last | 0x02 * structure
    descriptor = bytes([head]) + (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big") + bytes([0, picture_id & 0xFF])
    if structure:
        # One spatial layer with its size, and a group of one picture that refers to the one before.
        descriptor += bytes([0x18]) + WIDTH.to_bytes(2, "big") + HEIGHT.to_bytes(2, "big") + bytes([1, 0x04, 1])
    return descriptor


def _video_encoder(codec: VideoCodec) -> VideoCodecContext:
    name = {VideoCodec.VP8: "libvpx", VideoCodec.VP9: "libvpx-vp9"}[codec]
    encoder = cast(VideoCodecContext, av.CodecContext.create(name, "w"))
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, 24)
    encoder.bit_rate = 250_000
    encoder.gop_size = 100_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}
    return encoder


def _picture(index: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A gradient that moves, with noise that changes, so that every frame takes several packets."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    noise = np.random.default_rng(index).integers(0, 24, (HEIGHT, WIDTH))
    return cast(
        "np.ndarray[tuple[int, int], np.dtype[np.uint8]]", ((rows + columns + 5 * index + noise) % 256).astype(np.uint8)
    )
