"""What is technically known of a recording, in the words of HR's page. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from web.schema.interviews import PartTold

_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdgA?(?:iOS)?/(\d+)")),
    ("Opera", re.compile(r"\bOPR/(\d+)")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d+)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"\b(?:Headless)?(?:Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"\bVersion/(\d+)[.\d]* (?:Mobile/\S+ )?Safari/")),
)
"The first that matches counts: most call themselves Chrome or Safari as well."
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Technical:
    """Of all parts together."""

    video_kbps: float | None
    "The picture's average; None where there is none."
    audio_kbps: float | None
    "The same of the sound."
    browsers: tuple[str, ...]
    "Each browser that recorded it, in order."


def technical(parts: Sequence[PartTold]) -> Technical:
    """Averages are weighed by the parts' lengths."""
    browsers = dict.fromkeys(browser_of(part.user_agent) for part in parts if part.user_agent)
    return Technical(
        _average([(part.video_kbps, part.duration_ms) for part in parts]),
        _average([(part.audio_kbps, part.duration_ms) for part in parts]),
        tuple(browsers),
    )


def browser_of(user_agent: str) -> str:
    """`Chrome 140, Windows`; what is not known by name is given as it is."""
    found = ((name, pattern.search(user_agent)) for name, pattern in _BROWSERS)
    browser = next((f"{name} {match[1]}" for name, match in found if match is not None), None)
    if browser is None:
        return user_agent[:60]
    system = next((name for token, name in _SYSTEMS if token in user_agent), None)
    return browser if system is None else f"{browser}, {system}"


def _average(measured: Sequence[tuple[float | None, int | None]]) -> float | None:
    known = [(kbps, length) for kbps, length in measured if kbps is not None and length]
    total = sum(length for _, length in known)
    return sum(kbps * length for kbps, length in known) / total if total else None
