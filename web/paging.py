"""Cursors: where the next page of a list begins, as a text that travels and comes back."""

import base64
import binascii
import json
from typing import Annotated, Final

from pydantic import Field

from signaling.aio.errors import Malformed
from web.schema.base import Schema

MOST: Final = 200
"As many rows are told at once."
USUAL: Final = 50
"As many, unless somebody says otherwise."
LONGEST: Final = 2_000
"No cursor of ours is longer; a longer one is not looked at."

Position = tuple[str | int, str | int]
"The sorted value of the last row that was told, and its id, which is unique."


class PageQuery(Schema):
    """What every list takes in its query."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = USUAL
    "How many at once."
    cursor: Annotated[str, Field(max_length=LONGEST)] | None = None
    "`next_cursor` of the page before, with everything else as it was."


def cursor_of(position: Position | None, order: str) -> str | None:
    """The cursor of a position in a list that is ordered as `order` says; None after the last page."""
    if position is None:
        return None
    text = json.dumps([order, *position], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(cursor: str | None, order: str) -> Position | None:
    """The position that a cursor holds. Raises Malformed for what is none, or belongs to another order."""
    if not cursor:
        return None
    try:
        read = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise _refusal() from None
    match read:
        case [told, str() | int() as value, str() | int() as row_id] if told == order:
            if all(map(_can_be_looked_for, (value, row_id))):
                return value, row_id
    raise _refusal()


def number_of(cursor: str | None, order: str) -> int | None:
    """The id that a cursor of a list of numbered rows holds. Raises Malformed like :func:`position_of`."""
    position = position_of(cursor, order)
    if position is None:
        return None
    if not isinstance(position[1], int):
        raise _refusal()
    return position[1]


def _can_be_looked_for(value: str | int) -> bool:
    """Whether SQLite takes it: its integers end somewhere, and half a surrogate pair is no text."""
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    return not isinstance(value, bool) and abs(value) < 2**63


def _refusal() -> Malformed:
    return Malformed("This cursor does not belong to this list. Begin again without one.")
