"""The fault matrix: what happens to whom, and what they are told. The tests and docs/faults.md are made from it.

`python -m tests.faults.matrix` prints the table of docs/faults.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Activity(StrEnum):
    """What is going on when a fault comes."""

    RECORDING = "recording"
    JOINING = "joining"
    DELETING = "deleting"
    UPLOADING = "uploading"


class Fault(StrEnum):
    """What goes wrong."""

    DISK_FULL = "the disk is full"
    DISK_SLOW = "the disk hangs"
    DATABASE_LOCKED = "the database is locked"
    DATABASE_GONE = "the database is gone"
    CLOCK_JUMPS = "the clock jumps"
    LOOP_BLOCKED = "the event loop is blocked"
    WORKER_KILLED = "a worker is killed"
    UPLOADS_GONE = "the uploads' disk is gone"
    FILES_DELETED = "files are deleted by hand"
    PART_CORRUPT = "a part is corrupt"


@dataclass(frozen=True, slots=True)
class Cell:
    """What happens."""

    happens: str
    "In words, for the documentation."
    told: str = ""
    "A piece of the sentence that the person who sees it gets, as it is; empty where nobody notices anything."
    where: str = ""
    "Who reads it: `page` (the control channel, which the page puts into its own language), `answer`, `log`, `jobs`."


_STUCK: Final = "The server's disk does not answer. What is saved stays saved; saving goes on by itself."
_BUSY: Final = "Nothing was changed. Please try again in a moment."
_AWAY: Final = "What was saved before stays saved, and nothing else was changed. Please try again in a moment."
_NO_ROOM: Final = "The server's disk has no room for it. Nothing was stored."
_JUMPED: Final = "nothing is ended or deleted by it"
_R, _J, _D, _U = Activity

MATRIX: Final[dict[Fault, dict[Activity, Cell]]] = {
    Fault.DISK_FULL: {
        _R: Cell(
            "What was written stays; what is said meanwhile is missing and marked as a gap. It goes on with room.",
            "The server's disk is full. Nothing you said before is lost",
            "page",
        ),
        _J: Cell("The parts stay; it waits without counting as tried.", "the disk has no room for it", "jobs"),
        _D: Cell(
            "Refused while the database has no room, and nothing changes; done when asked again.",
            "Nothing was changed.",
            "answer",
        ),
        _U: Cell(
            "Refused before the file is sent, and nothing is left of it; taken when sent again.", _NO_ROOM, "answer"
        ),
    },
    Fault.DISK_SLOW: {
        _R: Cell(
            "What arrives waits in memory, a minute and a half at least, and is written without a gap.", _STUCK, "page"
        ),
        _J: Cell("It takes longer."),
        _D: Cell("It takes longer."),
        _U: Cell("It takes longer."),
    },
    Fault.DATABASE_LOCKED: {
        _R: Cell("Media never waits for the database: saving and its heartbeat go on; rows follow."),
        _J: Cell("Finishing is refused and nothing changes; done when asked again.", _BUSY, "answer"),
        _D: Cell("Refused, and nothing changes; done when asked again.", _BUSY, "answer"),
        _U: Cell("Refused, and nothing is left of it; taken when sent again.", _BUSY, "answer"),
    },
    Fault.DATABASE_GONE: {
        _R: Cell("Saving and its heartbeat go on; rows follow when the file is back."),
        _J: Cell("Finishing is refused and nothing changes; done when asked again.", _AWAY, "answer"),
        _D: Cell("Refused, and nothing changes; done when asked again.", _AWAY, "answer"),
        _U: Cell("Refused, and nothing is left of it; taken when sent again.", _AWAY, "answer"),
    },
    Fault.CLOCK_JUMPS: {
        _R: Cell("No gap: media goes by another clock. No deadline ends it for an hour.", _JUMPED, "log"),
        _J: Cell("Done, forwards and backwards."),
        _D: Cell("Done."),
        _U: Cell("Taken."),
    },
    Fault.LOOP_BLOCKED: {
        _R: Cell(
            "The part goes on; what the system's buffers could not hold is a gap that is marked. No end for silence."
        ),
        _J: Cell("Done a moment later."),
        _D: Cell("Done a moment later."),
        _U: Cell("Taken a moment later."),
    },
    Fault.WORKER_KILLED: {
        _R: Cell("Nothing: recording needs no worker."),
        _J: Cell("The parts stay; it is tried again by itself.", "was killed", "log"),
        _D: Cell("Nothing: deleting needs no worker."),
        _U: Cell("It is looked at once more by itself, and taken.", "the upload is looked at once more", "log"),
    },
    Fault.UPLOADS_GONE: {
        _R: Cell(
            "What arrives waits in memory; back again, the file is opened anew and goes on without a gap.",
            _STUCK,
            "page",
        ),
        _J: Cell(
            "The parts are not taken for lost; it waits without counting as tried.",
            "a file that it needs cannot be read or written",
            "jobs",
        ),
        _D: Cell(
            "Nothing seems to be deleted that is only out of sight; it is done when the disk is back.",
            "What was saved before stays saved",
            "answer",
        ),
        _U: Cell("Refused, and nothing is written below the mount point; taken when sent again.", "", "answer"),
    },
    Fault.FILES_DELETED: {
        _R: Cell("A part that is being written is written anew, all of it.", "it was written anew, all of it", "log"),
        _J: Cell(
            "The other parts stay; it waits until the file is back.",
            "a file that it needs cannot be read or written",
            "jobs",
        ),
        _D: Cell("Done: what is gone needs no deleting."),
        _U: Cell("Refused when what was just received vanishes; taken when sent again.", _AWAY, "answer"),
    },
    Fault.PART_CORRUPT: {
        _R: Cell("It goes on; `holdfast doctor --deep` says which recording holds damaged packets."),
        _J: Cell(
            "All parts stay as they are; it is tried again, and done once the part is whole.", "part 2 is why", "jobs"
        ),
        _D: Cell("Done."),
        _U: Cell(
            "Refused, and nothing is left of it; a whole one is taken.",
            "It is damaged, or ends in the middle. Nothing was stored.",
            "answer",
        ),
    },
}
"Every fault, and what it does to each activity."


def table() -> str:
    """The matrix as docs/faults.md has it."""
    lines = ["| fault | while | what happens | what is said, and where |", "|---|---|---|---|"]
    for fault, row in MATRIX.items():
        for activity, cell in row.items():
            said = f"“{cell.told}…” ({cell.where})" if cell.told else ""
            lines.append(f"| {fault} | {activity} | {cell.happens} | {said} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
