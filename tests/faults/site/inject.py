"""Faults at the boundary between the server and the system, switched by a file that the test writes.

The process is the real one and runs its own code; what lies below `os` and `sqlite3` refuses, stalls or has gone, and
the wall clock shows what the test wants. Only files of the data folder are touched.

The file is JSON: `full`, `slow_s`, `database` (`full` or `failing`), `wall_s`, and `detached`, a number: what was open
when it grew never works again, as after a disk was pulled out. SIGUSR1 holds the main thread for `block_s`.
"""

import contextlib
import errno
import importlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

_STEP_S = 0.02


class Faults:
    """What is switched on now."""

    def __init__(self, control: str) -> None:
        self._control = control
        self._data = str(Path(control).parent / "data")
        self._uploads = f"{self._data}/uploads"
        self._read_at: int | None = None
        self._now: dict[str, Any] = {}
        self._detached = 0
        self._dead: set[int] = set()
        self._stat, self._open, self._read, self._close = os.stat, os.open, os.read, os.close
        self._listdir, self._readlink = os.listdir, os.readlink

    def now(self) -> dict[str, Any]:
        """The switches, read again when the file has changed."""
        with contextlib.suppress(OSError, ValueError):
            changed = self._stat(self._control).st_mtime_ns
            if changed != self._read_at:
                descriptor = self._open(self._control, os.O_RDONLY)
                try:
                    self._now = json.loads(self._read(descriptor, 10_000))
                finally:
                    self._close(descriptor)
                self._read_at = changed
                self._detach()
        return self._now

    def _detach(self) -> None:
        wanted = int(self._now.get("detached", 0))
        if wanted > self._detached:
            self._detached = wanted
            self._dead |= {int(name) for name in self._listdir("/proc/self/fd") if self._is_ours(int(name))}

    def begin(self) -> None:
        """A new process has nothing open whose disk was pulled out before."""
        self.now()
        self._dead.clear()

    def where(self, path: Any, dir_fd: int | None = None) -> str:
        """The whole path that is meant."""
        if isinstance(path, int):
            return self._of(path)
        name = os.fsdecode(path)
        return name if name.startswith("/") or dir_fd is None else f"{self._of(dir_fd)}/{name}"

    def _of(self, descriptor: int) -> str:
        try:
            return self._readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            return ""

    def _is_ours(self, descriptor: int) -> bool:
        path = self._of(descriptor)
        return path.startswith((self._uploads, f"{self._data}/gone")) and path.endswith((".webm", ".partial"))

    def check_descriptor(self, descriptor: int) -> None:
        """Before anything is written to, or forced from, an open file."""
        now = self.now()
        if descriptor in self._dead:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        path = self._of(descriptor) if now.get("full") or now.get("slow_s") else ""
        if path.startswith(self._uploads):
            self.wait()
            if now.get("full"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def check_new(self, where: str) -> None:
        """Before something is made."""
        if self.now().get("full") and where.startswith(self._uploads):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), where)

    def wait(self) -> None:
        """As long as the disk is slow, up to its time."""
        for _ in range(round(float(self._now.get("slow_s") or 0) / _STEP_S)):
            if not self.now().get("slow_s"):
                break
            time.sleep(_STEP_S)

    def forget(self, descriptor: int) -> None:
        """It was closed; its number may mean another file from now on."""
        self._dead.discard(descriptor)


def install(control: str) -> None:
    """Put the faults between this process and the system."""
    faults = Faults(control)
    faults.begin()
    _wrap_files(faults)
    _wrap_making(faults)
    _wrap_database(faults)
    _wrap_clock(faults)
    if "serve" in sys.orig_argv:  # a worker is nobody's event loop
        signal.signal(signal.SIGUSR1, lambda *_: time.sleep(float(faults.now().get("block_s", 0))))


def _wrap_files(faults: Faults) -> None:
    def checked(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int, *rest: Any, **options: Any) -> Any:
            faults.check_descriptor(descriptor)
            return real(descriptor, *rest, **options)

        return call

    for name in ("pwrite", "write", "fdatasync", "fsync", "ftruncate"):
        setattr(os, name, checked(getattr(os, name)))
    close = os.close

    def closing(fd: int) -> None:
        faults.forget(fd)
        close(fd)

    os.close = closing
    statvfs = os.statvfs

    def room(path: Any) -> Any:
        found = statvfs(path)
        if not faults.now().get("full"):
            return found
        return os.statvfs_result([*found[:3], 0, 0, *found[5:]])

    os.statvfs = room


def _wrap_making(faults: Faults) -> None:
    opening, mkdir, link = os.open, os.mkdir, os.link

    def open_(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_CREAT:
            faults.check_new(faults.where(path, dir_fd))
        return opening(path, flags, mode, dir_fd=dir_fd)

    def mkdir_(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        faults.check_new(faults.where(path, dir_fd))
        mkdir(path, mode, dir_fd=dir_fd)

    def link_(src: Any, dst: Any, *, dst_dir_fd: int | None = None, **options: Any) -> None:
        faults.check_new(faults.where(dst, dst_dir_fd))
        link(src, dst, dst_dir_fd=dst_dir_fd, **options)

    os.open, os.mkdir, os.link = open_, mkdir_, link_


def _wrap_database(faults: Faults) -> None:
    def check(sql: str) -> None:
        fault = faults.now().get("database")
        words = ("INSERT", "UPDATE", "DELETE", "COMMIT")
        if fault == "failing":
            raise _error("disk I/O error", sqlite3.SQLITE_IOERR)
        if fault == "full" and sql.lstrip().upper().startswith(words):
            raise _error("database or disk is full", sqlite3.SQLITE_FULL)

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *rest: Any) -> Any:
            check(sql)
            return super().execute(sql, *rest)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    connect = sqlite3.connect

    def connecting(database: Any, *rest: Any, **options: Any) -> Any:
        options.setdefault("factory", Connection)
        return connect(database, *rest, **options)

    sqlite3.connect = connecting


def _error(text: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def _wrap_clock(faults: Faults) -> None:
    from db import clock

    real = clock.SystemClock.utc_now

    def utc_now(self: clock.SystemClock) -> Any:
        return real(self) + timedelta(seconds=float(faults.now().get("wall_s", 0)))

    clock.SystemClock.utc_now = utc_now  # type: ignore[method-assign]
    if os.environ.get("HOLDFAST_FAULTS_HURRY"):
        from signaling.aio import deadlines

        deadlines.EVERY_S = 0.3
        with contextlib.suppress(ImportError):
            importlib.import_module("media_server.aio.sweeping").EVERY_S = 0.5  # type: ignore[attr-defined]
