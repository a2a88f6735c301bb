"""What the doctor says."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line."""

    level: Level
    "How bad it is."
    what: str
    "What was looked at, a few words."
    said: str
    "What was found."
    remedy: str = ""
    "What to do about it; empty when it is fine."


def ok(what: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(Level.OK, what, said)


def warn(what: str, said: str, remedy: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(Level.WARN, what, said, remedy)


def fail(what: str, said: str, remedy: str) -> Finding:
    """Interviews cannot be recorded, or something recorded is in danger."""
    return Finding(Level.FAIL, what, said, remedy)
