"""What is asked of the ZIP of a selection."""

from typing import Annotated

from pydantic import Field

from web.schema.base import Schema

MOST_AT_ONCE = 500
"Interviews in one archive; an address grows with each."


class ArchiveAsked(Schema):
    """Which interviews."""

    id: Annotated[list[str], Field(min_length=1, max_length=MOST_AT_ONCE)]
    "A `session_id`; once for each interview, as in `?id=one&id=two`."
