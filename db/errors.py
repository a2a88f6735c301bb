"""What the queries raise. Nothing in here knows HTTP; `web` maps each error to a code by its type."""

from dataclasses import dataclass


class DatabaseError(Exception):
    """The parent of everything that this package raises, but :class:`db.states.IllegalTransition`."""


class NotFound(DatabaseError):  # noqa: N818  the word the callers use
    """There is no such row, or it is not the asker's to see: the two are never told apart."""


class Conflict(DatabaseError):  # noqa: N818  the word the callers use
    """What was asked for contradicts what is already there. Nothing was changed."""


class NothingRecorded(Conflict):
    """An interview without a single part cannot be finished."""


class LastOwner(Conflict):
    """A job without an owner could not be managed by anybody."""


class JobArchived(Conflict):
    """Nobody is invited to a job that is archived."""


class NoticeIncomplete(Conflict):
    """Nobody is invited while candidates would not be told all that they have to be told."""

    def __init__(self, job_id: int, missing: "tuple[Missing, ...]") -> None:
        super().__init__(f"the notice of job {job_id} lacks {', '.join(str(each) for each in missing)}")
        self.job_id = job_id
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Missing:
    """A field of a job's notice that says nothing."""

    field: str
    "`controller`, `contact`, `retention`, `purpose`, `recipients` or `rights`."
    language: str | None = None
    "In which language; None: the field is the same in all of them."

    def __str__(self) -> str:
        return self.field if self.language is None else f"{self.field} ({self.language})"


class HoldsRecordings(Conflict):
    """A job is deleted only when nothing that was recorded goes with it."""


class DatabaseUnusable(DatabaseError):  # noqa: N818  it says what to know
    """The database file cannot serve; the message is for the operator and says what to do."""


class DatabaseTooNew(DatabaseUnusable):
    """A newer Holdfast has migrated this database; this one must not touch it."""


class NotNow(DatabaseError):  # noqa: N818  it says what to know
    """The database takes nothing at this moment. Nothing was changed; the same may work a moment later."""


class DatabaseBusy(NotNow):
    """Another process held the write lock for longer than `busy_timeout_s`. Nothing was changed; try again."""


class DiskFull(NotNow):
    """The disk has no room for this transaction. Nothing was changed."""


class DatabaseAway(NotNow):
    """The file cannot be read or written: its disk fails, or somebody moved it. Nothing was changed; try again."""
