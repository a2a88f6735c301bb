"""What is told of recordings and sounds."""

from web.schema.base import Schema


class SoundStored(Schema):
    """A question's sound, as it is stored now."""

    index: int
    "The question's, from 1."
    duration_ms: int
