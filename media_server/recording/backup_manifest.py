"""What a backup says of itself: a JSON document that tells what lies in it, byte for byte."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

FORMAT: Final = 1
"Changed when an older Holdfast could not restore what a newer one has backed up."


class ManifestError(Exception):
    """This is no manifest of ours; the message says why."""


@dataclass(frozen=True, slots=True)
class BackedUpFile:
    """One file of a backup."""

    size: int
    "Its length in bytes."
    sha256: str
    "Of its content, hexadecimal."
    changed_ns: int
    "When its original was changed last, nanoseconds since 1970: what has not changed since is not copied again."


@dataclass(frozen=True, slots=True)
class Manifest:
    """What lies in a backup."""

    holdfast: str
    "The version that made it."
    revision: str
    "Of the database's tables."
    made_at: datetime
    "When, UTC."
    files: Mapping[str, BackedUpFile]
    "By path below the data folder."
    deleted: tuple[str, ...] = field(default=())
    "Interviews that had been deleted by then, so that an older backup does not bring them back."

    def encode(self) -> str:
        """As JSON, for people as well."""
        document = {
            "format": FORMAT,
            "holdfast": self.holdfast,
            "revision": self.revision,
            "made_at": self.made_at.isoformat(),
            "deleted": sorted(self.deleted),
            "files": {
                path: {"size": file.size, "sha256": file.sha256, "changed_ns": file.changed_ns}
                for path, file in sorted(self.files.items())
            },
        }
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def decode(cls, text: str) -> "Manifest":
        """Read what :meth:`encode` wrote. Raises ManifestError."""
        try:
            return cls._read(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ManifestError("it is damaged, or no manifest of a Holdfast backup") from error

    @classmethod
    def _read(cls, document: Any) -> "Manifest":
        if document["format"] != FORMAT:
            raise ManifestError(
                f"it was made by a newer Holdfast ({document.get('holdfast')}); restore it with that one"
            )
        files = {
            str(path): BackedUpFile(int(file["size"]), str(file["sha256"]), int(file["changed_ns"]))
            for path, file in document["files"].items()
        }
        return cls(
            str(document["holdfast"]),
            str(document["revision"]),
            datetime.fromisoformat(document["made_at"]),
            files,
            tuple(map(str, document["deleted"])),
        )
