"""Starts the processes that do heavy work, and hears them out.

A worker is a module of ours: it reads one JSON document from standard input, is handed open files and knows no names,
says how far it is (a line of JSON like `0.5`), and what came of it on its last line.
"""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from media_server.aio import background

logger = logging.getLogger(__name__)

OnProgress = Callable[[float], Awaitable[None]]
"Hears how much is done, 0 to 1."

LONGEST_LINE: Final = 4_194_304
"Octets of what a worker says in one line."
KEPT_COMPLAINT: Final = 20_000
"Octets of what it says on standard error; the last line becomes the reason."


@dataclass(frozen=True, slots=True)
class Priority:
    """How far a process steps back."""

    niceness: int
    "As `nice` counts."
    policy: str
    "`BATCH`, or `IDLE`: only what nobody else wants."

    def command(self, command: Sequence[str]) -> list[str]:
        """What to start in place of a command, so that it runs at this priority."""
        return [sys.executable, "-I", str(Path(background.__file__)), str(self.niceness), self.policy, *command]


WAITED_FOR: Final = Priority(10, "BATCH")
"Somebody looks at a page meanwhile; it takes a second or two."
SOON: Final = Priority(19, "BATCH")
"Nobody waits, but it is short."
SPARE: Final = Priority(19, "IDLE")
"Minutes of a whole core."


class WorkerFailed(Exception):  # noqa: N818  it says what happened
    """The process ended without an outcome, or took too long; the message is for the operator."""


class WorkerKilled(WorkerFailed):
    """Somebody ended the process, or the system did for want of memory: what it was at may be in perfect order."""


KILLED: Final = frozenset({-signal.SIGKILL, -signal.SIGTERM})
"What a process returns that was ended from outside."


class WorkerStopped(WorkerFailed):
    """Nobody wants its outcome any more, and it was ended."""


class WorkerScope:
    """The processes of one piece of work, to be ended together. What is done with files and rows is never cut by it."""

    def __init__(self) -> None:
        self._processes: set[asyncio.subprocess.Process] = set()
        self.is_stopped = False
        "Whether they were ended, and no other begins."

    def stop(self) -> None:
        """End what runs, and what would begin."""
        self.is_stopped = True
        for process in self._processes:
            _kill(process)

    @contextlib.contextmanager
    def running(self, process: asyncio.subprocess.Process) -> Iterator[None]:
        """Let it be ended by :meth:`stop` meanwhile."""
        self._processes.add(process)
        try:
            if self.is_stopped:
                _kill(process)
            yield
        finally:
            self._processes.discard(process)


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


SCOPE: Final[ContextVar[WorkerScope | None]] = ContextVar("SCOPE", default=None)
"The piece of work that is being done; a task hands it on to those that it starts."


async def run_worker(
    module: str,
    job: bytes,
    descriptors: Sequence[int],
    *,
    priority: Priority = SOON,
    within_s: float | None = None,
    on_progress: OnProgress | None = None,
) -> bytes:
    """Have a module of ours do a job with these open files; returns its outcome. Raises WorkerFailed, WorkerStopped.

    A process that nobody waits for any more is ended.
    """
    process = await asyncio.create_subprocess_exec(
        *priority.command([sys.executable, "-m", module]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=descriptors,
        limit=LONGEST_LINE,
    )
    async with _ended(process, module, within_s):
        outcome, complaint, _ = await asyncio.gather(
            _heard(process.stdout, on_progress), _complaint(process.stderr), _told(process.stdin, job)
        )
        await process.wait()
    _check(process.returncode, module, complaint)
    return outcome


async def run_program(
    command: Sequence[str], text: bytes, output: int, *, priority: Priority = SOON, within_s: float
) -> None:
    """Run somebody else's program: `text` is its standard input, the open file `output` its standard output.

    Raises WorkerFailed, also when there is no such program.
    """
    process = await asyncio.create_subprocess_exec(
        *priority.command(command), stdin=asyncio.subprocess.PIPE, stdout=output, stderr=asyncio.subprocess.PIPE
    )
    async with _ended(process, command[0], within_s):
        complaint, _ = await asyncio.gather(_complaint(process.stderr), _told(process.stdin, text))
        await process.wait()
    _check(process.returncode, command[0], complaint)


@contextlib.asynccontextmanager
async def _ended(process: asyncio.subprocess.Process, name: str, within_s: float | None) -> AsyncIterator[None]:
    scope = SCOPE.get()
    try:
        async with asyncio.timeout(within_s):
            with contextlib.nullcontext() if scope is None else scope.running(process):
                yield
    except TimeoutError:
        raise WorkerFailed(f"{name} was ended: it took longer than {within_s:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _check(returncode: int | None, name: str, complaint: str) -> None:
    scope = SCOPE.get()
    if scope is not None and scope.is_stopped:
        raise WorkerStopped(f"{name} was ended: nobody wants its outcome any more")
    if complaint:
        logger.warning("%s said: %s", name, complaint)
    if returncode in KILLED:
        raise WorkerKilled(f"{name} was killed")
    if returncode:
        last = complaint.rpartition("\n")[2]
        raise WorkerFailed(f"{name} ended with {returncode}{f': {last}' if last else ''}")


async def _told(stdin: asyncio.StreamWriter | None, text: bytes) -> None:
    assert stdin is not None  # noqa: S101  it was asked for
    with contextlib.suppress(ConnectionError):  # it has ended, and its end tells why
        stdin.write(text)
        await stdin.drain()
    stdin.close()


async def _heard(stdout: asyncio.StreamReader | None, on_progress: OnProgress | None) -> bytes:
    assert stdout is not None  # noqa: S101  it was asked for
    last = b""
    async for line in stdout:
        if last and on_progress is not None:
            await on_progress(float(last))
        last = line
    return last


async def _complaint(stderr: asyncio.StreamReader | None) -> str:
    assert stderr is not None  # noqa: S101  it was asked for
    kept = b""
    while octets := await stderr.read(KEPT_COMPLAINT):
        kept = (kept + octets)[-KEPT_COMPLAINT:]
    return kept.decode(errors="replace").strip()
