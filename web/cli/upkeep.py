"""`holdfast mend`."""

import typer

from media_server.aio.mending import MendedPart, MendResult
from media_server.aio.mounted import check_mounted
from media_server.aio.recordings import Recordings
from web import formats
from web.cli.common import ConfigOption, DataOption, JsonOption, print_json, read_settings, run, workshop
from web.settings import Settings


def mend(data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Repair what a crash left; `serve` does the same when it starts. No server may be running on the data folder."""
    mended = run(_mend(read_settings(config, data)))
    if as_json:
        print_json({"parts": [_told(part) for part in mended]})
    else:
        typer.echo("\n".join(map(_said, mended)) or "Nothing had to be mended.")
    if any(part.result is MendResult.FAILED for part in mended):
        raise typer.Exit(1)


async def _mend(settings: Settings) -> list[MendedPart]:
    async with workshop(settings) as shop:
        with shop.data_folder.held():
            await check_mounted(shop.database, shop.data_folder)
            recordings = Recordings(shop.database, shop.data_folder, shop.clock)
            mended = await recordings.mend_all()
            await recordings.finish_pending()
            return mended


def _told(part: MendedPart) -> dict[str, str | int]:
    return {
        "session_id": part.session_id,
        "part": part.number,
        "result": part.result.value,
        "duration_ms": part.duration_ms,
    }


def _said(part: MendedPart) -> str:
    what = f"Part {part.number} of interview {part.session_id}"
    match part.result:
        case MendResult.MENDED:
            return f"{what}: mended, {formats.duration(part.duration_ms)} are there."
        case MendResult.EMPTY:
            return f"{what}: nothing had been recorded; it is gone."
        case MendResult.UNREADABLE:
            return f"{what}: its file is no WebM and was left as it lies."
        case MendResult.FAILED:
            return f"{what}: could not be mended. holdfast doctor --interview {part.session_id} says more."
