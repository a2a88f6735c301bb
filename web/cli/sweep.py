"""`holdfast sweep`."""

from typing import Annotated

import typer

from media_server.aio.exports import Exports
from media_server.aio.recordings import Recordings
from web.cli.common import ConfigOption, DataOption, JsonOption, print_json, read_settings, run, workshop
from web.kept import deletions
from web.schema.retention import Deletions
from web.settings import Settings


def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=0, max=3650, help="With --dry-run: look so many days ahead.")
    ] = 0,
    trust_clock: Annotated[
        bool,
        typer.Option("--trust-clock", help="The clock is right, although nobody has seen it for more than a week."),
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete what is due and copies kept long enough, and what has come back of deleted interviews; `serve` does the same."""
    settings = read_settings(config, data)
    if dry_run:
        _preview(run(_deletions(settings, days)), days, as_json=as_json)
        return
    deleted, again, copies = run(_sweep(settings, trust_clock=trust_clock))
    if as_json:
        print_json({"deleted": deleted, "deleted_again": again, "copies": copies})
        return
    typer.echo(f"Deleted {len(deleted)} interviews." if deleted else "Nothing was due for deletion.")
    if again:
        typer.echo(f"Of {len(again)} deleted interviews something had come back. It is deleted again.")
    if copies:
        typer.echo(f"Removed {copies} MP4s that were kept long enough.")


def _preview(told: Deletions, days: int, *, as_json: bool) -> None:
    if as_json:
        print_json(told.model_dump(mode="json"))
        return
    when = "now" if days == 0 else f"within {days} days"
    typer.echo(f"{len(told.due)} interviews are deleted {when}." if told.due else f"Nothing is due {when}.")
    for one in told.due:
        typer.echo(f"{one.delete_at:%Y-%m-%d %H:%M} UTC  {one.session_id}  {one.candidate_name}, {one.job_title}")
    for held in told.held:
        typer.echo(f"held: {held.session_id}  {held.candidate_name}, {held.job_title}: {held.hold.reason}")


async def _deletions(settings: Settings, days: int) -> Deletions:
    async with workshop(settings) as shop, shop.database.reading() as db_session:
        return await deletions(db_session, shop.clock.utc_now(), days)


async def _sweep(settings: Settings, *, trust_clock: bool) -> tuple[list[str], list[str], int]:
    async with workshop(settings) as shop:
        recordings = Recordings(shop.database, shop.data_folder, shop.clock)
        deleted = await recordings.sweep(trust_clock=trust_clock)
        await recordings.eraser.resume()
        again = await recordings.eraser.remove_returned()
        exports = Exports(shop.database, shop.data_folder, recordings, shop.clock, settings.work.keep_exports_days)
        return deleted, again, await exports.sweep()
