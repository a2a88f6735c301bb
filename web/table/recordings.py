"""What was recorded, and the sounds of questions and answers."""

from typing import Final

from db.models import JobRole
from signaling.aio.errors import PreconditionFailed, TooLarge, UnsupportedMediaType
from web.api import recordings, sounds
from web.endpoint import TEXT, Content, Doc, Endpoint
from web.limits import Limit
from web.media import RangeNotSatisfiable
from web.problems import InConflict, NotReady
from web.rights import Access, Scope
from web.schema.recordings import SoundStored
from web.table.interviews import INTERVIEW

WEBM: Final = Content("video/webm")
WAV: Final = Content("audio/wav")
SENT: Final = (PreconditionFailed, RangeNotSatisfiable, recordings.FileMissing)
"What can be wrong with any file that is sent, whole or a stretch of it (RFC 9110)."
_WATCH: Final = Access(role=JobRole.REVIEWER, scope=Scope.RECORDINGS_READ)

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        f"{INTERVIEW}/parts/{{number}}",
        recordings.get_part,
        _WATCH,
        Doc("One part, with Range", {200: WEBM, 206: WEBM}, errors=(NotReady, recordings.PartJoined, *SENT)),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/video/download",
        recordings.download,
        _WATCH,
        Doc("The recording, with Range", {200: WEBM, 206: WEBM}, errors=(NotReady, *SENT)),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/chapters.vtt",
        recordings.chapters,
        _WATCH,
        Doc("Where each question and take begins in the recording", {200: Content("text/vtt", TEXT)}),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/questions/{{index}}/sound",
        sounds.get_question_sound,
        Access(candidate=True, role=JobRole.REVIEWER, scope=Scope.INTERVIEWS_READ),
        Doc("A question as it is spoken, with Range", {200: WAV, 206: WAV}, errors=SENT),
    ),
    Endpoint(
        "PUT",
        f"{INTERVIEW}/questions/{{index}}/sound",
        sounds.put_question_sound,
        Access(role=JobRole.RECRUITER, scope=Scope.INTERVIEWS_WRITE),
        Doc(
            "Hand in a question as it is spoken, before the interview begins",
            {200: SoundStored},
            errors=(InConflict, TooLarge, UnsupportedMediaType, sounds.NoSound),
            body=WAV,
        ),
        limit=Limit.UPLOADS,
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/answers/{{index}}/sound",
        sounds.get_answer_sound,
        _WATCH,
        Doc("The chosen take of an answer, with Range", {200: WAV, 206: WAV}, errors=SENT),
    ),
)
