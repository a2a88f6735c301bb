"""What is sent with a recording made elsewhere, and what is said when it is stored."""

from typing import Literal

from web.schema.base import Schema


class UploadQuery(Schema):
    """What is to become of it; the same may be said in form fields before `video_file`."""

    replace: bool = False
    "It takes the place of the recording that there is; HR alone may say so."
    finish: bool = True
    "That was all of the interview. False: it stays open, and this is a part among others."


class UploadStored(Schema):
    """The recording is on the disk, and the database says so."""

    message: Literal["Video uploaded successfully"] = "Video uploaded successfully"
    path: str
    "Where it lies, relative to the data folder; while the interview is open, or its parts are being joined, the part."
    size_mb: float
    "MB of 10^6 bytes, two decimals, of what lies there."
