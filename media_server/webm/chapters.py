"""Chapters (RFC 9559 section 5.1.7): places with names, for players such as VLC and mpv."""

from collections.abc import Sequence
from typing import NamedTuple

from media_server.webm import ebml

EDITION_ENTRY = 0x45B9
EDITION_UID = 0x45BC
CHAPTER_ATOM = 0xB6
CHAPTER_UID = 0x73C4
CHAPTER_TIME_START = 0x91
CHAPTER_TIME_END = 0x92
CHAPTER_DISPLAY = 0x80
CHAP_STRING = 0x85
CHAP_LANGUAGE = 0x437C

_NS_PER_MS = 1_000_000
_LANGUAGE_UNKNOWN = "und"


class Chapter(NamedTuple):
    """One stretch of a recording that has a name."""

    start_ms: int
    "Where it begins, milliseconds."
    end_ms: int
    "Where it ends, milliseconds."
    title: str
    "What it is called."


def encode_chapters(chapters: Sequence[Chapter]) -> bytes:
    """Return the Chapters element; nothing when there is no chapter, since an empty one is not allowed."""
    if not chapters:
        return b""
    atoms = (_atom(uid, chapter) for uid, chapter in enumerate(chapters, start=1))
    return ebml.element(ebml.CHAPTERS, ebml.element(EDITION_ENTRY, ebml.uint(EDITION_UID, 1), *atoms))


def _atom(uid: int, chapter: Chapter) -> bytes:
    return ebml.element(
        CHAPTER_ATOM,
        ebml.uint(CHAPTER_UID, uid),
        ebml.uint(CHAPTER_TIME_START, chapter.start_ms * _NS_PER_MS),
        ebml.uint(CHAPTER_TIME_END, chapter.end_ms * _NS_PER_MS),
        ebml.element(
            CHAPTER_DISPLAY, ebml.text(CHAP_STRING, chapter.title), ebml.text(CHAP_LANGUAGE, _LANGUAGE_UNKNOWN)
        ),
    )
