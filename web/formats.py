"""How lengths, sizes and times are written for people."""

from datetime import UTC, datetime

from markupsafe import Markup


def duration(milliseconds: int) -> str:
    """`3:17`, `1:02:03`; whole seconds, cut off, as a clock shows them."""
    minutes, seconds = divmod(int(milliseconds) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def megabytes(size_bytes: int) -> str:
    """`12.5 MB`, a megabyte being 10^6 bytes; below a tenth of one, kilobytes."""
    if 0 < size_bytes < 100_000:  # noqa: PLR2004  a tenth of a megabyte
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def when(moment: datetime) -> Markup:
    """A `<time>` that a script turns into the reader's own zone and habits."""
    moment = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), moment.strftime("%d %b %Y, %H:%M UTC")
    )
