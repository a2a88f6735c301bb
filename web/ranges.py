"""Conditional and range requests for one file (RFC 9110, sections 13 and 14)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_SINGLE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,19})[ \t]*-[ \t]*([0-9]{0,19})", re.IGNORECASE | re.ASCII)
_ENTITY_TAG = re.compile(r'(?:W/)?"[!#-~\x80-\xff]*"')


@dataclass(frozen=True, slots=True)
class FileVersion:
    """What identifies a file's present content."""

    size: int
    "Bytes."
    entity_tag: str
    "Strong, with its quotes: other content has another one."
    modified: datetime
    "When the content last changed."

    @property
    def last_modified(self) -> str:
        """As HTTP writes it."""
        return format_datetime(self.modified.astimezone(UTC).replace(microsecond=0), usegmt=True)


@dataclass(frozen=True, slots=True)
class Whole:
    """200, all of it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """206, this part of it."""

    first: int
    "The first byte's position."
    last: int
    "The last byte's position, itself included."


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """416, the file does not reach that far."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """304, the client has it already."""


@dataclass(frozen=True, slots=True)
class Changed:
    """412, the client means another content."""


Selection = Whole | Stretch | Unsatisfiable | Unchanged | Changed


def select(headers: Mapping[str, str], version: FileVersion) -> Selection:
    """What a GET or HEAD with these headers gets, in the order of section 13.2.2. Raises nothing."""
    if_match = headers.get("If-Match")
    if if_match is not None and not _lists(if_match, version.entity_tag):
        return Changed()
    if_none_match = headers.get("If-None-Match")
    if if_none_match is not None and _lists(if_none_match.replace("W/", ""), version.entity_tag):
        return Unchanged()
    asked = headers.get("Range")
    if asked is None or not _range_applies(headers.get("If-Range"), version):
        return Whole()
    return _select_range(asked, version.size)


def _lists(field: str, entity_tag: str) -> bool:
    return field.strip() == "*" or entity_tag in _ENTITY_TAG.findall(field)


def _range_applies(if_range: str | None, version: FileVersion) -> bool:
    # Section 13.1.5: an entity tag is compared strongly, a date exactly.
    if if_range is None or if_range.strip() == version.entity_tag:
        return True
    try:
        return parsedate_to_datetime(if_range) == version.modified.astimezone(UTC).replace(microsecond=0)
    except ValueError:
        return False


def _select_range(asked: str, size: int) -> Selection:
    # Several ranges, other units and nonsense may be ignored (section 14.2): the answer is the whole file.
    match = _SINGLE.fullmatch(asked.strip())
    if match is None or match.groups() == ("", ""):
        return Whole()
    first, last = match.groups()
    if first == "":
        return _suffix(int(last), size)
    if last != "" and int(last) < int(first):
        return Whole()
    if int(first) >= size:
        return Unsatisfiable()
    return Stretch(int(first), min(int(last), size - 1) if last else size - 1)


def _suffix(length: int, size: int) -> Selection:
    if length == 0 or size == 0:
        return Unsatisfiable()
    return Stretch(max(0, size - length), size - 1)
