"""Put a backup back into an empty data folder: everything checked on the way, and what was deleted since deleted again.

Until it is whole the folder bears a mark, and no server serves it; a restore that was cut is begun anew by the same
command.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db import audit, backups, migrate
from db.audit import Actor, ActorKind, AuditEvent, Details
from db.clock import Clock
from db.engine import Database
from db.errors import Conflict, NotFound
from db.settings import DatabaseSettings
from media_server.aio.backup_store import DATABASE, KEY, Backup, BackupStore, BackupUnusable, copy_into, open_backup
from media_server.aio.data_folder import RESTORING, DataFolder
from media_server.aio.mending import MendedPart
from media_server.aio.recordings import Comparison, Recordings

logger = logging.getLogger(__name__)

OF_THE_FILE_SYSTEM: Final = frozenset({"lost+found"})
"What lies in a fresh volume already."


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it."""

    backup: Backup
    "What was restored."
    damaged: tuple[str, ...]
    "Files that are not as they were backed up; they were left out."
    deleted: tuple[str, ...]
    "Interviews that were deleted after the backup was made; they are deleted again."
    mended: tuple[MendedPart, ...]
    "Parts that were being written when it was made."
    comparison: Comparison
    "Whether database and disk agree now."


def choose(folder: Path, name: str | None) -> tuple[Backup, tuple[str, ...]]:
    """The backup to restore, the newest unless one is named, and what newer ones beside it know as deleted.

    `folder` holds backups, or is one. Raises BackupUnusable.
    """
    folder = folder.resolve()
    if name is None and (folder / "manifest.json").is_file():
        folder, name = folder.parent, folder.name
    store = BackupStore(folder)
    known = store.names()
    if name is None and not known:
        raise BackupUnusable(f"{folder} holds no backup that is whole.")
    chosen = name or known[-1]
    backup = open_backup(folder / chosen)
    newer = [open_backup(folder / other) for other in known if other > chosen]
    return backup, tuple(sorted({gone for one in newer for gone in one.manifest.deleted}))


async def restore(
    backup: Backup, data: Path, clock: Clock, settings: DatabaseSettings, *, deleted_since: Collection[str] = ()
) -> Restored:
    """Restore into a folder that is empty, missing, or was left by a restore that was cut.

    `deleted_since`: session ids of interviews that must not come back. Raises BackupUnusable, OSError, DatabaseError.
    """
    _check_version(backup)
    folder = DataFolder(await asyncio.to_thread(_claim, data, backup))
    with folder.held():
        damaged = await asyncio.to_thread(_put_back, backup, folder)
        database = await Database.open(folder.database_path, settings)
        try:
            recordings = Recordings(database, folder, clock)
            deleted = await _delete_again(database, recordings, deleted_since)
            mended = await recordings.mend_all()
            await recordings.finish_pending(join=False)
            comparison = await recordings.compare()
            await _note(database, clock, backup, deleted)
        finally:
            await database.close()
        (folder.path / RESTORING).unlink()
    return Restored(backup, damaged, deleted, tuple(mended), comparison)


def _check_version(backup: Backup) -> None:
    if not migrate.is_known(backup.manifest.revision):
        raise BackupUnusable(
            f"{backup.path} was made by a newer Holdfast ({backup.manifest.holdfast}, tables at "
            f"{backup.manifest.revision}). Restore it with that version."
        )
    for path in (DATABASE, KEY):
        if path not in backup.manifest.files:
            raise BackupUnusable(f"{backup.path} has no {path}; choose another backup with --backup.")


def _claim(data: Path, backup: Backup) -> Path:
    """Mark the folder as ours, if nothing of anybody's lies in it; returns it without links. Blocking."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = data / RESTORING
    if not mark.exists() and {entry.name for entry in data.iterdir()} - OF_THE_FILE_SYSTEM:
        raise BackupUnusable(
            f"{data} is not empty, and nothing is restored over what lies there. Move it away, or name another folder "
            "with --data."
        )
    needed = sum(file.size for file in backup.manifest.files.values())
    free = shutil.disk_usage(data).free
    if free < needed:
        raise BackupUnusable(f"{data} has room for {free / 1e9:.1f} GB, and the backup holds {needed / 1e9:.1f} GB.")
    mark.write_text(f"{backup.path}\n", encoding="utf-8")
    return data.resolve()


def _put_back(backup: Backup, folder: DataFolder) -> tuple[str, ...]:
    """Copy every file, the database last; returns those that are not as they were backed up. Blocking."""
    for entry in folder.path.iterdir():
        if entry.name not in OF_THE_FILE_SYSTEM | {RESTORING, "lock"}:
            _remove(entry)
    folder.files.make_folder("uploads")
    damaged = [
        path for path in sorted(backup.manifest.files) if path != DATABASE and not _restored(backup, folder, path)
    ]
    if KEY in damaged or not _restored(backup, folder, DATABASE):
        raise BackupUnusable(f"{backup.path} is damaged: its database or its key. Choose another one with --backup.")
    return tuple(damaged)


def _restored(backup: Backup, folder: DataFolder, path: str) -> bool:
    """Copy one file; False, and nothing is left of it, when it is not as it was backed up."""
    to = folder.path / path
    try:
        source = os.open(backup.path / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        found = copy_into(source, to)
    finally:
        os.close(source)
    wanted = backup.manifest.files[path]
    if (found.size, found.sha256) == (wanted.size, wanted.sha256):
        return True
    to.unlink()
    return False


async def _delete_again(database: Database, recordings: Recordings, session_ids: Collection[str]) -> tuple[str, ...]:
    async with database.reading() as db_session:
        gone = (await backups.needed(db_session)).gone
    deleted = []
    for session_id in sorted(set(session_ids) - gone):
        try:
            await recordings.delete(session_id)
        except NotFound:  # it was added, and deleted, after the backup was made
            continue
        except Conflict:
            logger.warning("interview %s was deleted since, and may not be deleted as the backup has it", session_id)
            continue
        deleted.append(session_id)
    return tuple(deleted)


async def _note(database: Database, clock: Clock, backup: Backup, deleted: Collection[str]) -> None:
    """The audit goes on from where the backup has it; this row tells why its latest ones may be missing."""
    details: Details = {
        "backup": backup.path.name,
        "made_at": backup.manifest.made_at.isoformat(),
        "deleted_again": len(deleted),
    }
    async with database.writing() as db_session:
        await audit.record(
            db_session, AuditEvent.RESTORED, clock.utc_now(), actor=Actor(ActorKind.OPERATOR, ""), details=details
        )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
