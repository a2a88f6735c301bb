"""`holdfast interview hold` and `release`."""

from typing import Annotated

import typer

from db import holds
from db.holds import MOST_REASON
from web.cli.common import (
    ConfigOption,
    DataOption,
    IdArgument,
    JsonOption,
    fail,
    operator,
    print_json,
    read_settings,
    run,
    workshop,
)
from web.settings import Settings

app = typer.Typer()


@app.command("hold")
def hold(
    session_id: IdArgument,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; whoever asks for deletion is shown it.")
    ],
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep an interview: nobody deletes it, and no rule does, until it is released."""
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        fail(f"The reason has 1 to {MOST_REASON} characters.")
    run(_hold(read_settings(config, data), session_id, reason))
    if as_json:
        print_json({"session_id": session_id, "held": True, "reason": reason})
    else:
        typer.echo(f"Interview {session_id} is held. It is kept until it is released.")


@app.command("release")
def release(
    session_id: IdArgument, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Release an interview that is held: it is deleted when it is due."""
    run(_release(read_settings(config, data), session_id))
    if as_json:
        print_json({"session_id": session_id, "held": False})
    else:
        typer.echo(f"Interview {session_id} is not held. It is deleted when it is due.")


async def _hold(settings: Settings, session_id: str, reason: str) -> None:
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        await holds.hold(db_session, session_id, reason, shop.clock.utc_now(), actor=operator())


async def _release(settings: Settings, session_id: str) -> None:
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        await holds.release(db_session, session_id, shop.clock.utc_now(), actor=operator())
