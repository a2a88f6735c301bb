"""Files below one folder, and only there. Blocking; the shells call it in a thread.

Every path is walked component by component with O_NOFOLLOW, each folder opened inside the one before: a link is never
followed, wherever it points, and swapping a folder for a link in the middle of it changes nothing.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class OutsideFolder(Exception):  # noqa: N818  it says what happened
    """A path that leads out of the folder, through a link, or to something that is no ordinary file."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """What a walk over the folder met."""

    path: str
    "Relative to the folder, components joined by `/`."
    size_bytes: int
    "Its length; of a link, the link's."


class ContainedFiles:
    """Opens, names and removes what lies below `root`.

    Paths are relative, components joined by `/`. Everything raises OutsideFolder for a path that would leave, and
    OSError for what the disk says. Files are made with mode 0600, folders with 0700.
    """

    def __init__(self, root: Path) -> None:
        """Take the folder as it is; `root` itself may be reached through links."""
        self.root = root
        self._pinned: dict[str, tuple[int, int]] = {}

    def pin(self, name: str) -> None:
        """From now on a folder in `root` has to be the one that lies there now.

        When its disk is unmounted another one comes to light under that name, or none: OSError (ESTALE) then, instead
        of files that seem to be gone, and of new ones that would be hidden as soon as the disk is back.
        """
        found = (self.root / name).stat()
        self._pinned[name] = (found.st_dev, found.st_ino)

    def open(self, path: str, flags: int = os.O_RDONLY) -> int:
        """Open a file that is there; returns its descriptor, which the caller closes."""
        with self._parent(path) as (parent, name), _no_links(path):
            # O_NONBLOCK: a pipe that somebody put there must not hang us before we have looked at it.
            descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OutsideFolder(f"{path} is no ordinary file")
        return descriptor

    def create(self, path: str) -> int:
        """Make a new file, and the folders it needs, for reading and writing; its name is on the disk on return.

        Raises FileExistsError rather than touch what is there. After any other error nothing is left, so that trying
        again makes sense.
        """
        self.make_folder(path.rpartition("/")[0])
        with self._parent(path) as (parent, name), _no_links(path):
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(name, flags, 0o600, dir_fd=parent)
            try:
                _sync(parent)
            except OSError:
                os.close(descriptor)
                os.unlink(name, dir_fd=parent)
                raise
        return descriptor

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it; what is there stays. Their names are on the disk on return."""
        components = _components(path) if path else []
        for depth, name in enumerate(components):
            with self._opened("/".join(components[:depth])) as parent:
                try:
                    os.mkdir(name, 0o700, dir_fd=parent)
                except FileExistsError:
                    continue
                _sync(parent)

    def link(self, path: str, new_path: str) -> None:
        """Give a file a second name, on the disk on return. Raises FileExistsError rather than replace anything."""
        with self._parent(path) as (parent, name), self._parent(new_path) as (new_parent, new_name):
            os.link(name, new_name, src_dir_fd=parent, dst_dir_fd=new_parent, follow_symlinks=False)
            _sync(new_parent)

    def replace(self, path: str, new_path: str) -> None:
        """Let a file take a name, at once and on the disk on return; whatever had it is gone then."""
        with self._parent(path) as (parent, name), self._parent(new_path) as (new_parent, new_name):
            os.replace(name, new_name, src_dir_fd=parent, dst_dir_fd=new_parent)
            _sync(new_parent)

    def remove(self, path: str) -> bool:
        """Take a name away, that of a link too; gone from the disk on return. False when there was none."""
        try:
            with self._parent(path) as (parent, name):
                os.unlink(name, dir_fd=parent)
                _sync(parent)
        except FileNotFoundError:
            return False
        return True

    def remove_empty_folder(self, path: str) -> bool:
        """Remove a folder if nothing is in it. False when something is, or when there is none."""
        try:
            with self._parent(path) as (parent, name):
                os.rmdir(name, dir_fd=parent)
                _sync(parent)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST}:
                return False
            raise
        return True

    def stat(self, path: str) -> os.stat_result | None:
        """What lies there, a link not followed; None for nothing."""
        try:
            with self._parent(path) as (parent, name):
                return os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names_in(self, path: str) -> list[str]:
        """What a folder holds, sorted; nothing for a folder that is not there."""
        try:
            with self._opened(path) as folder:
                return sorted(os.listdir(folder))  # noqa: PTH208  pathlib knows no descriptors
        except FileNotFoundError:
            return []

    def walk(self, path: str) -> Iterator[FoundFile]:
        """Everything below a folder that is no folder itself, sorted; what vanishes meanwhile is left out."""
        for name in self.names_in(path):
            inner = f"{path}/{name}"
            found = self.stat(inner)
            if found is None:
                continue
            if stat.S_ISDIR(found.st_mode):
                yield from self.walk(inner)
            else:
                yield FoundFile(inner, found.st_size)

    @contextlib.contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        *folders, name = _components(path)
        with self._opened("/".join(folders)) as parent:
            yield parent, name

    @contextlib.contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        with contextlib.ExitStack() as stack:
            folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, folder)
            for depth, name in enumerate(_components(path) if path else []):
                pinned = None if depth else self._pinned.get(name)
                with _no_links(path), _there(path, pinned):
                    folder = os.open(name, _FOLDER, dir_fd=folder)
                stack.callback(os.close, folder)
                _check_pinned(folder, path, pinned)
            yield folder


def _components(path: str) -> list[str]:
    components = path.split("/")
    if any(component in {"", ".", ".."} or "\0" in component for component in components):
        raise OutsideFolder(f"{path!r} is no path below the folder")
    return components


@contextlib.contextmanager
def _no_links(path: str) -> Iterator[None]:
    # Linux says ENOTDIR where a folder is a link, other systems ELOOP (macOS) or EMLINK (FreeBSD).
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}:
            raise OutsideFolder(f"{path!r} leads through a link or something that is no folder") from error
        raise


@contextlib.contextmanager
def _there(path: str, pinned: tuple[int, int] | None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        if pinned is None:
            raise
        raise OSError(errno.ESTALE, "its disk is not mounted", path) from None


def _check_pinned(folder: int, path: str, pinned: tuple[int, int] | None) -> None:
    if pinned is not None:
        found = os.fstat(folder)
        if (found.st_dev, found.st_ino) != pinned:
            raise OSError(errno.ESTALE, "another disk is mounted than when the server started, or none", path)


def _sync(folder: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(folder, fcntl.F_FULLFSYNC)
    else:
        os.fsync(folder)
