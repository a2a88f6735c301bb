"""What lies beside a recording: previews, captions."""

from typing import Final

from db.models import JobRole
from signaling.aio.errors import PreconditionFailed, TooLarge, UnsupportedMediaType
from web.api import captions, previews, recordings
from web.endpoint import NOTHING, TEXT, Content, Doc, Endpoint
from web.limits import Limit
from web.media import RangeNotSatisfiable
from web.problems import InConflict, NotReady
from web.rights import Access, Scope
from web.schema.previews import PreviewsTold
from web.table.interviews import INTERVIEW

VTT: Final = Content("text/vtt", TEXT)
JPEG: Final = Content("image/jpeg")
_SENT: Final = (PreconditionFailed, RangeNotSatisfiable, recordings.FileMissing)
_WATCH: Final = Access(role=JobRole.REVIEWER, scope=Scope.RECORDINGS_READ)
_CHANGE: Final = Access(role=JobRole.RECRUITER, scope=Scope.RECORDINGS_WRITE)
_CAPTIONS: Final = f"{INTERVIEW}/captions.vtt"

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        f"{INTERVIEW}/previews.json",
        previews.get_index,
        _WATCH,
        Doc("Where the thumbnails lie in their sheet, and the waveform", {200: PreviewsTold}, (NotReady, *_SENT)),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/poster.jpg",
        previews.get_poster,
        _WATCH,
        Doc("A picture of the recording", {200: JPEG, 206: JPEG}, errors=(NotReady, *_SENT)),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/thumbnails.jpg",
        previews.get_thumbnails,
        _WATCH,
        Doc("Thumbnails of the recording in one sheet", {200: JPEG, 206: JPEG}, errors=(NotReady, *_SENT)),
    ),
    Endpoint(
        "GET",
        _CAPTIONS,
        captions.get_captions,
        _WATCH,
        Doc("What is said in the recording, as WebVTT", {200: VTT, 206: VTT}, errors=_SENT),
    ),
    Endpoint(
        "PUT",
        _CAPTIONS,
        captions.put_captions,
        _CHANGE,
        Doc(
            "Attach captions, in place of those that are there",
            {204: NOTHING},
            errors=(InConflict, TooLarge, UnsupportedMediaType, captions.BadCaptions),
            body=VTT,
        ),
        limit=Limit.UPLOADS,
    ),
    Endpoint("DELETE", _CAPTIONS, captions.delete_captions, _CHANGE, Doc("Take captions away", {204: NOTHING})),
)
