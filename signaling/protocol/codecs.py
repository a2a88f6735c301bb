"""The payload types of a media section, and which of them we take."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from media_server.rtp.packet import VideoCodec
from signaling.protocol.sdp import MalformedSdp, MediaSection

_RTPMAP = re.compile(r"(?P<number>\d{1,3}) (?P<name>[!-.0-~]{1,64})/(?P<rate>\d{1,6})(?:/(?P<channels>\d{1,2}))?")
_FMTP = re.compile(r"(?P<number>\d{1,3}) (?P<parameters>[!-~ ]{1,1024})")
_PICTURE_RATE = "90000"

# aiortc keeps the sender's payload type in this range alone (RFC 3551 section 6). Retransmissions may also lie in the
# range that libwebrtc overflows into; 64 to 95 would be taken for RTCP (RFC 5761 section 4).
_DYNAMIC = range(96, 128)
_RETRANSMISSION = (*range(35, 64), *_DYNAMIC)


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload type with what it stands for."""

    number: int
    "The payload type, 0 to 127."
    name: str
    "As in `VP9`, `opus` or `rtx`; compare without case."
    rate: str
    "Ticks per second of its RTP clock."
    channels: str | None
    "Sound only."
    parameters: dict[str, str]
    "Of its `a=fmtp`, names in lower case."

    @property
    def video_codec(self) -> VideoCodec | None:
        """The codec, if it is a picture that a part can hold."""
        known = {codec.value: codec for codec in VideoCodec}
        return known.get(self.name.upper()) if self.rate == _PICTURE_RATE else None

    def lines(self) -> list[str]:
        """How the narrowed offer says it: without any parameter but those that make it what it is."""
        channels = f"/{self.channels}" if self.channels else ""
        lines = [f"a=rtpmap:{self.number} {self.name}/{self.rate}{channels}"]
        if self.video_codec is VideoCodec.VP9:
            lines.append(f"a=fmtp:{self.number} profile-id=0")
        if self.name == "rtx":
            lines.append(f"a=fmtp:{self.number} apt={self.parameters['apt']}")
        return lines


def choose_opus(section: MediaSection) -> Payload | None:
    """The first Opus payload (RFC 7587 section 7: always 48000 and two channels), None without one."""
    for payload in _payloads(section):
        if (payload.name.lower(), payload.rate, payload.channels) == ("opus", "48000", "2"):
            return payload
    return None


def choose_picture(section: MediaSection, wishes: Sequence[VideoCodec]) -> Payload | None:
    """The payload that comes first in `wishes`, None when there is none of them."""
    payloads = [payload for payload in _payloads(section) if _can_be_recorded(payload)]
    for wish in wishes:
        for payload in payloads:
            if payload.video_codec is wish:
                return payload
    return None


def retransmission_of(chosen: Payload, section: MediaSection) -> Payload | None:
    """The RTX payload (RFC 4588 section 8.1) that repeats the chosen one, None without one."""
    for payload in _payloads(section, among=_RETRANSMISSION):
        repeats = payload.parameters.get("apt") == str(chosen.number) and payload.rate == chosen.rate
        if payload.name.lower() == "rtx" and repeats:
            return Payload(payload.number, "rtx", payload.rate, None, payload.parameters)
    return None


def _can_be_recorded(payload: Payload) -> bool:
    # RFC 9628 section 6: without a profile-id it is profile 0, 8 bits and 4:2:0, the one that plays everywhere.
    return payload.video_codec is not VideoCodec.VP9 or payload.parameters.get("profile-id", "0") == "0"


def _payloads(section: MediaSection, among: Sequence[int] = _DYNAMIC) -> list[Payload]:
    """The section's payload types that lie in `among`, in the order of its `m=` line, which is the sender's wish."""
    parameters = _parameters(section)
    by_number = {}
    for value in section.attributes("rtpmap"):
        match = _RTPMAP.fullmatch(value)
        if match is None:
            raise MalformedSdp("An a=rtpmap is not of the form <payload type> <name>/<rate>.")
        number = int(match["number"])
        by_number[str(number)] = Payload(
            number, match["name"], match["rate"], match["channels"], parameters.get(number, {})
        )
    listed = [by_number[format_] for format_ in section.formats if format_ in by_number]
    return [payload for payload in listed if payload.number in among]


def _parameters(section: MediaSection) -> dict[int, dict[str, str]]:
    found = (_FMTP.fullmatch(value) for value in section.attributes("fmtp"))
    return {int(match["number"]): _pairs(match["parameters"]) for match in found if match}


def _pairs(text: str) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
