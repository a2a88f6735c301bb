"""What the WebRTC stack's answer gains before it is sent: caps, packet time, our public address, what we refused."""

import ipaddress
import math
from collections.abc import Iterator
from dataclasses import dataclass

from signaling.protocol.codecs import choose_opus
from signaling.protocol.offer import Offer, OfferedSection
from signaling.protocol.sdp import EOL, MediaSection, read_description

# IPv4 20, UDP 8, RTP 12, its mid and abs-send-time extensions 12, SRTP's tag 10 to 16: what a packet weighs around its
# payload, in bytes. b=AS counts it, b=TIAS does not (RFC 3890 section 6.2).
_PACKET_OVERHEAD = 64
_PICTURE_PAYLOAD = 1_100
_PICTURES_PER_SECOND = 30
_OPUS_PACKET_MS = 20


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """What is asked of the sender."""

    video_bps: int = 250_000
    "Cap of the picture in bits per second, without packet headers."
    audio_bps: int = 64_000
    "Cap of the sound in bits per second, without packet headers."
    opus_target_bps: int = 32_000
    "What Opus should aim at, bits per second; below the cap."
    packet_time_ms: int | None = None
    "How much sound one packet should hold; None leaves it to the sender."
    public_address: str | None = None
    "The IP address to write in place of this machine's own, when a NAT (1:1) hides it; ports stay."

    def __post_init__(self) -> None:
        """Raise ValueError now when the public address is none, not in the midst of an answer."""
        if self.public_address is not None:
            ipaddress.ip_address(self.public_address)


def finish_answer(text: str, offer: Offer, settings: AnswerSettings) -> str:
    """Turn the answer to `offer.narrowed` into the answer to the whole offer.

    `text` is the WebRTC stack's own work: one section for each taken one, in their order. Raises
    :class:`signaling.protocol.sdp.MalformedSdp` only when it is no session description.
    """
    answer = read_description(text)
    media = iter(answer.media)
    lines = list(_session_lines(answer.session.lines, offer))
    for section in offer.sections:
        lines += _taken(next(media), settings) if section.taken else _refused(section)
    return EOL.join(lines) + EOL


def _session_lines(lines: tuple[str, ...], offer: Offer) -> Iterator[str]:
    for line in lines:
        if offer.bundled or not line.startswith("a=group:"):
            yield line
    # We take candidates by PATCH (RFC 9725 section 4.3.2), and say so as RFC 8840 section 4.1.1 wants it.
    yield "a=ice-options:trickle"


def _refused(section: OfferedSection) -> list[str]:
    """RFC 3264 section 6: a refused section keeps its place, with port 0 and at least one format."""
    lines = [f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}", "c=IN IP4 0.0.0.0"]
    if section.kind in {"audio", "video"}:
        lines.append("a=inactive")
    if section.mid is not None:
        lines.append(f"a=mid:{section.mid}")
    return lines


def _taken(section: MediaSection, settings: AnswerSettings) -> list[str]:
    lines = [f"m={section.kind} {section.port} {section.protocol} {' '.join(section.formats)}"]
    bandwidth = _bandwidth(section.kind, settings)
    for line in section.lines:
        lines.append(_with_public_address(line, settings.public_address))
        if line.startswith("c="):  # RFC 8866 section 5: b= follows c=
            lines += bandwidth
    if section.kind == "audio":
        lines = _with_opus_wishes(lines, section, settings)
    return lines


def _bandwidth(kind: str, settings: AnswerSettings) -> list[str]:
    if kind == "video":
        payload_bps = settings.video_bps
        packets = payload_bps / 8 / _PICTURE_PAYLOAD + _PICTURES_PER_SECOND
    else:
        payload_bps = settings.audio_bps
        packets = 1_000 / (settings.packet_time_ms or _OPUS_PACKET_MS)
    whole_kbps = math.ceil((payload_bps + packets * _PACKET_OVERHEAD * 8) / 1_000)
    # libwebrtc obeys whichever comes last, Firefox b=TIAS if there is one; so the exact one comes last. For sound
    # libwebrtc also takes it for Opus's target, above maxaveragebitrate: a page that wants less sets `maxBitrate`.
    return [f"b=AS:{whole_kbps}", f"b=TIAS:{payload_bps}"]


def _with_opus_wishes(lines: list[str], section: MediaSection, settings: AnswerSettings) -> list[str]:
    """RFC 7587 section 7: in an answer these say what the receiver would like to get."""
    opus = choose_opus(section)
    if opus is None:
        return lines
    wishes = {
        "maxaveragebitrate": settings.opus_target_bps,
        "usedtx": 0,  # silence is part of an interview; a sender that stops sending looks like one that is gone
        "stereo": 0,
        # In-band FEC never reaches a file that is written without decoding; its bits are better spent on the sound.
        "useinbandfec": 0,
    }
    kept = [line for line in lines if not line.startswith(f"a=fmtp:{opus.number} ")]
    kept.append(f"a=fmtp:{opus.number} " + ";".join(f"{name}={value}" for name, value in wishes.items()))
    kept.append(f"a=rtcp-fb:{opus.number} nack")
    if settings.packet_time_ms is not None:
        kept += [f"a=ptime:{settings.packet_time_ms}", f"a=maxptime:{settings.packet_time_ms}"]
    return kept


def _with_public_address(line: str, public_address: str | None) -> str:
    """Put the public address where our own stands: in host candidates and in `c=` (RFC 8839 section 5.1)."""
    if public_address is None:
        return line
    if line.startswith("c=IN "):
        _, version, address = line.split(" ")
        return f"c=IN {version} {_translated(address, public_address)}"
    if line.startswith("a=candidate:") and " typ host" in line:
        words = line.split(" ")
        words[4] = _translated(words[4], public_address)
        return " ".join(words)
    return line


def _translated(address: str, public_address: str) -> str:
    """A NAT translates within its IP version: an address of the other one is reached as it is."""
    own, public = ipaddress.ip_address(address), ipaddress.ip_address(public_address)
    return public_address if own.version == public.version and not own.is_unspecified else address
