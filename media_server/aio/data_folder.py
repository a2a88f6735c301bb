"""The data folder: what lies where, who holds it, how much room there is. Blocking; the shells call it in a thread."""

import contextlib
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

KEY_BYTES: Final = 32


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
    """`holdfast.db`, `server.key`, `lock` and `uploads/`. Make it with :meth:`open`.

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

    def room(self) -> Room:
        """Which disk this is and what fits onto it."""
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
