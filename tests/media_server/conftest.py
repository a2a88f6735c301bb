"""What several tests of this room begin with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import people
from db.engine import Database
from media_server.aio.data_folder import DataFolder
from tests.media_server.house import STARTED, House
from tests.media_server.publishing import Stage, publisher_stage
from tests.media_server.webrtc_sender import WebrtcSender, webrtc_sender


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    data_folder = DataFolder.open(tmp_path / "data")
    database = await Database.open(data_folder.database_path)
    async with database.writing() as db_session:
        owner = await people.add_user(db_session, "hr@example.org", None, STARTED)
        job = await people.add_job(db_session, "Lighthouse keeper", owner.id, STARTED)
    yield House(database, data_folder, job.id)
    await database.close()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with publisher_stage(tmp_path) as stage:
        yield stage


@pytest.fixture
async def sender(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WebrtcSender]:
    async with webrtc_sender(monkeypatch) as sender:
        yield sender
