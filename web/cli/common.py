"""What the commands share: options, settings, an open data folder, and errors as plain lines."""

import asyncio
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.audit import Actor, ActorKind, AuditEvent, Details
from db.clock import Clock, SystemClock
from db.engine import Database
from db.errors import DatabaseError
from db.models import InterviewSession
from db.states import IllegalTransition
from media_server.aio.data_folder import DataFolder, DataFolderUnusable
from web.invitations import link_told
from web.link_base import link_base
from web.schema.invitations import LinkTold
from web.settings import Settings, SettingsError, load_settings

T = TypeVar("T")

DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The data folder: database, server key, recordings.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", envvar="HOLDFAST_CONFIG", help="The settings file (TOML).")
]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The interview's session id.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
PublicUrlOption = Annotated[
    str | None, typer.Option("--public-url", metavar="URL", help="What links begin with: the address people use.")
]


@dataclass(frozen=True, slots=True)
class Workshop:
    """An open data folder and what a command needs besides."""

    settings: Settings
    "All of them."
    data_folder: DataFolder
    "Where the files lie. Nobody holds its lock for us."
    database: Database
    "Open, and at this version's tables."
    clock: Clock
    "Time."

    async def record(
        self,
        db_session: AsyncSession,
        event: AuditEvent,
        *,
        session_id: str | None = None,
        job_id: int | None = None,
        details: Details | None = None,
    ) -> None:
        """Write down what the operator does, in the transaction that does it."""
        now = self.clock.utc_now()
        await audit.record(
            db_session, event, now, actor=operator(), session_id=session_id, job_id=job_id, details=details
        )

    def link_told(self, interview: InterviewSession) -> LinkTold:
        """A candidate's link, which reaches the server that runs beside the command."""
        return link_told(self.data_folder.server_key(), link_base(self.settings, self.data_folder), interview)


def operator() -> Actor:
    """Whoever runs the command, by their name on this machine."""
    try:
        return Actor(ActorKind.OPERATOR, getpass.getuser())
    except (KeyError, OSError):  # a container's user may have none
        return Actor(ActorKind.OPERATOR, str(os.getuid()))


def fail(*lines: str) -> NoReturn:
    """Say what is wrong, a line each, and end with 1."""
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)


def read_settings(config: Path | None, data: Path | None, **web: Any) -> Settings:
    """The settings with these flags on top; None is a flag that was not given. Ends with plain lines when they are wrong."""
    flags: dict[str, Any] = {"web": {name: value for name, value in web.items() if value is not None}}
    if data is not None:
        flags["data"] = data
    try:
        return load_settings(config, flags)
    except SettingsError as error:
        fail(*error.lines)


@asynccontextmanager
async def workshop(settings: Settings) -> AsyncIterator[Workshop]:
    """Open the data folder beside a server that may be running on it."""
    data_folder = await asyncio.to_thread(DataFolder.open, settings.data)
    database = await Database.open(data_folder.database_path, settings.database)
    try:
        yield Workshop(settings, data_folder, database, SystemClock())
    finally:
        await database.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command; what an operator can put right comes out as one line, without a traceback."""
    try:
        return asyncio.run(work)
    except (DatabaseError, DataFolderUnusable, IllegalTransition) as error:
        said = str(error)
        fail(f"{said[:1].upper()}{said[1:].rstrip('.')}.")
    except OSError as error:
        fail(f"{error.filename or 'The data folder'}: {error.strerror}.")


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
