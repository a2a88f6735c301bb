"""What every benchmark with a browser stands on: a fresh server, Chromium, and a network between them."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, BrowserContext

from tests.live.browser import CandidatePage, chromium, context_with_source
from tests.live.harness import Interview, Server, running_server
from tests.live.network import BadNetwork
from tests.live.scenarios import begin


@dataclass(frozen=True, slots=True)
class Stage:
    """A running server and a browser."""

    folder: Path
    "Where files may be put; gone afterwards."
    server: Server
    "The real one, a process of its own."
    hr_token: str
    "Bearer token of the job's owner."
    job: str
    "The job's id."
    browser: Browser
    "Chromium."

    async def interview(self, *, consented: bool = False) -> Interview:
        """A new interview."""
        return await self.server.add_interview(self.job, consented=consented)

    async def context(self) -> BrowserContext:
        """A fresh profile with the drawn camera."""
        return await context_with_source(self.browser)

    async def recording(self, network: BadNetwork | None = None) -> tuple[CandidatePage, Interview]:
        """A new interview that is being recorded through the candidate's page."""
        interview = await self.interview()
        context = await self.context()
        if network is not None:
            await network.between(context)
        return await begin(self.server, context, interview), interview


@asynccontextmanager
async def stage(**server_options: object) -> AsyncIterator[Stage]:
    """Set everything up, and clear it away."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        path = Path(folder)
        async with running_server(path, **server_options) as server, chromium() as browser:
            hr_token = await server.add_user()
            yield Stage(path, server, hr_token, await server.add_job(), browser)


@asynccontextmanager
async def bad_network(seed: int) -> AsyncIterator[BadNetwork]:
    """A network that can be made bad, perfect at first."""
    network = BadNetwork(seed=seed)
    try:
        yield network
    finally:
        network.close()
