"""What the processes that do heavy work have in common: a job on standard input, the outcome on standard output."""

import sys
from collections.abc import Callable
from typing import TypeVar

from media_server.aio.worker_message import WorkerMessage

Job = TypeVar("Job", bound=WorkerMessage)
Tell = Callable[[float], None]
"Takes how far the job is, 0 to 1."


class Refused(Exception):  # noqa: N818  it says what happened
    """What was handed in can never become what was asked for; the message says why."""


class NotVerified(Exception):  # noqa: N818  it says what happened
    """What lies on the disk is not what was to be written."""


def serve(kind: type[Job], run: Callable[[Job], WorkerMessage]) -> None:
    """Do the job on standard input, tell the outcome on standard output."""
    sys.stdout.buffer.write(run(kind.decode(sys.stdin.buffer.read())).encode())


def serve_telling(kind: type[Job], run: Callable[[Job, Tell], WorkerMessage]) -> None:
    """The same for a job that takes long: before the outcome come lines that say how far it is."""

    def tell(progress: float) -> None:
        sys.stdout.buffer.write(f"{progress:.3f}\n".encode())
        sys.stdout.buffer.flush()

    serve(kind, lambda job: run(job, tell))
