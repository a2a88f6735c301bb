"""What is told of copies in other formats."""

from db.exports import ExportKind, ExportState
from web.schema.base import Moment, Schema


class ExportTold(Schema):
    """An MP4 of a recording, and how far it is."""

    kind: ExportKind
    state: ExportState
    "`none`: nobody asked for it, or it was kept long enough. `failed`: asking again tries again."
    progress: float
    "How much of it is made, 0 to 1."
    asked_at: Moment | None
    made_at: Moment | None
    kept_until: Moment | None
    "When it is removed; asking again makes it again."
    size_bytes: int | None
    url: str | None
    "Where it is downloaded; null until it is `ready`."
