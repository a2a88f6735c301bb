"""`holdfast migrate-add-video`: the request's three columns in a host platform's own table."""

from typing import Annotated

import typer

from db.host_table import TABLE, CannotMigrate, Migrated, add_video_columns
from web.cli.common import JsonOption, fail, print_json

DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="DATABASE_URL",
        help="The platform's database: sqlite:///path/to/file.db or postgresql://user:password@host/database.",
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be added, and change nothing.")]


def migrate_add_video(database: DatabaseOption, dry_run: DryRunOption = False, as_json: JsonOption = False) -> None:
    """Add video_file_path, video_size_mb and video_uploaded_at to an existing interview_sessions table.

    Of a host platform's own database, SQLite or PostgreSQL; what is there stays as it is, and repeating it changes nothing.
    """
    try:
        migrated = add_video_columns(database, dry_run=dry_run)
    except CannotMigrate as error:
        fail(str(error))
    if as_json:
        print_json({"table": TABLE, "added": migrated.added, "present": migrated.present, "dry_run": dry_run})
    else:
        typer.echo(_said(migrated, dry_run=dry_run))


def _said(migrated: Migrated, *, dry_run: bool) -> str:
    if not migrated.added:
        return f"{TABLE} has all three columns already; nothing was changed."
    names = ", ".join(migrated.added)
    return f"Would add to {TABLE}: {names}." if dry_run else f"Added to {TABLE}: {names}."
