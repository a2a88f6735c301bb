"""`erasures.jsonl` in the data folder: what was ever deleted, beside the database, for whoever puts back an older one.

A line for each interview: an opaque id and a moment, nothing of the person. It is only ever added to. Blocking.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from media_server.aio.data_folder import DataFolder

NAME: Final = "erasures.jsonl"


@dataclass(frozen=True, slots=True)
class Noted:
    """One line."""

    session_id: str
    "The interview."
    begun_at: datetime
    "When its deletion began: one that was set up later has been given the same id."


def note(data_folder: DataFolder, noted: Noted) -> None:
    """Add a line; it is on the disk on return."""
    line = json.dumps({"session_id": noted.session_id, "begun_at": noted.begun_at.astimezone(UTC).isoformat()})
    try:
        descriptor = data_folder.files.create(NAME)
    except FileExistsError:
        descriptor = data_folder.files.open(NAME, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, f"\n{line}\n".encode())  # what a crash cut off before is a line of its own
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(data_folder: DataFolder) -> list[Noted]:
    """All lines; what a crash cut off, or somebody wrote into it, is left out."""
    try:
        descriptor = data_folder.files.open(NAME)
    except FileNotFoundError:
        return []
    noted = []
    with os.fdopen(descriptor, "rb") as file:
        for line in file:
            try:
                told = json.loads(line)
                noted.append(Noted(str(told["session_id"]), datetime.fromisoformat(told["begun_at"]).astimezone(UTC)))
            except (ValueError, KeyError, TypeError):
                continue
    return noted
