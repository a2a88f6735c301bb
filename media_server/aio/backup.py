"""Back a data folder up while a server records into it.

The database is copied, then the files that it names, then the database again, until two copies in a row name the same
files in the same states: what was copied between them is what both mean. A part that is being written is backed up as far
as it goes, as a crash would leave it, and mended like one when it is restored.
"""

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db import backups
from db.backups import Needed
from db.clock import Clock
from db.engine import Database
from db.errors import DatabaseBusy
from db.migrate import migration_status
from db.settings import DatabaseSettings
from media_server.aio.backup_store import DATABASE, KEY, Backup, BackupStore, copy_into, digest_of, link_or_copy
from media_server.aio.data_folder import UPLOADS, DataFolder
from media_server.aio.named_files import named_files
from media_server.recording import names
from media_server.recording.backup_manifest import BackedUpFile, Manifest

JOURNAL: Final = "erasures.jsonl"
"What was ever deleted; with it beside the database, an older database brings nothing back."

MOST_ROUNDS: Final = 20
"Rounds until nothing has changed in between. After the first they copy only what has, so each takes a moment."


@dataclass(frozen=True, slots=True)
class Moment:
    """What one copy of the database says."""

    needed: Needed
    "What it says itself."
    paths: frozenset[str]
    "Every file that it names, of interviews that are there."


@dataclass(frozen=True, slots=True)
class Taken:
    """What was found while the files were copied."""

    copied: int
    "Files that were copied; the rest were in the backup before."
    copied_bytes: int
    "Their size."
    missing: tuple[str, ...]
    "Files that the database names and that are not there."
    damaged: tuple[str, ...]
    "Recordings that are not any more what was stored: their SHA-256 is another one. They are backed up as they are."
    strangers: int
    "Files that belong to no interview. They are left out."


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    path: Path
    "Its folder."
    manifest: Manifest
    "What lies in it."
    taken: Taken
    "What was found on the way."
    removed: tuple[str, ...]
    "Older backups that went."


async def back_up(
    data_folder: DataFolder, store: BackupStore, clock: Clock, settings: DatabaseSettings, *, version: str, keep: int
) -> Made:
    """Make one, and remove all but the newest `keep`. Raises OSError, DatabaseError, BackupUnusable."""
    with store.held(), store.draft() as draft:
        taking = _Taking(data_folder, draft, store.newest())
        moment = await _settled(data_folder, draft, settings, taking)
        taken = await asyncio.to_thread(taking.finish, moment)
        revision = (await asyncio.to_thread(migration_status, draft / DATABASE)).current or ""
        gone = tuple(sorted(moment.needed.gone))
        manifest = Manifest(version, revision, clock.utc_now(), taking.files, gone)
        path = await asyncio.to_thread(store.publish, draft, manifest)
        return Made(path, manifest, taken, tuple(await asyncio.to_thread(store.prune, keep)))


async def _settled(data_folder: DataFolder, draft: Path, settings: DatabaseSettings, taking: "_Taking") -> Moment:
    """Copy until two copies of the database in a row say the same."""
    before = None
    for _ in range(MOST_ROUNDS):
        moment = await _moment(data_folder, draft, settings)
        if moment == before:
            return moment
        await asyncio.to_thread(taking.take, moment)
        before = moment
    raise DatabaseBusy("Interviews begin and end faster than their files can be copied. Try again in a while.")


async def _moment(data_folder: DataFolder, draft: Path, settings: DatabaseSettings) -> Moment:
    """Copy the database as it is now, and ask the copy. It is asked through a copy of its own, brought to this version's tables."""
    copy, asked = draft / DATABASE, draft / "asked.db"
    copy.unlink(missing_ok=True)
    await asyncio.to_thread(backups.copy_database, data_folder.database_path, copy)
    await asyncio.to_thread(shutil.copyfile, copy, asked)
    database = await Database.open(asked, settings)
    try:
        async with database.reading() as db_session:
            needed = await backups.needed(db_session)
        named = await named_files(database)
    finally:
        await database.close()
        await asyncio.to_thread(_remove_all, draft, "asked.db*")
    of_interviews = {path for path, session_id in named.of_interviews.items() if session_id not in needed.gone}
    return Moment(needed, frozenset(of_interviews | named.of_jobs.keys()))


