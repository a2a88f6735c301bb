"""What the WebM rooms ask the disk to do. One module in the shell carries it out, in order."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Write:
    """Put these bytes there."""

    position: int
    "Byte offset from the start of the file."
    data: bytes
    "What to write."


@dataclass(frozen=True, slots=True)
class Sync:
    """A barrier: everything written so far is on the disk before anything after it is written."""


@dataclass(frozen=True, slots=True)
class Truncate:
    """Cut the file to this length."""

    length: int
    "Bytes that stay."


FileAction = Write | Sync | Truncate
