"""What operators are told."""

from web.schema.base import Schema


class Healthy(Schema):
    """The process answers."""

    healthy: bool


class Ready(Schema):
    """Whether interviews can be recorded now, and what each depends on."""

    ready: bool
    database: bool
    "The database answers."
    room: bool
    "The disk has room."
