"""`holdfast jobs`: the heavy work, and what became of it."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from db import work
from db.models import Work, WorkState
from web import views
from web.cli.common import ConfigOption, DataOption, JsonOption, read_settings, run, workshop
from web.settings import Settings


def jobs(
    retry: Annotated[
        bool, typer.Option("--retry", help="Try again at once what was given up or waits for its next attempt.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List heavy work: joining, transcoding, sounds; newest first. What is not listed is not due, or not begun yet."""
    settings = read_settings(config, data)
    if retry:
        run(_retry(settings))
    rows = run(_list(settings))
    if as_json:
        typer.echo(views.as_json([_told(row) for row in rows]))
    else:
        _print_table(rows)


async def _retry(settings: Settings) -> None:
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        await work.try_again(db_session)


async def _list(settings: Settings) -> Sequence[Work]:
    async with workshop(settings) as shop, shop.database.reading() as db_session:
        return await work.listed(db_session)


def _told(row: Work) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "session_id": row.session_id,
        "subject": row.subject,
        "state": row.state.value,
        "progress": round(row.progress, 3),
        "attempts": row.attempts,
        "error": row.error,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "retry_at": row.retry_at,
    }


def _print_table(rows: Sequence[Work]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("Work", "Interview", "State", "Progress", "Attempts", "Error"):
        table.add_column(column, no_wrap=True, justify="right" if column in {"Progress", "Attempts"} else "left")
    for row in rows:
        what = f"{row.kind} {row.subject}".strip()
        progress = f"{row.progress:.0%}" if row.state is WorkState.RUNNING else ""
        error = (row.error or "").replace("\n", " ")
        table.add_row(what, row.session_id, row.state.value, progress, str(row.attempts), error)
    # A pipe has no width; nothing may be cut off there.
    console = Console() if sys.stdout.isatty() else Console(width=1_000)
    console.print(table, markup=False)
