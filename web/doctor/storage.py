"""The data folder, the disk below it, the database, and whether the two agree."""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator

from db.clock import Clock
from db.engine import Database
from db.errors import DatabaseError
from db.migrate import MigrationStatus, migration_status
from media_server.aio.data_folder import UPLOADS, DataFolder, DataFolderHeld, DataFolderUnusable
from media_server.aio.recordings import Recordings
from web import formats
from web.doctor.finding import Finding, fail, ok, warn
from web.services import LEAST_ROOM_BYTES
from web.settings import Settings

COMFORTABLE_ROOM_BYTES = 10 * LEAST_ROOM_BYTES
SHOWN = 10
"Paths that are listed; the rest is counted."


def examine_folder(data_folder: DataFolder) -> Iterator[Finding]:
    """Is it there, ours alone, writable, with room?"""
    if not data_folder.uploads_path.is_dir():
        yield warn("data folder", f"{data_folder.path} holds nothing yet", "The first holdfast serve sets it up.")
        return
    yield _writable(data_folder)
    exposed = ", ".join(path.name or str(path) for path in data_folder.open_to_others())
    if exposed:
        remedy = f"Run: chmod -R go= {data_folder.path}"
        yield warn("privacy", f"Other users of this machine can reach {exposed}", remedy)
    else:
        yield ok("privacy", "Only this user can reach the data folder")
    yield _room(data_folder)
    yield _held(data_folder)


def examine_database(data_folder: DataFolder) -> Iterator[Finding]:
    """Is it whole, and at this version's tables?"""
    path = data_folder.database_path
    try:
        status = migration_status(path)
    except FileNotFoundError:
        yield warn("database", "There is none yet", "The first holdfast serve makes it.")
        return
    except (DatabaseError, OSError):
        yield fail("database", f"{path} cannot be read", "Is it a SQLite file of this user? Restore a backup if not.")
        return
    yield _migrations(status)
    yield _integrity(data_folder)


async def examine_agreement(settings: Settings, data_folder: DataFolder, clock: Clock) -> list[Finding]:
    """Does the disk hold what the database names, and nothing else?"""
    if not data_folder.database_path.exists() or not migration_status(data_folder.database_path).up_to_date:
        return []
    database = await Database.open(data_folder.database_path, settings.database)
    try:
        comparison = await Recordings(database, data_folder, clock).compare()
    finally:
        await database.close()
    strangers = [f"{file.path} ({formats.megabytes(file.size_bytes)})" for file in comparison.files_without_rows]
    missing = [f"{path} (interview {session_id})" for path, session_id in comparison.rows_without_files]
    silent = [f"{path} (job {job_id})" for path, job_id in comparison.job_sounds_missing]
    return [
        warn("orphan files", _listed(strangers), "Nobody can see these. Look at them, then remove or move them.")
        if strangers
        else ok("orphan files", "Every media file belongs to an interview"),
        fail("rows without files", _listed(missing), "Restore them from a backup, or delete those interviews.")
        if missing
        else ok("rows without files", "Every file that the database names is there"),
        warn("job sounds", _listed(silent), "Record or upload them again on the job's page, or restore a backup.")
        if silent
        else ok("job sounds", "Every sound of a job's question is there"),
    ]


def _writable(data_folder: DataFolder) -> Finding:
    probe = f"{UPLOADS}/.doctor-{secrets.token_hex(4)}"
    try:
        os.close(data_folder.files.create(probe))
        data_folder.files.remove(probe)
    except OSError as error:
        remedy = f"Let this user write there: chown -R $(id -un) {data_folder.path}"
        return fail("uploads", f"{data_folder.uploads_path} cannot be written to ({error.strerror})", remedy)
    return ok("uploads", f"{data_folder.uploads_path} can be written to")


def _room(data_folder: DataFolder) -> Finding:
    room = data_folder.room()
    free = f"{room.free_bytes / 1e9:.1f} GB of {room.total_bytes / 1e9:.1f} GB free on {room.mount_point}"
    if room.free_bytes < LEAST_ROOM_BYTES:
        return fail(
            "room", free, "Nobody can begin an interview. Free some room, or move the data folder to another disk."
        )
    if room.free_bytes < COMFORTABLE_ROOM_BYTES:
        return warn("room", free, "Enough for now; an hour of interview takes about 140 MB. Make room soon.")
    return ok("room", free)


def _held(data_folder: DataFolder) -> Finding:
    try:
        with data_folder.held():
            return ok("server", "No server runs on this data folder")
    except DataFolderHeld:
        address = data_folder.noted_address()
        return ok("server", f"A server runs on this data folder{f', at {address}' if address else ''}")
    except (OSError, DataFolderUnusable):
        return warn("server", "The lock cannot be looked at", "Run the doctor as the user that runs the server.")


def _migrations(status: MigrationStatus) -> Finding:
    if not status.known:
        return fail("tables", f"They are at {status.current}, made by a newer Holdfast", "Run that version instead.")
    if not status.up_to_date:
        said = f"They are at {status.current or 'nothing'}, this version needs {status.head}"
        return warn("tables", said, "The next holdfast serve brings them up to date.")
    return ok("tables", f"At this version's revision, {status.head}")


def _integrity(data_folder: DataFolder) -> Finding:
    remedy = "Stop the server, keep a copy of the file, and restore a backup (docs/operate.md)."
    try:
        with contextlib.closing(
            sqlite3.connect(f"{data_folder.database_path.as_uri()}?mode=ro", uri=True)
        ) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error:
        return fail("database", f"{data_folder.database_path} cannot be read through", remedy)
    if verdict != "ok":
        return fail("database", f"{data_folder.database_path} is damaged", remedy)
    return ok("database", f"{data_folder.database_path} is whole")


def _listed(items: list[str]) -> str:
    rest = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return f"{len(items)}: {', '.join(items[:SHOWN])}{rest}"
