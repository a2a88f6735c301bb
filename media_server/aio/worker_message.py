"""What goes between the server and its workers: frozen dataclasses as JSON, on standard input and output."""

import os
from dataclasses import dataclass
from typing import Self

from pydantic import TypeAdapter


class WorkerMessage:
    """The parent of every job and outcome; dataclasses of plain values and tuples inherit from it."""

    __slots__ = ()

    def encode(self) -> bytes:
        """Return it as JSON."""
        return TypeAdapter(type(self)).dump_json(self)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read it from JSON. Raises ValueError, also when the process ended before it had said anything."""
        return TypeAdapter(cls).validate_json(octets)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOutcome(WorkerMessage):
    """What every outcome tells."""

    errno: int = 0
    "What the disk said; 0 when it did not complain."

    def check_disk(self, path: str | None = None) -> None:
        """Raise the OSError that the worker met; `path`: of what it was writing."""
        if self.errno:
            raise OSError(self.errno, os.strerror(self.errno), path)
