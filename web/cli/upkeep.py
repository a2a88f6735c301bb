"""`holdfast mend` and `holdfast sweep`."""

import typer

from media_server.aio.recordings import Recordings
from web.cli.common import ConfigOption, DataOption, JsonOption, print_json, read_settings, run, workshop
from web.settings import Settings


def mend(data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Repair what a crash left; `serve` does the same when it starts. No server may be running on the data folder."""
    mended = run(_mend(read_settings(config, data)))
    if as_json:
        print_json({"mended": mended})
    else:
        typer.echo(f"Mended {len(mended)} parts." if mended else "Nothing had to be mended.")


def sweep(data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Delete recordings whose job's retention period is over; `serve` does the same every day."""
    deleted = run(_sweep(read_settings(config, data)))
    if as_json:
        print_json({"deleted": deleted})
    else:
        typer.echo(f"Deleted {len(deleted)} interviews." if deleted else "Nothing was due for deletion.")


async def _mend(settings: Settings) -> list[str]:
    async with workshop(settings) as shop:
        with shop.data_folder.held():
            await Recordings(shop.database, shop.data_folder, shop.clock).finish_pending()
    return []


async def _sweep(settings: Settings) -> list[str]:
    async with workshop(settings) as shop:
        return await Recordings(shop.database, shop.data_folder, shop.clock).sweep()
