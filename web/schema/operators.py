"""What operators are told."""

from web.schema.base import Schema


class Healthy(Schema):
    """The process answers."""

    healthy: bool


class Ready(Schema):
    """Whether interviews can be recorded now, and what each depends on."""

    ready: bool
    running: bool
    "The server is not about to end."
    database: bool
    "The database answers."
    migrations: bool
    "Its tables are those of this version."
    uploads: bool
    "The uploads folder is there and can be written to."
    room: bool
    "The disk has room."
    reasons: list[str]
    "Sentences for people, one for each that is false."
