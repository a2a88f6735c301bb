"""A folder of backups: each one whole in a folder of its own, named by when it was made. Blocking.

Files that have not changed since the backup before are hard links to it, where the file system has such: a backup a day
costs what came in that day, and removing an old one leaves the others whole.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from media_server.aio.data_folder import DataFolder, DataFolderUnusable
from media_server.recording.backup_manifest import BackedUpFile, Manifest, ManifestError

MANIFEST: Final = "manifest.json"
DATABASE: Final = "holdfast.db"
KEY: Final = "server.key"

_NAME = re.compile(r"\d{8}T\d{6}Z(_\d+)?")
_PARTIAL: Final = ".partial-"
_PIECE: Final = 1 << 20


class BackupUnusable(DataFolderUnusable):
    """This folder is no backup that can be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One that is whole."""

    path: Path
    "Its folder."
    manifest: Manifest
    "What lies in it."


def open_backup(folder: Path) -> Backup:
    """The backup in a folder. Raises BackupUnusable."""
    try:
        return Backup(folder, Manifest.decode((folder / MANIFEST).read_text(encoding="utf-8")))
    except (ManifestError, UnicodeDecodeError) as error:
        raise BackupUnusable(f"{folder / MANIFEST}: {error}.") from error
    except OSError as error:
        raise BackupUnusable(f"{folder} holds no backup: {error.strerror}.") from error


class BackupStore:
    """The folder that `holdfast backup` is given."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: Path, data_folder: DataFolder) -> "BackupStore":
        """Make the folder, 0700, when it is missing. Raises BackupUnusable where no backup belongs."""
        path = path.resolve()
        if path == data_folder.path or data_folder.path in path.parents or path in data_folder.path.parents:
            raise BackupUnusable(
                f"{path} and the data folder {data_folder.path} lie in each other. Choose another disk."
            )
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(path)

    def names(self) -> list[str]:
        """The backups that are whole, oldest first."""
        if not self.path.is_dir():
            return []
        found = (entry.name for entry in self.path.iterdir() if _NAME.fullmatch(entry.name))
        return sorted(name for name in found if (self.path / name / MANIFEST).is_file())

    def newest(self) -> Backup | None:
        """The latest one that can be read."""
        for name in reversed(self.names()):
            with contextlib.suppress(BackupUnusable):
                return open_backup(self.path / name)
        return None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold it for one backup at a time. Raises BackupUnusable."""
        lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupUnusable(f"Another backup into {self.path} is running.") from None
            yield
        finally:
            os.close(lock)

    @contextlib.contextmanager
    def draft(self) -> Iterator[Path]:
        """A folder to fill; gone afterwards unless it was published. What was cut before goes first."""
        for entry in self.path.glob(f"{_PARTIAL}*"):
            shutil.rmtree(entry)
        folder = self.path / f"{_PARTIAL}{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            if folder.exists():
                shutil.rmtree(folder)

    def publish(self, draft: Path, manifest: Manifest) -> Path:
        """Make a draft a backup; returns its folder. From now on it counts, and not before."""
        descriptor = os.open(draft / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write(descriptor, manifest.encode().encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        for folder, _, _ in os.walk(draft):
            _sync_folder(Path(folder))
        path = self._free(manifest.made_at)
        draft.rename(path)
        _sync_folder(self.path)
        return path

    def prune(self, keep: int) -> list[str]:
        """Remove all but the newest; returns the names of what went."""
        old = self.names()[:-keep]
        for name in old:
            # Without its manifest it is no backup any more, however far removing it comes.
            (self.path / name / MANIFEST).unlink()
            shutil.rmtree(self.path / name)
        return old

    def _free(self, made_at: datetime) -> Path:
        name = made_at.strftime("%Y%m%dT%H%M%SZ")
        number = 1
        while (path := self.path / (name if number == 1 else f"{name}_{number}")).exists():
            number += 1
        return path


def copy_into(source: int, to: Path) -> BackedUpFile:
    """Copy an open file, force it onto the disk, read it back and compare. Raises OSError."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = os.fstat(source)
    target = os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        digest, size = hashlib.sha256(), 0
        while size < before.st_size and (piece := os.pread(source, min(_PIECE, before.st_size - size), size)):
            digest.update(piece)
            _write(target, piece)
            size += len(piece)
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.fsync(target)
        if digest_of(target) != digest.hexdigest():
            raise OSError(0, "what was written cannot be read back as it was", str(to))
    finally:
        os.close(target)
    return BackedUpFile(size, digest.hexdigest(), before.st_mtime_ns)


def link_or_copy(earlier: Path, to: Path) -> None:
    """A second name of a file of the backup before; a copy where there are no such names. Raises OSError."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(earlier, to, follow_symlinks=False)
    except OSError:
        shutil.copy2(earlier, to, follow_symlinks=False)


def digest_of(descriptor: int) -> str:
    """The SHA-256 of an open file's whole content."""
    digest, position = hashlib.sha256(), 0
    while piece := os.pread(descriptor, _PIECE, position):
        digest.update(piece)
        position += len(piece)
    return digest.hexdigest()


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
