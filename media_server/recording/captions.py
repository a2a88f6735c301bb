"""Whether a text is WebVTT with captions in it, strictly enough that every player shows the same. Pure.

https://www.w3.org/TR/webvtt1/
"""

import re
from typing import Final

LONGEST_OCTETS: Final = 1_000_000
"Hours of speech have less than a tenth of it."
_TIME: Final = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+\S.*)?[ \t]*")
_NOT_A_CUE: Final = ("NOTE", "STYLE", "REGION")


class NoCaptions(ValueError):  # noqa: N818  it says what is wrong
    """It is no WebVTT that is taken; the message says where it goes wrong."""


def checked(octets: bytes) -> str:
    """The text of a WebVTT file with at least one caption, its lines ended alike. Raises NoCaptions."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoCaptions("It is not UTF-8.") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise NoCaptions("There is a NUL in it.")
    lines = text.split("\n")
    if re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]) is None:
        raise NoCaptions("The first line is not WEBVTT.")
    blocks = re.split(r"\n{2,}", text.rstrip("\n"))
    found = sum(_is_cue(block) for block in blocks[1:])
    if not found:
        raise NoCaptions("There are no captions in it.")
    return text


def _is_cue(block: str) -> bool:
    lines = block.strip("\n").split("\n")
    if not lines[0].strip() or lines[0].split()[0] in _NOT_A_CUE:
        return False
    timing = next((line for line in lines[:2] if "-->" in line), None)
    if timing is None:
        raise NoCaptions(f"This says no time: {lines[0][:60]}")
    match = _TIMING.fullmatch(timing)
    if match is None:
        raise NoCaptions(f"This is no time: {timing[:60]}")
    values = match.groups()
    if _ms(*values[:4]) >= _ms(*values[4:]):
        raise NoCaptions(f"This ends before it begins: {timing[:60]}")
    return True


def _ms(hours: str | None, minutes: str, seconds: str, thousandths: str) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)
