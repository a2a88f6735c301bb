"""What is technically known of a recording, in the words of HR's page. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from web.browsers import with_version
from web.schema.interviews import PartTold


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
    browsers = dict.fromkeys(with_version(part.user_agent) for part in parts if part.user_agent)
    return Technical(
        _average([(part.video_kbps, part.duration_ms) for part in parts]),
        _average([(part.audio_kbps, part.duration_ms) for part in parts]),
        tuple(browsers),
    )


def _average(measured: Sequence[tuple[float | None, int | None]]) -> float | None:
    known = [(kbps, length) for kbps, length in measured if kbps is not None and length]
    total = sum(length for _, length in known)
    return sum(kbps * length for kbps, length in known) / total if total else None
