"""What can go wrong with a request, and what becomes of each error: a problem document (RFC 9457) or a plain page."""

import errno
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web as aioweb

from db.errors import Conflict, DatabaseAway, DatabaseBusy, DiskFull, Missing, NotFound, NothingRecorded
from db.holds import OnHold
from db.states import IllegalTransition
from media_server.aio.worker_process import WorkerKilled
from signaling.aio import errors
from signaling.aio.errors import Problem
from web.notices import lacking_sentence

RETRY_AFTER_S = 5
"What Retry-After says while another process writes to the database, or the disk does not answer."

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"What a disk says that takes nothing more."
NOT_THERE: Final = frozenset(
    {errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.EROFS, errno.ENOENT}
)
"What a disk says that has failed, was unmounted, or does not hold what a row names."


class NoSuchPage(Problem):
    """No route of ours."""

    status, name, title = 404, "not-found", "Not found"


class MethodNotAllowed(Problem):
    """The route exists, the method does not."""

    status, name, title = 405, "method-not-allowed", "This method is not taken here"


class FromElsewhere(Problem):
    """Another site's page sent a signed-in person's browser here (cross-site request forgery)."""

    status, name, title = 403, "cross-site", "This request came from another site"


class NotReady(Problem):
    """The recording, or this part of it, is still being written or joined."""

    status, name, title = 409, "not-ready", "The recording is not ready yet"


class InConflict(Problem):
    """What was asked for contradicts what is there."""

    status, name, title = 409, "conflict", "This cannot be done now"


class HeldBack(Problem):
    """Somebody keeps the interview from being deleted."""

    status, name, title = 409, "on-hold", "This interview is on legal hold"


class UnknownNotice(Problem):
    """Consent to a notice that is not the present one."""

    status, name, title = 422, "unknown-notice", "This is not the present notice"


class IncompleteNotice(Problem):
    """Nobody is invited while candidates would not be told all that they have to be told."""

    status, name, title = 409, "notice-incomplete", "The notice for candidates is not complete"

    def __init__(self, lacking: tuple[Missing, ...], page: str) -> None:
        super().__init__(
            f"Nobody can be invited for this job yet: its notice does not say {lacking_sentence(lacking)}. "
            f"Fill it in at {page}."
        )
        self.lacking, self.page = lacking, page

    def document(self) -> dict[str, Any]:
        """The problem document, with one entry for each field, and where it is filled in."""
        missing = [{"field": each.field, "language": each.language} for each in self.lacking]
        return {**super().document(), "missing": missing, "page": self.page}


class Busy(Problem):
    """The database could not be written in time."""

    status, name, title = 503, "busy", "The server is busy"

    def __init__(self) -> None:
        super().__init__("Nothing was changed. Please try again in a moment.", {"Retry-After": str(RETRY_AFTER_S)})


class NotLookedAt(Problem):
    """The process that was to look at what was sent was ended from outside, twice."""

    status, name, title = 503, "not-looked-at", "The server had no room to look at it"

    def __init__(self) -> None:
        super().__init__("Nothing was stored. Please send it again in a moment.", {"Retry-After": str(RETRY_AFTER_S)})


class StorageAway(Problem):
    """The disk, or the database on it, cannot be read or written."""

    status, name, title = 503, "storage-away", "The server's storage does not answer"

    def __init__(self) -> None:
        super().__init__(
            "What was saved before stays saved, and nothing else was changed. Please try again in a moment.",
            {"Retry-After": str(RETRY_AFTER_S)},
        )


class Internal(Problem):
    """A fault of ours; the log has it."""

    def __init__(self) -> None:
        super().__init__("It was written down. What was saved before stays saved. Please try again in a moment.")


_ANSWERS: tuple[tuple[type[Exception], Callable[[], Problem]], ...] = (
    (NotFound, lambda: errors.UnknownInterview("There is nothing here, or nothing that you may see.")),
    (NothingRecorded, lambda: errors.NothingRecorded("Nothing has been recorded yet, so there is nothing to finish.")),
    (Conflict, lambda: InConflict("It contradicts what is already there. Nothing was changed.")),
    (IllegalTransition, lambda: errors.InterviewOver("Its state does not allow this any more. Nothing was changed.")),
    (DatabaseBusy, Busy),
    (DatabaseAway, StorageAway),
    (WorkerKilled, NotLookedAt),
    (DiskFull, lambda: errors.StorageFull("Nothing was changed. What was saved before stays saved.")),
)
"The first that fits counts: a class stands before its parents."


def problem_of(error: Exception) -> Problem | None:
    """What an error means to whoever asked, by its type; None for a fault of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, aioweb.HTTPException):
        return _of_status(error)
    if isinstance(error, OnHold):
        return HeldBack(f"Nothing was deleted or replaced. It is kept until it is released: {error.reason}")
    if isinstance(error, OSError):
        return _of_disk(error)
    return next((answer() for kind, answer in _ANSWERS if isinstance(error, kind)), None)


def _of_disk(error: OSError) -> Problem | None:
    if error.errno in NO_ROOM:
        return errors.StorageFull("There is no room for it. What was saved before stays saved.")
    return StorageAway() if error.errno in NOT_THERE else None


def _of_status(error: aioweb.HTTPException) -> Problem | None:
    match error.status:
        case 403 | 404:  # aiohttp's own 403 is for a folder of static files
            return NoSuchPage("There is nothing at this address.")
        case 405:
            allowed = {"Allow": error.headers.get("Allow", "")}
            return MethodNotAllowed("This address takes other methods; the Allow header names them.", allowed)
        case 413:
            return errors.TooLarge("The request holds more than this address takes.")
        case status if 400 <= status < 500:  # noqa: PLR2004  the client's errors
            return errors.Malformed("The request could not be read.")
        case _:
            return None
