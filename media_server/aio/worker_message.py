"""What goes between the server and its workers: frozen dataclasses as JSON, on standard input and output."""

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
