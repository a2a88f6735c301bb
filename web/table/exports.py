"""Copies of recordings in other formats."""

from typing import Final

from db.models import JobRole
from signaling.aio.errors import PreconditionFailed
from web.api import exports, recordings
from web.endpoint import Content, Doc, Endpoint
from web.media import RangeNotSatisfiable
from web.problems import NotReady
from web.rights import Access, Scope
from web.schema.exports import ExportTold
from web.table.interviews import INTERVIEW

MP4: Final = Content("video/mp4")
_WATCH: Final = Access(role=JobRole.REVIEWER, scope=Scope.RECORDINGS_READ)

ENDPOINTS: Final = (
    Endpoint(
        "POST",
        f"{INTERVIEW}/exports/mp4",
        exports.ask_for_mp4,
        _WATCH,
        Doc(
            "Ask for the recording as an MP4",
            {200: ExportTold, 202: ExportTold},
            errors=(NotReady,),
            more="H.264 and AAC, which opens everywhere. 202: it is being made; ask again with GET how far it is. "
            "200: it is there. It is kept for a while (`work.keep_exports_days`) and made anew of another recording.",
        ),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/exports/mp4",
        exports.get_mp4,
        _WATCH,
        Doc("How far the MP4 is", {200: ExportTold}),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/exports/mp4/file",
        exports.download_mp4,
        _WATCH,
        Doc(
            "The MP4, with Range",
            {200: MP4, 206: MP4},
            errors=(NotReady, PreconditionFailed, RangeNotSatisfiable, recordings.FileMissing),
        ),
    ),
)
