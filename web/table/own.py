"""The candidate's own page, afterwards, and what HR does about it."""

from typing import Final

from db.models import JobRole
from signaling.aio.errors import PreconditionFailed, TooOften
from web.api import deletion_requests, own, recordings
from web.endpoint import NOTHING, TEXT, Content, Doc, Endpoint
from web.media import RangeNotSatisfiable
from web.own.visits import CodeUsedUp, MailNotTaken, NoMail, NotReleased, WrongCode
from web.problems import InConflict, NotReady
from web.rights import Access, Scope
from web.schema.own import CodeSent, OwnTold, OwnUnlock, OwnUnlocked, ReleaseTold, ReleaseWanted
from web.table.interviews import INTERVIEW

_CANDIDATE: Final = Access(candidate=True)
_VISITOR: Final = Access(own=True)
_WEBM: Final = Content("video/webm")

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        f"{INTERVIEW}/own",
        own.show,
        _CANDIDATE,
        Doc(
            "What is stored of an interview that is over, and until when",
            {200: OwnTold},
            errors=(own.NotOver,),
            more="After deletion its dates alone are told, for good.",
        ),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/own/receipt",
        own.show_receipt,
        _CANDIDATE,
        Doc(
            "The receipt of a deletion, or of the request for one",
            {200: Content("text/plain", TEXT)},
            errors=(own.NotOver, NotReady),
        ),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/deletion-request",
        own.ask_for_deletion,
        _CANDIDATE,
        Doc(
            "The candidate asks for deletion; repeating it is harmless",
            {202: OwnTold},
            errors=(own.NotOver,),
            more="HR is told at once. After 30 days it is granted by itself, unless the interview is on legal hold.",
        ),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/deletion-request/grant",
        deletion_requests.grant,
        Access(role=JobRole.OWNER, scope=Scope.INTERVIEWS_DELETE),
        Doc("Delete the interview now, as its candidate asked", {204: NOTHING}, errors=(InConflict,)),
    ),
    Endpoint(
        "PUT",
        f"{INTERVIEW}/own/release",
        deletion_requests.release,
        Access(role=JobRole.RECRUITER, scope=Scope.INTERVIEWS_WRITE),
        Doc(
            "Let the candidate see their own recording without an e-mailed code, or no longer",
            {200: ReleaseTold},
            body=ReleaseWanted,
        ),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/own/code",
        own.send_code,
        _CANDIDATE,
        Doc(
            "E-mail a code to the candidate",
            {202: CodeSent},
            errors=(InConflict, NoMail, TooOften, MailNotTaken),
            more="Six digits, good for ten minutes and five tries; one a minute and eight a day at most.",
        ),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/own/unlock",
        own.unlock,
        _CANDIDATE,
        Doc(
            "Let this browser in to the recording, for an hour",
            {200: OwnUnlocked},
            errors=(InConflict, WrongCode, CodeUsedUp, NotReleased),
            body=OwnUnlock,
            more="The answer sets a cookie for the two addresses below; the link's token does not open them.",
        ),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/own/recording",
        own.get_recording,
        _VISITOR,
        Doc(
            "One's own recording, with Range",
            {200: _WEBM, 206: _WEBM},
            errors=(NotReady, PreconditionFailed, RangeNotSatisfiable, recordings.FileMissing),
        ),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/own/export.zip",
        own.export,
        _VISITOR,
        Doc("Everything that is stored about the candidate", {200: Content("application/zip")}),
    ),
)
