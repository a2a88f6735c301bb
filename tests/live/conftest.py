"""What every live test starts from."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.live.browser import chromium, context_with_source
from tests.live.coturn import Coturn, running_coturn, what_is_missing
from tests.live.harness import Interview, Server, running_server


@dataclass(frozen=True, slots=True)
class House:
    """A running server with somebody of HR and a job."""

    server: Server
    "The process."
    hr_token: str
    "Bearer token of the job's owner."
    job: str
    "The job's id."

    async def interview(self) -> Interview:
        """A new interview of John Doe."""
        return await self.server.add_interview(self.job)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_server(tmp_path) as server:
        hr_token = await server.add_user()
        yield House(server, hr_token, await server.add_job())


@pytest.fixture
async def interview(house: House) -> Interview:
    return await house.interview()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def context(browser: Browser) -> BrowserContext:
    return await context_with_source(browser)


@pytest.fixture
def coturn_is_here() -> None:
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(missing)


@pytest.fixture
async def coturn(coturn_is_here: None, tmp_path: Path) -> AsyncIterator[Coturn]:
    async with running_coturn(tmp_path / "coturn") as coturn:
        yield coturn
