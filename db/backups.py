"""A copy of the database that is true for one moment, made beside whoever writes, and what files that moment needs."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import deletion
from db.errors import DatabaseUnusable
from db.models import InterviewSession, Part
from db.sqlite_errors import in_our_words
from db.states import InterviewState, PartState


@dataclass(frozen=True, slots=True)
class Needed:
    """What a database says of files. Two moments that say the same need the same files."""

    being_written: frozenset[str]
    "Parts that somebody writes just now, below the data folder."
    digests: dict[str, str]
    "The SHA-256 of each recording, by its path."
    gone: frozenset[str]
    "Interviews that are deleted; not a byte of theirs belongs into a backup."


def copy_database(path: Path, to: Path, *, busy_timeout_s: float = 5.0) -> None:
    """Copy it as it is at this moment; `to` must not exist. Blocking. Raises DatabaseUnusable when it is damaged.

    `VACUUM INTO` writes only what is there: pages that deleted rows left behind, as a copy of the file or of its pages
    would have them, are not in it.
    """
    with in_our_words():
        try:
            source = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=busy_timeout_s)
            with contextlib.closing(source):
                source.execute("VACUUM INTO ?", (str(to),))
            with contextlib.closing(sqlite3.connect(to)) as copy:
                (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            raise DatabaseUnusable(f"{path} could not be copied: {error}.") from error
    if verdict != "ok":
        raise DatabaseUnusable(f"{path} is damaged ({verdict}); holdfast doctor says more.")


async def needed(db_session: AsyncSession) -> Needed:
    """What files a database needs."""
    digests = select(InterviewSession.video_file_path, InterviewSession.video_sha256)
    open_paths = select(Part.path).where(Part.state == PartState.OPEN)
    deleted = select(InterviewSession.session_id).where(InterviewSession.state == InterviewState.DELETED)
    gone = {*await db_session.scalars(deleted), *await deletion.unfinished_deletions(db_session)}
    return Needed(
        frozenset(await db_session.scalars(open_paths)),
        {path: digest for path, digest in await db_session.execute(digests) if path is not None and digest is not None},
        frozenset(gone),
    )
