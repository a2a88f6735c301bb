"""A candidate's tab in Firefox: `firefox.mjs`, driven over its standard input and output."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent / "firefox.mjs"
PACKAGES = Path(__file__).parents[1] / "browser" / "node" / "node_modules" / "puppeteer-core"
FIREFOX_NAMES = ("firefox-esr", "firefox")
ANSWER_WITHIN_S = 60.0
CLOSED_WITHIN_S = 20.0
LONGEST_LINE = 16 * 1024 * 1024


class FirefoxError(Exception):
    """Firefox, or what drives it, did not do what was asked; the text holds what it said."""


@dataclass(slots=True)
class FirefoxTab:
    """See :class:`tests.live.tab.Tab`."""

    _process: asyncio.subprocess.Process

    async def open(self, link: str) -> None:
        """Open the link in a fresh tab; the one before is gone."""
        await self._ask(do="open", link=link)

    async def reload(self) -> None:
        """Reload it."""
        await self._ask(do="reload")

    async def crash(self) -> None:
        """Let the processes that show pages die."""
        await self._ask(do="crash")

    async def cut(self) -> None:
        """Drop the path that its media take; a new connection finds another one."""
        await self._ask(do="cut")

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return await self._ask(do="evaluate", expression=expression)

    async def user_agent(self) -> str:
        """What it calls itself."""
        return str(await self._ask(do="userAgent"))

    async def _ask(self, **command: str) -> Any:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(command).encode() + b"\n")
        await process.stdin.drain()
        line = await asyncio.wait_for(process.stdout.readline(), ANSWER_WITHIN_S)
        said = json.loads(line) if line else {"error": "firefox.mjs has ended"}
        if "error" in said:
            raise FirefoxError(f"{command}: {said['error']}")
        return said["value"]


def missing_for_firefox() -> str | None:
    """What is not installed here; None when everything is."""
    if _firefox() is None or shutil.which("node") is None or not PACKAGES.exists():
        return "needs Firefox, node, and `npm ci` in tests/browser/node"
    return None


@contextlib.asynccontextmanager
async def firefox_tab() -> AsyncIterator[FirefoxTab]:
    """A headless Firefox of its own. Raises FirefoxError when something is not installed."""
    missing = missing_for_firefox()
    if missing is not None:
        raise FirefoxError(missing)
    process = await asyncio.create_subprocess_exec(
        *("node", str(SCRIPT), str(_firefox())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    try:
        yield FirefoxTab(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), CLOSED_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def _firefox() -> str | None:
    return next(filter(None, map(shutil.which, FIREFOX_NAMES)), None)
