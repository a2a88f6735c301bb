"""What can be wrong with a request, as RFC 9457 names it. `web` turns each into a problem document."""

from collections.abc import Mapping
from typing import ClassVar


class Problem(Exception):  # noqa: N818  RFC 9457's name for it
    """A refusal. `detail` is a sentence of ours for people; no exception's text ever goes into it."""

    status: ClassVar[int] = 500
    "The HTTP status code."
    name: ClassVar[str] = "internal"
    "The stable last part of the problem's `type`."
    title: ClassVar[str] = "Something went wrong on our side"
    "The same for every occurrence."

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        "What the response carries besides, as in Retry-After."

    @property
    def type(self) -> str:
        """The problem's `type`, a relative reference that stays the same for ever."""
        return f"/problems/{self.name}"

    def document(self) -> dict[str, str | int]:
        """The body of an `application/problem+json` response."""
        return {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail}


class Malformed(Problem):
    """The request cannot be understood."""

    status, name, title = 400, "malformed", "The request could not be understood"


class Unauthorised(Problem):
    """No token, or none that counts."""

    status, name, title = 401, "unauthorised", "Please sign in, or open your link again"

    def __init__(self, detail: str = "The link or token is missing, unknown, expired or revoked.") -> None:
        super().__init__(detail, {"WWW-Authenticate": "Bearer"})


class ConsentMissing(Problem):
    """Nobody has agreed to be recorded yet."""

    status, name, title = 403, "consent-missing", "Consent comes first"


class UnknownInterview(Problem):
    """There is no such interview, or it is someone else's; the two are never told apart."""

    status, name, title = 404, "not-found", "Not found"


class InterviewOver(Problem):
    """It was finished, it expired, or it was withdrawn: nothing more is recorded."""

    status, name, title = 409, "finished", "The interview is over"


class Stalled(Problem):
    """Nothing came for a long time, or too little."""

    status, name, title = 408, "stalled", "Nothing was sent for too long"


class BeingRecorded(Problem):
    """Somebody is recording it right now; a recording made elsewhere cannot be added meanwhile."""

    status, name, title = 409, "being-recorded", "This interview is being recorded right now"


class Superseded(Problem):
    """A newer page records this interview."""

    status, name, title = 409, "superseded", "Another page records this interview now"


class NothingRecorded(Problem):
    """Nothing was recorded yet, so there is nothing to finish."""

    status, name, title = 409, "nothing-recorded", "Nothing was recorded yet"


class QuestionsAreOurs(Problem):
    """A mark for an interview whose questions are asked, and marked, by us."""

    status, name, title = 409, "questions-are-ours", "This interview marks its questions by itself"


class PreconditionFailed(Problem):
    """`If-Match` names another ICE session than the present one."""

    status, name, title = 412, "precondition-failed", "The entity tag does not match"


class TooLarge(Problem):
    """More bytes than anybody needs."""

    status, name, title = 413, "too-large", "The request is too large"


class UnsupportedMediaType(Problem):
    """Another content type than the one this URL takes."""

    status, name, title = 415, "unsupported-media-type", "This content type is not taken here"


class Unacceptable(Problem):
    """Understood, and nothing we can record."""

    status, name, title = 422, "unacceptable-offer", "This offer cannot be recorded"


class RestartUnsupported(Problem):
    """An ICE restart. The session goes on as it was."""

    status, name, title = 422, "ice-restart-unsupported", "ICE restarts are not supported"


class PreconditionRequired(Problem):
    """A PATCH without `If-Match`."""

    status, name, title = 428, "precondition-required", "If-Match is required"


class TooOften(Problem):
    """More requests than a person makes."""

    status, name, title = 429, "too-often", "Too many requests"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Please wait {retry_after_s} s and try again.", {"Retry-After": str(retry_after_s)})


class OverCapacity(Problem):
    """As many interviews as this server can record are running, or it is stopping."""

    status, name, title = 503, "over-capacity", "This server cannot record another interview now"

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail, {"Retry-After": str(retry_after_s)})


class StorageFull(Problem):
    """The disk has no room for another part."""

    status, name, title = 507, "disk-full", "The server's disk is full"
