"""What a sender offers, and the part of it that we take.

The offer goes on to the WebRTC stack *narrowed*: written anew from the few things that were read and checked here, so
that what somebody else thinks of tomorrow (or a line made to harm) never reaches it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from media_server.rtp import transport_feedback, video_timing
from media_server.rtp.packet import VideoCodec
from signaling.protocol.codecs import Payload, choose_opus, choose_picture, retransmission_of
from signaling.protocol.ice import IceCredentials
from signaling.protocol.sdp import (
    EOL,
    Description,
    MalformedSdp,
    MediaSection,
    Section,
    UnacceptableOffer,
    read_description,
)
from signaling.protocol.transport import Transport, mid_of

WISHES = (VideoCodec.VP9, VideoCodec.VP8)
"VP9 gives more picture at the cap; VP8 is what everybody has."

WHAT_WORKS = "What works: VP9 (profile 0) or VP8 for the picture, Opus for the sound."

# Everything else costs bytes in each packet and is not used; `urn:3gpp:video-orientation` would even do harm, since a
# phone that may send it records sideways.
HEADER_EXTENSIONS = frozenset(
    {"urn:ietf:params:rtp-hdrext:sdes:mid", transport_feedback.EXTENSION_URI, video_timing.EXTENSION_URI}
)
FEEDBACK = frozenset({"nack", "nack pli", "goog-remb", "transport-cc"})

_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_EXTENSION = re.compile(r"(?P<id>[1-9]|1[0-4])(?:/(?:sendrecv|sendonly))? (?P<uri>[!-~]{1,255})(?: [!-~ ]*)?")
_SSRC = re.compile(r"(\d{1,10})(?: [!-~ ]*)?")
_SSRC_MAX = 2**32 - 1


def preferring(first: VideoCodec | None, wishes: Sequence[VideoCodec]) -> tuple[VideoCodec, ...]:
    """The wishes with an interview's first picture codec in front: parts of one codec are joined without encoding."""
    return tuple(sorted(wishes, key=lambda codec: codec is not first))


