"""The shapes that RTP packets come in and media frames go out in.

Times named ``arrival`` and ``now`` are seconds of a monotonic clock. Times named
``rtp_timestamp`` are ticks of the track's RTP clock (90 kHz picture, 48 kHz sound),
unwrapped to 64 bits: they do not wrap, and two of one SSRC can be subtracted.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class MediaKind(StrEnum):
    """Sound or picture."""

    SOUND = "audio"
    PICTURE = "video"


class VideoCodec(StrEnum):
    """The picture codecs that a part can hold. AV1 and H.264 get their place here."""

    VP8 = "VP8"
    VP9 = "VP9"


class RtpPacket(Protocol):
    """What the pure rooms need of a parsed RTP packet (RFC 3550 section 5.1); aiortc's fits as it is."""

    ssrc: int
    payload_type: int
    sequence_number: int
    timestamp: int
    marker: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One whole encoded picture, ready for a WebM block."""

    ssrc: int
    "The stream it came from; RTP timestamps of different SSRCs do not compare."
    rtp_timestamp: int
    "Unwrapped, 90 kHz."
    data: bytes
    "The codec's bitstream, RTP headers and payload descriptors removed."
    keyframe: bool
    "True when it can be decoded on its own."
    width: int | None
    "Pixels, known for keyframes only."
    height: int | None
    "Pixels, known for keyframes only."
    arrival: float
    "When its first packet arrived, seconds, monotonic."


@dataclass(frozen=True, slots=True)
class SoundFrame:
    """One Opus packet, ready for a WebM block."""

    ssrc: int
    "The stream it came from."
    rtp_timestamp: int
    "Unwrapped, 48 kHz."
    data: bytes
    "The Opus packet (RFC 6716 section 3)."
    samples: int
    "How long it lasts, in samples of 48 kHz."
    arrival: float
    "When it arrived, seconds, monotonic."


@dataclass(frozen=True, slots=True)
class Nack:
    """Please send these packets again (RFC 4585 section 6.2.1)."""

    ssrc: int
    "The media stream."
    sequence_numbers: tuple[int, ...]
    "16-bit sequence numbers, in order."


@dataclass(frozen=True, slots=True)
class KeyframeWish:
    """Please send a keyframe (PLI, RFC 4585 section 6.3.1)."""

    ssrc: int
    "The media stream."


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch that was given up: it will not come any more."""

    kind: MediaKind
    "Sound or picture."
    ssrc: int
    "The stream it is missing from."
    start_timestamp: int
    "RTP timestamp of the first thing missing, unwrapped, as well as it can be known."
    end_timestamp: int
    "RTP timestamp of the first thing there again, unwrapped."


TrackAction = VideoFrame | SoundFrame | Nack | KeyframeWish | Hole
