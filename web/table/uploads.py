"""Recordings that were made elsewhere."""

from typing import Final

from db.models import JobRole
from signaling.aio.errors import (
    BeingRecorded,
    ConsentMissing,
    InterviewOver,
    Malformed,
    OverCapacity,
    StorageFull,
    TooLarge,
    UnsupportedMediaType,
)
from web.api import uploads
from web.endpoint import Content, Doc, Endpoint
from web.gate import NotAllowed
from web.limits import Limit
from web.rights import Access, Scope
from web.schema.uploads import UploadQuery, UploadStored
from web.table.interviews import INTERVIEW

_FORM: Final = Content(
    "multipart/form-data",
    {
        "type": "object",
        "properties": {
            "replace": {"type": "boolean", "default": False},
            "finish": {"type": "boolean", "default": True},
            "video_file": {"type": "string", "format": "binary", "contentMediaType": "video/webm"},
        },
        "required": ["video_file"],
    },
)

ENDPOINTS: Final = (
    Endpoint(
        "POST",
        f"{INTERVIEW}/upload-video",
        uploads.upload_video,
        Access(candidate=True, role=JobRole.RECRUITER, scope=Scope.RECORDINGS_WRITE),
        Doc(
            "Hand in a recording that was made elsewhere",
            {200: UploadStored},
            errors=(
                *(Malformed, ConsentMissing, NotAllowed, BeingRecorded, InterviewOver, TooLarge),
                *(UnsupportedMediaType, uploads.NoRecording, OverCapacity, StorageFull),
            ),
            body=_FORM,
            query=UploadQuery,
            more="A WebM with VP8, VP9 or AV1 and Opus, as browsers' `MediaRecorder` makes it. It is looked at, written "
            "anew with its length and cues, its pictures and sound untouched, and is the whole interview, or with "
            "`finish=false` a part of it. Fields come before `video_file`, so that nothing is sent in vain.",
        ),
        limit=Limit.UPLOADS,
    ),
)
