"""`holdfast import`: interviews of an installation of the request's old layout become ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from db import adoption, jobs, people
from db.host_row import HostRow
from db.host_rows import CannotRead, read_csv, read_table
from media_server.aio.adoption import Adopter, Outcome, Result
from media_server.aio.adoption_files import adopting, old_files
from media_server.aio.contained_files import ContainedFiles
from media_server.aio.data_folder import UPLOADS
from media_server.recording.adoption import AdoptionPlan, plan
from web.cli import adoption_said as said
from web.cli.common import (
    ConfigOption,
    DataOption,
    JsonOption,
    Workshop,
    fail,
    print_json,
    read_settings,
    run,
    workshop,
)
from web.notices import first_words
from web.settings import Settings

TITLE = "Imported interviews"
_DONE = (Result.ADOPTED, Result.ADOPTED_BEFORE)

FolderArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="The old uploads folder, or the folder that it lies in.")
]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The old database: sqlite:///path/to/file.db or postgresql://…"),
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="The old table interview_sessions as a CSV file.")
]
JobOption = Annotated[int | None, typer.Option("--job", metavar="ID", help="The job that the interviews go to.")]
OwnerOption = Annotated[
    str | None, typer.Option("--owner", metavar="EMAIL", help="Make a new job instead, whose owner this is.")
]
TitleOption = Annotated[str, typer.Option("--title", help="What the new job is called.")]
DaysOption = Annotated[
    int, typer.Option("--retention-days", metavar="N", min=1, help="How long the new job keeps recordings.")
]
ZoneOption = Annotated[
    str, typer.Option("--timezone", metavar="NAME", help="How the old server's clock counted, as in Europe/Berlin.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Look at everything, say the plan, change nothing.")]
RemoveOption = Annotated[
    bool, typer.Option("--remove-originals", help="Remove each old file once its copy has been read back.")
]


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be done."""

    root: Path
    rows: list[HostRow] | None
    zone: ZoneInfo
    job: int | None
    owner: str | None
    title: str
    retention_days: int
    dry_run: bool
    remove: bool
    aloud: bool


def import_old(
    folder: FolderArgument,
    database: DatabaseOption = None,
    table: CsvOption = None,
    job: JobOption = None,
    owner: OwnerOption = None,
    title: TitleOption = TITLE,
    retention_days: DaysOption = 90,
    timezone: ZoneOption = "UTC",
    dry_run: DryRunOption = False,
    remove_originals: RemoveOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Adopt interviews of an older installation: uploads/John_Doe/interview_video_….webm, and its table.

    Nothing is moved. Each video is read through and written anew into the data folder like an upload, each sound
    copied and compared; the old files stay unless they are to go. Running it again adopts nothing twice.
    """
    settings = read_settings(config, data)
    if not dry_run and (job is None) == (owner is None):
        fail("Say where the interviews go: --job ID, or --owner EMAIL for a new job. (--dry-run needs neither.)")
    if dry_run and remove_originals:
        fail("--dry-run changes nothing; --remove-originals has no place beside it.")
    root = _root(folder, settings.data)
    rows = _rows(database, table)
    order = _Order(
        root, rows, _zone(timezone), job, owner, title, retention_days, dry_run, remove_originals, not as_json
    )
    found, done = run(_import(settings, order))
    told = said.Told(found, done, rows, root, dry_run=dry_run)
    if as_json:
        print_json(told.as_json())
    else:
        typer.echo("\n".join(told.ending()))
    if any(outcome.result is Result.FAILED for outcome in done):
        raise typer.Exit(1)


# --- what was given -----------------------------------------------------------------------


def _root(folder: Path, data: Path) -> Path:
    root = (folder / UPLOADS if (folder / UPLOADS).is_dir() else folder).resolve()
    if not root.is_dir():
        fail(f"{folder} is no folder.")
    ours = (data / UPLOADS).resolve()
    if root == ours or ours in root.parents or root in ours.parents:
        fail(f"{root} and Holdfast's own {ours} lie in each other. Move the old one elsewhere, or use another --data.")
    return root


def _rows(database: str | None, table: Path | None) -> list[HostRow] | None:
    if database is not None and table is not None:
        fail("Give --database or --csv, not both.")
    try:
        if database is not None:
            return read_table(database)
        return None if table is None else read_csv(table)
    except CannotRead as error:
        fail(str(error))
    except OSError as error:
        fail(f"{table}: {error.strerror}.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fail(f"There is no timezone {name}. Write it as in Europe/Berlin.")


# --- the work -----------------------------------------------------------------------------


async def _import(settings: Settings, order: _Order) -> tuple[AdoptionPlan, list[Outcome]]:
    old = ContainedFiles(order.root)
    found = plan(await asyncio.to_thread(old_files, old), order.rows, order.zone)
    async with workshop(settings) as shop, _alone(shop):
        adopter = Adopter(shop.database, shop.data_folder, old, settings.work, shop.clock)
        await adopter.tidy()
        where = await _place(shop, order)
        if order.aloud:
            typer.echo("\n".join(said.beginning(order.root, order.rows, found)))
        done = []
        for interview in found.interviews:
            if order.dry_run:
                outcome = await adopter.rehearse(interview)
            else:
                outcome = await adopter.adopt(interview, await where.job_id())
            if order.remove and outcome.result in _DONE:
                outcome = replace(outcome, removed=await adopter.remove_originals(outcome))
            done.append(outcome)
            if order.aloud:
                typer.echo("\n".join(said.one(outcome)))
    return found, done


@asynccontextmanager
async def _alone(shop: Workshop) -> AsyncIterator[None]:
    with adopting(shop.data_folder) as alone:
        if not alone:
            fail("Another import runs on this data folder. Let it end first.")
        yield


@dataclass(slots=True)
class _Place:
    """The job that interviews go to; a new one is only made when the first does."""

    shop: Workshop
    order: _Order
    owner_id: int | None
    known: int | None

    async def job_id(self) -> int:
        if self.known is None:
            assert self.owner_id is not None  # noqa: S101  the command asked for one of the two
            async with self.shop.database.writing() as db_session:
                new = await people.add_job(
                    db_session,
                    self.order.title,
                    self.owner_id,
                    self.shop.clock.utc_now(),
                    retention_days=self.order.retention_days,
                    **first_words(
                        self.shop.settings.notice, controller=self.order.owner or "", contact=self.order.owner or ""
                    ),
                )
                self.known = new.id
        return self.known


async def _place(shop: Workshop, order: _Order) -> _Place:
    async with shop.database.reading() as db_session:
        if order.job is not None:
            return _Place(shop, order, None, (await jobs.get_job(db_session, order.job)).id)
        if order.owner is None:
            return _Place(shop, order, None, None)
        user = await people.get_user(db_session, order.owner)
        return _Place(shop, order, user.id, await adoption.job_of_imports(db_session, order.title, user.id))