@dataclass(frozen=True, slots=True)
class OfferedSection:
    """One media section of the offer; the answer needs one for each, in the same order."""

    kind: str
    "`audio`, `video`, or what we refuse."
    protocol: str
    "To be repeated in a refusal."
    formats: tuple[str, ...]
    "To be repeated in a refusal."
    mid: str | None
    "The section's name."
    taken: bool
    "Whether it is in the narrowed offer."


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that can be recorded."""

    narrowed: str
    "What goes on to the WebRTC stack: one audio, one video or both, one codec each, nothing we do not take."
    video_codec: VideoCodec | None
    "The picture codec that was chosen, None for sound alone."
    has_sound: bool
    "Whether there is an Opus track."
    setup: str
    "The sender's wish for the DTLS roles: `actpass`, `active` or `passive`."
    ice: IceCredentials
    "Trickled candidates must carry the same ones."
    sections: tuple[OfferedSection, ...]
    "All of the offer's sections, the refused ones too."
    bundled: bool
    "Whether the offer had a BUNDLE group; an answer may have one only then (RFC 9143 section 7.3)."

    @property
    def transport_mid(self) -> str:
        """The section whose transport carries everything; trickled candidates belong there."""
        return next(section.mid or "" for section in self.sections if section.taken)


def read_offer(text: str | bytes, wishes: Sequence[VideoCodec] = WISHES) -> Offer:
    """Read an SDP offer (RFC 8829, RFC 9725 section 4.2) and narrow it to what is recorded.

    `wishes` orders the picture codecs, best first. Raises :class:`MalformedSdp` when the text cannot be understood and
    :class:`UnacceptableOffer` when it can, but asks for what we do not do.
    """
    description = read_description(text)
    taken = _taken_sections(description)
    transport = Transport(description, taken)
    tracks = [_track(section, wishes) for section in taken]
    picture = next((track.payload.video_codec for track in tracks if track.payload.video_codec), None)
    return Offer(
        narrowed=_narrowed(tracks, transport),
        video_codec=picture,
        has_sound=any(track.section.kind == "audio" for track in tracks),
        setup=transport.setup,
        ice=transport.ice,
        sections=tuple(_offered(section, section in taken) for section in description.media),
        bundled=bool(transport.group),
    )


def _taken_sections(description: Description) -> list[MediaSection]:
    offered = [section for section in description.media if _is_alive(section)]
    taken = [section for section in offered if section.kind in {"audio", "video"}]
    if not taken:
        raise UnacceptableOffer(f"The offer has neither sound nor picture. {WHAT_WORKS}")
    for kind, name in (("audio", "sound"), ("video", "picture")):
        if sum(section.kind == kind for section in taken) > 1:
            raise UnacceptableOffer(f"The offer has more than one {name}; an interview has one of each.")
    for section in taken:
        _check_section(section, description.session)
    return taken


def _is_alive(section: MediaSection) -> bool:
    # RFC 9143 section 6: port 0 with bundle-only is a live section on another one's transport.
    return section.port != 0 or section.has("bundle-only")


def _check_section(section: MediaSection, session: Section) -> None:
    if _direction(section, session) not in {"sendonly", "sendrecv"}:
        raise UnacceptableOffer(
            "Sound and picture must be offered as sendonly (or sendrecv): this server only records."
        )
    if not section.has("rtcp-mux"):
        raise UnacceptableOffer("RTP and RTCP must share one port (a=rtcp-mux).")
    if "SAVP" not in section.protocol:
        raise UnacceptableOffer("Media must be offered with DTLS and SRTP, as UDP/TLS/RTP/SAVPF.")


def _direction(section: MediaSection, session: Section) -> str:
    for place in (section, session):
        for direction in _DIRECTIONS:
            if place.has(direction):
                return direction
    return "sendrecv"  # RFC 8866 section 6.7


def _offered(section: MediaSection, taken: bool) -> OfferedSection:
    return OfferedSection(section.kind, section.protocol, section.formats, mid_of(section), taken)


@dataclass(frozen=True, slots=True)
class _Track:
    section: MediaSection
    payload: Payload
    retransmission: Payload | None


def _track(section: MediaSection, wishes: Sequence[VideoCodec]) -> _Track:
    payload = choose_opus(section) if section.kind == "audio" else choose_picture(section, wishes)
    if payload is None:
        name = "sound" if section.kind == "audio" else "picture"
        raise UnacceptableOffer(f"None of the codecs offered for the {name} can be recorded. {WHAT_WORKS}")
    return _Track(section, payload, retransmission_of(payload, section))


def _narrowed(tracks: list[_Track], transport: Transport) -> str:
    lines = ["v=0", "o=- 0 0 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    if transport.group:
        lines.append("a=group:BUNDLE " + " ".join(mid_of(track.section) or "" for track in tracks))
    for track in tracks:
        lines += [*_media_lines(track), *_transport_lines(transport)]
    return EOL.join(lines) + EOL


def _media_lines(track: _Track) -> list[str]:
    section, payloads = track.section, [payload for payload in (track.payload, track.retransmission) if payload]
    lines = [
        f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(str(payload.number) for payload in payloads)}",
        "c=IN IP4 0.0.0.0",
        "a=sendonly",
        "a=rtcp-mux",
    ]
    if mid := mid_of(section):
        lines.append(f"a=mid:{mid}")
    lines += [f"a=extmap:{number} {uri}" for number, uri in _header_extensions(section)]
    lines += [line for payload in payloads for line in payload.lines()]
    lines += [f"a=rtcp-fb:{track.payload.number} {wish}" for wish in _feedback(section, track.payload)]
    return lines + _source_lines(section, paired=track.retransmission is not None)


def _transport_lines(transport: Transport) -> list[str]:
    lines = [f"a=ice-ufrag:{transport.ice.ufrag}", f"a=ice-pwd:{transport.ice.pwd}", f"a=setup:{transport.setup}"]
    lines += [f"a=fingerprint:{fingerprint}" for fingerprint in transport.fingerprints]
    # No end-of-candidates: browsers behind mDNS names are learnt from their checks, after the last candidate.
    return lines + [f"a=candidate:{candidate}" for candidate in transport.candidates]


def _header_extensions(section: MediaSection) -> list[tuple[str, str]]:
    found = (_EXTENSION.fullmatch(value) for value in section.attributes("extmap"))
    return [(match["id"], match["uri"]) for match in found if match and match["uri"] in HEADER_EXTENSIONS]


def _feedback(section: MediaSection, payload: Payload) -> list[str]:
    offered = [value.partition(" ") for value in section.attributes("rtcp-fb")]
    wishes = [wish for number, _, wish in offered if number in {"*", str(payload.number)}]
    return [wish for wish in dict.fromkeys(wishes) if wish in FEEDBACK]


def _source_lines(section: MediaSection, *, paired: bool) -> list[str]:
    """The stream's SSRC and, second, its retransmission's: aiortc pairs them by this order alone."""
    pairs = [value.split()[1:] for value in section.attributes("ssrc-group") if value.startswith("FID ")]
    if paired and pairs and len(pairs[0]) == 2:  # noqa: PLR2004  a pair
        sources = pairs[0]
    else:
        sources = [value.split(" ")[0] for value in section.attributes("ssrc")][:1]
    if any(_SSRC.fullmatch(source) is None or int(source) > _SSRC_MAX for source in sources):
        raise MalformedSdp("An SSRC is not a number of 32 bits.")
    group = [f"a=ssrc-group:FID {' '.join(sources)}"] if len(sources) > 1 else []
    return group + [f"a=ssrc:{source} cname:offer" for source in sources]
