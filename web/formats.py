"""How lengths, sizes and times are written for people."""

from datetime import UTC, datetime
from urllib.parse import quote

from markupsafe import Markup

_UNITS = ((86_400, "day", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))
"Seconds in a unit, its name, and the next smaller one."


def duration(milliseconds: int) -> str:
    """`3:17`, `1:02:03`; whole seconds, cut off, as a clock shows them."""
    minutes, seconds = divmod(int(milliseconds) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def lapse(milliseconds: int) -> str:
    """`0.4 s`, `42 s`, `3 min 17 s`, `2 h 5 min`, `3 days 4 h`: how long something took, cut off."""
    seconds = int(milliseconds) // 1000
    if seconds < 10:  # noqa: PLR2004  tenths matter where there are few of them
        return f"{milliseconds / 1000:.1f} s"
    for size, name, smaller, small_name in _UNITS:
        if seconds >= size:
            whole, rest = divmod(seconds, size)
            plural = "s" if name == "day" and whole > 1 else ""
            return f"{whole} {name}{plural}" + (f" {rest // smaller} {small_name}" if rest >= smaller else "")
    return f"{seconds} s"


def megabytes(size_bytes: int) -> str:
    """`12.5 MB`, a megabyte being 10^6 bytes; below a tenth of one, kilobytes."""
    if 0 < size_bytes < 100_000:  # noqa: PLR2004  a tenth of a megabyte
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def path_step(text: str) -> str:
    """A text as one step of a path: a session id may hold a slash, which is none of the path's own."""
    return quote(text, safe="")


def when(moment: datetime) -> Markup:
    """A `<time>` that a script turns into the reader's own zone and habits."""
    moment = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), moment.strftime("%d %b %Y, %H:%M UTC")
    )