class _Taking:
    """Fills a draft. Blocking."""

    def __init__(self, data_folder: DataFolder, draft: Path, earlier: Backup | None) -> None:
        self._data_folder = data_folder
        self._draft = draft
        self._earlier = earlier
        self._copied: set[str] = set()
        self.files: dict[str, BackedUpFile] = {}

    def take(self, moment: Moment) -> None:
        """Copy what a moment names and was not copied yet, or has changed since."""
        for path in sorted(moment.paths | self._beside(moment)):
            if path in self.files and path in moment.needed.being_written:
                continue  # any beginning of it will do
            self._take(path)

    def finish(self, moment: Moment) -> Taken:
        """Leave out what the last moment does not name any more, add key and database, and say what came of it."""
        beside = self._beside(moment)
        for path in self.files.keys() - moment.paths - beside:
            self._forget(path)
        needed = moment.needed
        lying = {file.path for file in self._data_folder.files.walk(UPLOADS)}
        taken = Taken(
            copied=len(self._copied),
            copied_bytes=sum(self.files[path].size for path in self._copied),
            missing=tuple(sorted(moment.paths - self.files.keys() - needed.being_written)),
            damaged=tuple(sorted(path for path, digest in needed.digests.items() if self._differs(path, digest))),
            strangers=sum(not _is_draft(path) for path in lying - moment.paths - beside),
        )
        for path in (KEY, JOURNAL):
            self._take(path)
        self.files[DATABASE] = _described(self._draft / DATABASE)
        return taken

    def _differs(self, path: str, digest: str) -> bool:
        return path in self.files and self.files[path].sha256 != digest

    def _beside(self, moment: Moment) -> set[str]:
        """What lies beside recordings without a row of its own: captions, previews, sounds that a host platform put there."""
        marks = {mark for session_id in moment.needed.gone for mark in names.marks_of(session_id)}
        return {
            file.path
            for file in self._data_folder.files.walk(UPLOADS)
            if (names.is_wav(file.path.rpartition("/")[2]) or names.is_beside(file.path))
            and not names.bears(file.path, marks)
        }

    def _take(self, path: str) -> None:
        try:
            source = self._data_folder.files.open(path)
        except FileNotFoundError:
            self._forget(path)
            return
        try:
            state = os.fstat(source)
            known = self.files.get(path)
            if known is not None and (known.size, known.changed_ns) == (state.st_size, state.st_mtime_ns):
                return
            self._forget(path)
            if not self._linked(path, state):
                self.files[path] = copy_into(source, self._draft / path)
                self._copied.add(path)
        finally:
            os.close(source)

    def _linked(self, path: str, state: os.stat_result) -> bool:
        """Whether it lies unchanged in the backup before, and now in this one, too."""
        if self._earlier is None:
            return False
        known = self._earlier.manifest.files.get(path)
        if known is None or (known.size, known.changed_ns) != (state.st_size, state.st_mtime_ns):
            return False
        earlier = self._earlier.path / path
        if not earlier.is_file() or earlier.stat().st_size != known.size:
            return False
        link_or_copy(earlier, self._draft / path)
        self.files[path] = known
        return True

    def _forget(self, path: str) -> None:
        if self.files.pop(path, None) is not None:
            (self._draft / path).unlink()
        self._copied.discard(path)


def _remove_all(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink()


def _is_draft(path: str) -> bool:
    """Whether somebody is writing it just now, or a crash left it; the server tidies those up."""
    name = path.rpartition("/")[2]
    return name.endswith(".partial") or name.startswith(names.RECEIVED)


def _described(path: Path) -> BackedUpFile:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
        state = os.fstat(descriptor)
        return BackedUpFile(state.st_size, digest_of(descriptor), state.st_mtime_ns)
    finally:
        os.close(descriptor)
