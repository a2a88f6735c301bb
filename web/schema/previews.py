"""What a recording looks and sounds like at a glance."""

from web.schema.base import Schema


class SheetTold(Schema):
    """How thumbnails lie in their sheet, row by row."""

    interval_ms: int
    "The first shows the recording at 0, the next one so much later."
    count: int
    columns: int
    "How many lie side by side."
    width: int
    "Pixels of each."
    height: int
    "Pixels of each."


class PreviewsTold(Schema):
    """Where the thumbnails lie, and the waveform."""

    duration_ms: int
    sheet: SheetTold | None
    "Null where the recording has no picture."
    peaks: list[int]
    "The loudest sample of each stretch, 0 to 255; the stretches are equally long and fill the recording. Empty without sound."
