"""One server and one Chromium for all page tests; every test has a profile and interviews of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.pages.place import Place, open_place
from tests.browser.pages.visitor import Visitor
from tests.live.browser import chromium

NOT_SECURE_HOST = "interviews.test"
"Chromium finds the test server there too, and does not take it for this computer itself."


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with open_place(tmp_path_factory.mktemp("pages") / "data") as place:
        yield place


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium_here() -> AsyncIterator[Browser]:
    async with chromium(f"--host-resolver-rules=MAP {NOT_SECURE_HOST} 127.0.0.1") as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def modules(place: Place, chromium_here: Browser) -> AsyncIterator[Page]:
    """A page of ours, from which the modules can be imported."""
    page = await chromium_here.new_page()
    await page.goto(f"{place.url}/check")
    yield page
    await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium_here: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium_here.new_context()
    context.set_default_timeout(30_000)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(context: BrowserContext) -> AsyncIterator[Visitor]:
    """Somebody with a browser. Whatever they do, the page writes no error to the console."""
    visitor = Visitor(await context.new_page())
    yield visitor
    assert visitor.complaints == []
