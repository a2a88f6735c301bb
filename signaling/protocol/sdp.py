"""Session descriptions as lines (RFC 8866): cut into sections, bounded, nothing believed yet.

What an offer has to say is read by :mod:`signaling.protocol.offer`, what an answer gains by
:mod:`signaling.protocol.answer`.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

# Chromium's offer with every codec it has is 6 KB, with simulcast and 20 network interfaces 15 KB.
MAX_SDP_BYTES = 65_536
MAX_LINES = 2_000
MAX_SECTIONS = 16

_LINE = re.compile(r"[a-z]=[^\x00-\x1f\x7f\x85\u2028\u2029]*")
_MEDIA = re.compile(
    r"(?P<kind>[!-~]{1,32}) (?P<port>\d{1,5})(?:/\d{1,5})? (?P<protocol>[!-~]{1,64}) (?P<formats>[!-~ ]{1,1024})"
)

EOL = "\r\n"


class MalformedSdp(ValueError):  # noqa: N818  the field's word for it
    """The text is no session description. The message is a sentence of ours that people may see."""


class UnacceptableOffer(ValueError):  # noqa: N818  the field's word for it
    """Understood, and nothing we can record. The message is a sentence of ours that says what would work."""


@dataclass(frozen=True, slots=True)
class Section:
    """The lines before the first `m=`, or one media section without its `m=` line."""

    lines: tuple[str, ...]
    "As they stood, each `<letter>=<value>`."

    def attributes(self, name: str) -> list[str]:
        """The values of all `a=<name>:<value>` lines, in order; a flag without a value counts as an empty one."""
        flag, prefix = f"a={name}", f"a={name}:"
        return [line[len(prefix) :] for line in self.lines if line == flag or line.startswith(prefix)]

    def attribute(self, name: str) -> str | None:
        """The first of :meth:`attributes`, None without one."""
        return next(iter(self.attributes(name)), None)

    def has(self, name: str) -> bool:
        """Whether the attribute stands there at all."""
        return self.attribute(name) is not None


@dataclass(frozen=True, slots=True)
class MediaSection(Section):
    """One media section: its `m=` line taken apart, and what follows it."""

    kind: str
    "`audio`, `video`, `application`, or anything else that somebody thinks of."
    port: int
    "0 marks a section that is refused, or lives on another one's transport (`a=bundle-only`)."
    protocol: str
    "As in `UDP/TLS/RTP/SAVPF`."
    formats: tuple[str, ...]
    "Payload types for RTP, in the sender's order of preference."


@dataclass(frozen=True, slots=True)
class Description:
    """A whole session description, or a fragment of one."""

    session: Section
    "What stands before the first media section."
    media: tuple[MediaSection, ...]
    "The media sections in their order, which an answer must keep (RFC 3264 section 6)."


def read_description(text: str | bytes) -> Description:
    """Cut a session description into its sections. Raises :class:`MalformedSdp` and nothing else."""
    lines = read_lines(text)
    if lines[:1] != ["v=0"]:
        raise MalformedSdp("A session description begins with v=0.")
    return cut(lines)


def read_lines(text: str | bytes) -> list[str]:
    """The text's lines, ended by CRLF or LF, with empty ones at the end left out. Raises :class:`MalformedSdp`."""
    lines = _decoded(text).replace(EOL, "\n").rstrip("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise MalformedSdp(f"More than {MAX_LINES} lines are not taken.")
    for number, line in enumerate(lines, start=1):
        if _LINE.fullmatch(line) is None:
            raise MalformedSdp(f"Line {number} is not of the form <letter>=<value>.")
    return lines


def cut(lines: list[str]) -> Description:
    """Sort lines into sections. Raises :class:`MalformedSdp`."""
    starts = [index for index, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) > MAX_SECTIONS:
        raise MalformedSdp(f"More than {MAX_SECTIONS} media sections are not taken.")
    bounds = [*starts, len(lines)]
    media = tuple(_media_section(lines[start:end]) for start, end in pairwise(bounds))
    return Description(Section(tuple(lines[: bounds[0]])), media)


def _decoded(text: str | bytes) -> str:
    # One byte is at least one character's share, so the length of either bounds the work.
    if len(text) > MAX_SDP_BYTES:
        raise MalformedSdp(f"More than {MAX_SDP_BYTES} bytes are not taken.")
    if isinstance(text, str):
        return text
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise MalformedSdp("The text is not UTF-8.") from None


def _media_section(lines: list[str]) -> MediaSection:
    match = _MEDIA.fullmatch(lines[0][2:])
    if match is None:
        raise MalformedSdp("An m= line is not of the form <kind> <port> <protocol> <formats>.")
    return MediaSection(
        tuple(lines[1:]),
        kind=match["kind"],
        port=int(match["port"]),
        protocol=match["protocol"],
        formats=tuple(match["formats"].split()),
    )
