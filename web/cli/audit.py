"""`holdfast audit …`: what happened, and whether what says so is whole."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit_chain, audit_list
from db.audit import AuditEvent, Head
from db.audit_chain import Verdict
from db.audit_list import Wanted
from db.models import AuditRow
from web import days
from web.audit_told import AuditFormat, heading, line, told
from web.cli.common import (
    ConfigOption,
    DataOption,
    JsonOption,
    fail,
    print_json,
    read_settings,
    run,
    workshop,
)
from web.settings import Settings

app = typer.Typer(no_args_is_help=True, help="What happened, who did it, when.")

HASH_LENGTH: Final = 64

InterviewOption = Annotated[str | None, typer.Option("--interview", metavar="ID", help="Of this interview alone.")]
PersonOption = Annotated[
    str | None, typer.Option("--person", metavar="NAME", help="Of this person alone: an e-mail, or a session id.")
]
EventOption = Annotated[
    str | None, typer.Option("--event", metavar="KIND", help="Of this kind alone: played, deleted, …")
]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], metavar="DAY", help="From this day on (UTC).")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], metavar="DAY", help="Until this day's end (UTC).")
]


@app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="What the log says that the audit ended with.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--number", metavar="N", help="The row that the log says it of.")
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether the audit is whole: no row changed, removed, or added in between. Ends with 1 when it is not."""
    if (head is None) != (number is None):
        fail("Give --head and --number together, as the log has them.")
    known = None if head is None or number is None else Head(number, head.strip().lower())
    if known is not None and len(known.hash) != HASH_LENGTH:
        fail(f"--head takes the {HASH_LENGTH} characters that follow the word hash in the log.")
    verdict = run(_verify(read_settings(config, data), known))
    if as_json:
        print_json(_verdict_told(verdict))
    else:
        _say(verdict, known)
    if verdict.fault is not None:
        raise typer.Exit(1)


@app.command("list")
def list_rows(
    interview: InterviewOption = None,
    person: PersonOption = None,
    event: EventOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 50,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what happened, the latest last."""

    async def read(settings: Settings) -> list[AuditRow]:
        async with workshop(settings) as shop, shop.database.reading() as db_session:
            return await audit_list.page(db_session, wanted, limit)

    wanted = _wanted(interview, person, event, since, until)
    rows = run(read(read_settings(config, data)))[::-1]
    if as_json:
        print_json([told(row) for row in rows])
        return
    for row in rows:
        who = f"{row.actor_kind} {row.actor_name}".strip()
        what = row.session_id or (f"job {row.job_id}" if row.job_id else "-")
        details = "" if row.details == "{}" else row.details
        typer.echo(f"{row.number:>7}  {row.at:%Y-%m-%d %H:%M:%S}  {row.event:<18}  {who}  {what}  {details}".rstrip())
    if not rows:
        typer.echo("Nothing that fits is in the audit.")


@app.command("export")
def export(
    form: Annotated[AuditFormat, typer.Option("--format", help="JSON lines, or CSV for a spreadsheet.")] = (
        AuditFormat.JSONL
    ),
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write it there; otherwise to standard output.")
    ] = None,
    interview: InterviewOption = None,
    person: PersonOption = None,
    event: EventOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Write all of the audit out, or what of it fits, oldest first, with everything that a row's hash is made of."""
    wanted = _wanted(interview, person, event, since, until)
    settings = read_settings(config, data)
    if output is None:
        run(_export(settings, wanted, form, sys.stdout))
        return
    try:
        with output.open("x", encoding="utf-8", newline="") as file:
            rows = run(_export(settings, wanted, form, file))
    except FileExistsError:
        fail(f"{output} is there already. Choose another name.")
    typer.echo(f"Wrote {rows} rows to {output}.")


async def _verify(settings: Settings, known: Head | None) -> Verdict:
    async with workshop(settings) as shop, shop.database.reading() as db_session:
        return await audit_chain.verify(db_session, known)


async def _export(settings: Settings, wanted: Wanted, form: AuditFormat, file: TextIO) -> int:
    async with workshop(settings) as shop:
        async with shop.database.reading() as db_session:
            rows = await _write(db_session, wanted, form, file)
        async with shop.database.writing() as db_session:
            await shop.record(db_session, AuditEvent.AUDIT_EXPORTED, details={"rows": rows})
    return rows


async def _write(db_session: AsyncSession, wanted: Wanted, form: AuditFormat, file: TextIO) -> int:
    file.write(heading(form))
    rows = 0
    async for row in audit_list.in_order(db_session, wanted):
        file.write(line(row, form))
        rows += 1
    return rows


def _wanted(
    session_id: str | None, person: str | None, event: str | None, since: datetime | None, until: datetime | None
) -> Wanted:
    wanted = Wanted(session_id, person, event)
    if since is not None:
        wanted = replace(wanted, since=days.beginning(since.date(), UTC))
    if until is not None:
        wanted = replace(wanted, until=days.end(until.date(), UTC))
    return wanted


def _verdict_told(verdict: Verdict) -> dict[str, object]:
    fault = verdict.fault
    return {
        "whole": fault is None,
        "rows": verdict.rows,
        "first": verdict.first,
        "head": {"number": verdict.head.number, "hash": verdict.head.hash},
        "fault": None if fault is None else {"number": fault.number, "said": fault.said},
    }


def _say(verdict: Verdict, known: Head | None) -> None:
    if verdict.fault is not None:
        typer.echo(f"The audit is not whole. {verdict.fault.said}.", err=True)
        typer.echo(
            "Keep a copy of the database as it is, and compare it with your backups and the server's log.", err=True
        )
        return
    typer.echo(f"The audit is whole: {verdict.rows} rows, the last is {verdict.head.number}, hash {verdict.head.hash}.")
    if known is None:
        typer.echo("Whether its end was cut off, the log knows: give --head and --number from the server's log.")
    elif known.number < verdict.first:
        typer.echo(f"Row {known.number} is older than what is kept, so nothing can be said of it.")
