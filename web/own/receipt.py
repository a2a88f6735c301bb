"""The receipt of a deletion: what a candidate can keep when nothing else is left. Pure.

It holds the interview's id and dates, and no name: whoever finds it learns nothing about anybody.
"""

from datetime import UTC, datetime

from web.languages import catalogue
from web.schema.own import OwnTold


def receipt(told: OwnTold, language: str) -> str | None:
    """Its text; None while neither was deletion asked for nor has it happened."""
    words = catalogue(language)["own"]["receipt"]
    if told.request is None and told.deleted_at is None:
        return None
    lines = [words["title"], "", words["interview"].format(id=told.session_id)]
    if told.request is not None:
        lines.append(words["requested"].format(date=written(told.request.requested_at)))
    if told.deleted_at is not None:
        lines += [words["deleted"].format(date=written(told.deleted_at)), "", words["what"], words["kept"]]
    elif told.hold is not None:
        lines += [words["held"].format(reason=told.hold.reason)]
    elif told.request is not None:
        lines.append(words["due"].format(date=written(told.request.due_at)))
    return "\n".join([*lines, ""])


def written(moment: datetime) -> str:
    """`2026-11-25 13:40 UTC`, the same for everybody."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
