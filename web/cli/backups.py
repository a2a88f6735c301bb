"""`holdfast backup` and `holdfast restore`."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from db.clock import SystemClock
from media_server.aio.backup import Made, back_up
from media_server.aio.backup_store import BackupStore
from media_server.aio.data_folder import DataFolder
from media_server.aio.restore import Restored, choose
from media_server.aio.restore import restore as put_back
from media_server.recording.backup_manifest import Manifest
from web import formats
from web.cli.common import ConfigOption, DataOption, JsonOption, fail, print_json, read_settings, run
from web.settings import Settings

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The folder that holds the backups.")]
SHOWN = 10
"Paths that are listed; the rest is counted."


def backup(
    folder: FolderArgument,
    keep: Annotated[
        int, typer.Option("--keep", min=1, metavar="N", help="How many backups stay; older ones are removed.")
    ] = 14,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Back everything up while the server runs; ends with 1 when something of it is missing or damaged."""
    made = run(_back_up(read_settings(config, data), folder, keep))
    if as_json:
        print_json(_made(made))
    else:
        typer.echo("\n".join(_told(made)))
    if made.taken.missing or made.taken.damaged:
        raise typer.Exit(1)


def restore(
    folder: FolderArgument,
    name: Annotated[
        str | None,
        typer.Option("--backup", metavar="NAME", help="Which one, as in 20261125T040000Z; the newest unless said."),
    ] = None,
    deleted: Annotated[
        Path | None,
        typer.Option(
            "--deleted",
            metavar="FILE",
            help="Session ids, one a line, or an erasures.jsonl: interviews deleted since do not come back.",
        ),
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup back into an empty data folder; every file is checked. Ends with 1 when something is missing."""
    restored = run(_restore(read_settings(config, data), folder, name, _session_ids(deleted)))
    lost = [*restored.damaged, *(path for path, _ in restored.comparison.rows_without_files)]
    if as_json:
        print_json(_restored(restored))
    else:
        typer.echo("\n".join(_restored_lines(restored, lost)))
    if lost:
        raise typer.Exit(1)


async def _back_up(settings: Settings, folder: Path, keep: int) -> Made:
    data_folder = DataFolder(settings.data.resolve())
    if not data_folder.database_path.exists():
        fail(f"{data_folder.path} holds no database; there is nothing to back up.")
    store = BackupStore.open(folder, data_folder)
    return await back_up(data_folder, store, SystemClock(), settings.database, version=version("holdfast"), keep=keep)


async def _restore(settings: Settings, folder: Path, name: str | None, deleted: set[str]) -> Restored:
    chosen, gone = choose(folder, name)
    return await put_back(chosen, settings.data, SystemClock(), settings.database, deleted_since={*gone, *deleted})


def _session_ids(file: Path | None) -> set[str]:
    if file is None:
        return set()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        fail(f"{file} cannot be read.")
    return {session_id for line in lines if (session_id := _session_id(line.strip()))}


def _session_id(line: str) -> str:
    """A session id as it is, or in a line of a data folder's erasures.jsonl; empty where there is none."""
    if not line.startswith("{"):
        return line
    try:
        return str(json.loads(line)["session_id"])
    except (ValueError, KeyError, TypeError):  # what a crash cut off
        return ""


def _size(manifest: Manifest) -> int:
    return sum(file.size for file in manifest.files.values())


def _told(made: Made) -> list[str]:
    taken = made.taken
    lines = [
        (
            f"Backed up {len(made.manifest.files)} files, {formats.megabytes(_size(made.manifest))}, to {made.path}: "
            f"{taken.copied} new ({formats.megabytes(taken.copied_bytes)}), the others as they were."
        )
    ]
    if made.removed:
        lines.append(f"Removed {len(made.removed)} older: {_listed(made.removed)}.")
    if taken.strangers:
        lines.append(f"Left out {taken.strangers} files that belong to no interview; holdfast doctor lists them.")
    if taken.missing:
        lines.append(f"Missing {len(taken.missing)} files that the database names: {_listed(taken.missing)}.")
    if taken.damaged:
        lines.append(f"Damaged {len(taken.damaged)} recordings, their SHA-256 has changed: {_listed(taken.damaged)}.")
    return lines


def _made(made: Made) -> dict[str, object]:
    return {
        "backup": str(made.path),
        "files": len(made.manifest.files),
        "bytes": _size(made.manifest),
        "copied": made.taken.copied,
        "copied_bytes": made.taken.copied_bytes,
        "left_out": made.taken.strangers,
        "missing": list(made.taken.missing),
        "damaged": list(made.taken.damaged),
        "removed": list(made.removed),
    }


def _restored_lines(restored: Restored, lost: list[str]) -> list[str]:
    manifest = restored.backup.manifest
    lines = [
        (
            f"Restored {len(manifest.files)} files, {formats.megabytes(_size(manifest))}, "
            f"as they were on {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC. Every one was checked."
        )
    ]
    if restored.mended:
        lines.append(f"Mended {len(restored.mended)} parts that were being recorded then.")
    if restored.deleted:
        lines.append(
            f"Deleted {len(restored.deleted)} interviews again that were deleted since: {_listed(restored.deleted)}."
        )
    if lost:
        lines.append(
            f"Lost {len(lost)} files, damaged or missing: {_listed(lost)}. An older backup may have them whole."
        )
    return lines


def _restored(restored: Restored) -> dict[str, object]:
    return {
        "backup": str(restored.backup.path),
        "made_at": restored.backup.manifest.made_at.isoformat(),
        "files": len(restored.backup.manifest.files),
        "mended": len(restored.mended),
        "deleted": list(restored.deleted),
        "damaged": list(restored.damaged),
        "missing": [path for path, _ in restored.comparison.rows_without_files],
    }


def _listed(items: list[str] | tuple[str, ...]) -> str:
    rest = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return f"{', '.join(items[:SHOWN])}{rest}"
