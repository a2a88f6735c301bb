"""The data folder: what lies where, who holds it, how much room there is. Blocking; the shells call it in a thread."""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from media_server.aio.contained_files import ContainedFiles

UPLOADS: Final = "uploads"
"Where the candidates' folders lie; `video_file_path` begins with it."

MARK: Final = ".here"
"An empty folder in the uploads: where it is missing and nothing else lies there either, the disk is not mounted."

ADDRESS: Final = "address"
"Where the server leaves word of the address that people use."

RESTORING: Final = "restoring"
"Lies in a folder that a backup is being put back into, or was until something cut that."

MOST_ADDRESS_BYTES: Final = 2_000
"No browser takes a longer one everywhere."

KEY_BYTES: Final = 32
LEAST_ROOM: Final = 500_000_000
"Octets that whoever writes a new file leaves free: who records at that moment must not meet a full disk because of it."


class DataFolderUnusable(Exception):  # noqa: N818  it says what to know
    """The folder cannot serve; the message is for the operator and says what to do."""


class DataFolderHeld(DataFolderUnusable):
    """Another server holds the folder."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much fits onto the disk that holds the folder."""

    mount_point: Path
    "Where that disk is mounted."
    total_bytes: int
    "Its size."
    free_bytes: int
    "What is left for us (some systems keep a reserve for root)."


class DataFolder:
    """`holdfast.db`, `server.key`, `lock`, `address` and `uploads/`. Make it with :meth:`open`.

    `files` reaches what lies below; paths in the database are relative to this folder.
    """

    def __init__(self, path: Path) -> None:
        """Name it; nothing is touched."""
        self.path = path
        self.database_path = path / "holdfast.db"
        self.key_path = path / "server.key"
        self.uploads_path = path / UPLOADS
        self.files = ContainedFiles(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make what is missing: folders 0700, a new server key 0600. Raises DataFolderUnusable."""
        folder = cls(path.resolve())
        try:
            folder._make()
        except OSError as error:
            raise DataFolderUnusable(f"{path} cannot be used: {error.strerror}.") from error
        return folder

    def pin_uploads(self) -> None:
        """From now on the uploads lie on this disk, or nowhere: see :meth:`ContainedFiles.pin`."""
        self.files.pin(UPLOADS)

    def looks_unmounted(self) -> bool:
        """Whether the uploads folder is bare, as it is below a disk that was not mounted; ours is marked once it is used."""
        return not self.files.names_in(UPLOADS)

    def mark_uploads(self) -> None:
        """Leave a sign in the uploads that this is where they lie."""
        self.files.make_folder(f"{UPLOADS}/{MARK}")

    def has_room_for(self, octets: int) -> bool:
        """Whether so much fits onto the disk, and still leaves :data:`LEAST_ROOM`. Blocking."""
        return self.room().free_bytes >= octets + LEAST_ROOM

    def create_draft(self, path: str, octets: int) -> int:
        """Make an empty file for so much to be written, in place of one that may lie there; returns its descriptor.

        Raises OSError, ENOSPC where it would not fit. Blocking.
        """
        if not self.has_room_for(octets):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        self.files.remove(path)
        return self.files.create(path)

    def server_key(self) -> bytes:
        """The 32 bytes that candidate links are signed with. Raises DataFolderUnusable when the file is damaged."""
        key = self.key_path.read_bytes()
        if len(key) != KEY_BYTES:
            raise DataFolderUnusable(
                f"{self.key_path} is damaged. Restore it from a backup; or remove it: the next start makes a new one, "
                "and candidates need new links."
            )
        return key

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for one server; the system lets go when the process ends, however it ends.

        Raises DataFolderHeld when another process, or this one, holds it already.
        """
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(lock, 20, 0).decode(errors="replace").strip() or "unknown"
                raise DataFolderHeld(
                    f"Another Holdfast (process {holder}) serves {self.path}. Stop it, or give this one a folder of its own with --data."
                ) from None
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(lock)

    def is_held(self) -> bool:
        """Whether a server seems to hold the folder: asked without touching the lock, which one may be taking just now."""
        try:
            os.kill(int((self.path / "lock").read_text().strip()), 0)
        except PermissionError:  # it runs as somebody else
            return True
        except (OSError, ValueError):
            return False
        return True

    def note_address(self, base_url: str) -> None:
        """Leave word of what the links of the server that holds the folder begin with, for the commands beside it."""
        draft = f"{ADDRESS}.{secrets.token_hex(8)}"
        descriptor = self.files.create(draft)
        try:
            os.write(descriptor, f"{base_url}\n".encode())
        finally:
            os.close(descriptor)
        self.files.replace(draft, ADDRESS)

    def noted_address(self) -> str | None:
        """What the server that held the folder last has left word of; None before the first one."""
        try:
            descriptor = self.files.open(ADDRESS)
        except OSError:
            return None
        try:
            return os.read(descriptor, MOST_ADDRESS_BYTES).decode(errors="replace").strip() or None
        finally:
            os.close(descriptor)

    def room(self) -> Room:
        """Which disk this is and what fits onto it."""
        self.files.stat(f"{UPLOADS}/{MARK}")  # raises when it is not the disk that it was
        disk = os.statvfs(self.uploads_path)
        mount_point = self.uploads_path
        while not mount_point.is_mount():
            mount_point = mount_point.parent
        return Room(mount_point, disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize)

    def open_to_others(self) -> list[Path]:
        """What of ours other users of this machine could reach, for `holdfast doctor`."""
        ours = [self.path, self.database_path, self.key_path, self.uploads_path]
        return [path for path in ours if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]

    def _make(self) -> None:
        if (self.path / RESTORING).exists():
            raise DataFolderUnusable(
                f"A backup is being restored into {self.path}, or was until that was cut. Run the same holdfast restore "
                "again."
            )
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.uploads_path.is_symlink():
            raise DataFolderUnusable(
                f"{self.uploads_path} is a link, and no link is followed below the data folder. "
                "Mount the other disk there, or put the whole data folder onto it with --data."
            )
        self.files.make_folder(UPLOADS)
        if not self.key_path.exists():
            self._make_key()

    def _make_key(self) -> None:
        # Linked into place whole: two processes that start at once end up with the same key.
        draft = f"server.key.{secrets.token_hex(8)}"
        descriptor = self.files.create(draft)
        try:
            os.write(descriptor, secrets.token_bytes(KEY_BYTES))
            os.fsync(descriptor)
            with contextlib.suppress(FileExistsError):
                self.files.link(draft, self.key_path.name)
        finally:
            os.close(descriptor)
            self.files.remove(draft)
