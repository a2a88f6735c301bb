"""Opus in RTP (RFC 7587): how long a packet lasts, and packets that ask the decoder to conceal a loss.

An RTP payload is one Opus packet (RFC 7587 section 4.2); its timestamps always count 48 kHz.
"""

from collections.abc import Iterator
from typing import NamedTuple

from media_server.rtp.errors import PayloadError

SAMPLE_RATE = 48_000
MAX_SAMPLES = 5760
"""A packet lasts 120 ms at most (RFC 6716 section 3.4, rule R5)."""

_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)
# RFC 6716 table 2, by configuration number: the bandwidths of each mode, and in each the frame sizes ascending.
_FRAME_SAMPLES = _SILK * 3 + _HYBRID * 2 + _CELT * 4


class Concealment(NamedTuple):
    """An Opus packet without sound in it: the decoder makes up what may have been there."""

    data: bytes
    "A TOC octet and nothing else."
    samples: int
    "How long it lasts, in samples of 48 kHz."


def frame_samples(toc: int) -> int:
    """The length of one frame of a packet with this TOC octet, in samples of 48 kHz (RFC 6716 section 3.1)."""
    return _FRAME_SAMPLES[toc >> 3]


def packet_samples(packet: bytes) -> int:
    """How long an Opus packet lasts, in samples of 48 kHz.

    Raises :class:`PayloadError` when it is empty, lacks its frame count, has none, or exceeds 120 ms.
    """
    if not packet:
        raise PayloadError("the Opus packet is empty")
    toc = packet[0]
    match toc & 0x03:
        case 0:
            return _FRAME_SAMPLES[toc >> 3]
        case 1 | 2:
            return 2 * _FRAME_SAMPLES[toc >> 3]
        case _:
            return _counted_samples(packet)


def conceal(preceding: bytes, samples: int) -> Iterator[Concealment]:
    """Packets that fill a lost stretch after the packet `preceding`, as far as frame sizes allow.

    Each is the preceding TOC octet with code 0 and no frame data, which has the decoder conceal (RFC 6716
    section 4.4). What one frame size leaves over is filled with the smaller ones of the same mode and bandwidth;
    less than the smallest (2.5 ms for CELT, 10 ms otherwise) stays unfilled.
    Raises :class:`PayloadError` when `preceding` is empty.
    """
    if not preceding:
        raise PayloadError("an empty packet tells no frame size")
    stereo = preceding[0] & 0x04
    configuration: int | None = preceding[0] >> 3
    while configuration is not None:
        size = _FRAME_SAMPLES[configuration]
        piece = Concealment(bytes([configuration << 3 | stereo]), size)
        for _ in range(samples // size):
            yield piece
        samples = max(samples, 0) % size
        configuration = _next_smaller(configuration)


def _counted_samples(packet: bytes) -> int:
    """Code 3: the second octet counts the frames (RFC 6716 section 3.2.5)."""
    if len(packet) < 2:  # noqa: PLR2004 - the TOC octet and the frame count octet
        raise PayloadError("the Opus packet ends before its frame count")
    samples = (packet[1] & 0x3F) * _FRAME_SAMPLES[packet[0] >> 3]
    if not 0 < samples <= MAX_SAMPLES:
        raise PayloadError("the Opus packet holds no frame or more than 120 ms")
    return samples


def _next_smaller(configuration: int) -> int | None:
    """The next smaller frame size of the same bandwidth; where a bandwidth begins, the size before it is no smaller."""
    smaller = configuration - 1
    if smaller < 0 or _FRAME_SAMPLES[smaller] >= _FRAME_SAMPLES[configuration]:
        return None
    return smaller
