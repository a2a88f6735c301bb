"""What stands behind the candidate's own page, opened and closed with the server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from db.clock import Clock
from db.engine import Database
from media_server.aio.data_folder import DataFolder
from media_server.aio.recordings import Recordings
from web.mail import Mailer
from web.own.keeper import RequestKeeper
from web.own.visits import OwnVisits
from web.settings import Settings


@dataclass(frozen=True, slots=True)
class Own:
    """The parts."""

    mailer: Mailer
    "Sends mail, where the settings name a server for it."
    visits: OwnVisits
    "Lets candidates in to their own recording."
    requests: RequestKeeper
    "Looks after requests for deletion."


@asynccontextmanager
async def open_own(
    settings: Settings, clock: Clock, database: Database, data_folder: DataFolder, recordings: Recordings
) -> AsyncIterator[Own]:
    """Begin to look after requests; end with the caller."""
    mailer = Mailer(settings.mail, clock)
    visits = OwnVisits(database, data_folder.server_key(), clock, mailer)
    async with RequestKeeper(database, recordings, mailer, clock, settings.web.base_url) as requests:
        yield Own(mailer, visits, requests)
