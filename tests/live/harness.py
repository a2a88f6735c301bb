"""The real server as a child process: started, killed, restarted on the same data, and looked into from outside.

The child has a process group of its own and writes to a file, never to the test's pipe.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

REPOSITORY = Path(__file__).resolve().parents[2]
QUESTIONS = ("What did you build last?", "What went wrong?", "What would you do otherwise?")
OWNER = "hr@example.org"

READY_WITHIN_S = 30.0
STOPPED_WITHIN_S = 15.0
COMMAND_WITHIN_S = 60.0
POLL_S = 0.02
OK = 200

T = TypeVar("T")


class ServerError(Exception):
    """The server, or a command of it, did not do what the test needs; the text holds what it said."""


@dataclass(frozen=True, slots=True)
class Interview:
    """What `interview add --json` says."""

    session_id: str
    "Its id."
    token: str
    "The candidate's bearer token."
    path: str
    "The candidate's link without scheme and host."


@dataclass
class Server:
    """One data folder and the process that serves it."""

    data: Path
    "Its data folder."
    port: int
    "Of its pages, on 127.0.0.1."
    launcher: Sequence[str] = ("-m", "web.cli")
    "What Python runs; a profiler can be put in front."
    settings: dict[str, str] = field(default_factory=dict)
    "`HOLDFAST_…` variables of its environment."
    base_path: str = ""
    "What everything lies below; the settings have to say so, too."
    _process: asyncio.subprocess.Process | None = None

    @property
    def base_url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}{self.base_path}"

    @property
    def log(self) -> Path:
        """What all its processes wrote."""
        return self.data.with_name(self.data.name + ".log")

    @property
    def pid(self) -> int:
        """Of the running server."""
        if self._process is None:
            raise ServerError("the server does not run")
        return self._process.pid

    # Its life -------------------------------------------------------------------------

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises ServerError with its output when it is not."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.launcher,
                *("serve", "--data", str(self.data), "--port", str(self.port)),
                cwd=REPOSITORY,
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await self._until_ready(self._process)

    async def kill(self) -> None:
        """`kill -9`, the whole group."""
        await self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, and wait; a server that refuses is killed and told of."""
        try:
            await self._signal(signal.SIGTERM)
        except TimeoutError:
            await self._signal(signal.SIGKILL)
            raise ServerError(f"the server did not stop within {STOPPED_WITHIN_S} s:\n{self.tail()}") from None

    async def ended(self) -> int:
        """Wait until it has ended, by itself or because it was told to; returns its exit status."""
        if self._process is None:
            raise ServerError("the server does not run")
        status = await asyncio.wait_for(self._process.wait(), 2 * STOPPED_WITHIN_S)
        self._process = None
        return status

    async def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        await asyncio.wait_for(process.wait(), STOPPED_WITHIN_S)
        self._process = None

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        async def ready() -> bool:
            if process.returncode is not None:
                raise ServerError(f"the server ended with {process.returncode}:\n{self.tail()}")
            try:
                async with http.get(f"{self.base_url}/healthz") as response:
                    return response.status == OK
            except aiohttp.ClientError:
                return False

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            try:
                await until(ready, within_s=READY_WITHIN_S)
            except TimeoutError:
                raise ServerError(f"the server is not ready after {READY_WITHIN_S} s:\n{self.tail()}") from None

    def tail(self, lines: int = 40) -> str:
        """The end of its log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONUNBUFFERED": "1", **self.settings}

    # Its commands ---------------------------------------------------------------------

    async def command(self, *arguments: str, stdin: str = "") -> str:
        """Run a command on its data folder; returns what it printed. Raises ServerError when it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "web.cli", *arguments, "--data", str(self.data)),
            cwd=REPOSITORY,
            env=self._environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, complained = await asyncio.wait_for(process.communicate(stdin.encode()), COMMAND_WITHIN_S)
        if process.returncode != 0:
            raise ServerError(f"{' '.join(arguments)} ended with {process.returncode}:\n{complained.decode()}")
        return printed.decode()

    async def add_user(self, email: str = OWNER, password: str = "correct horse battery staple") -> str:
        """An HR user; returns a bearer token of theirs."""
        await self.command("user", "add", email, "--password-stdin", stdin=password + "\n")
        return (await self.command("user", "token", email)).strip().split()[-1]

    async def add_job(self, title: str = "Engineer", owner: str = OWNER) -> str:
        """A job; returns its id."""
        added = json.loads(await self.command("job", "add", title, "--owner", owner, "--json"))
        return str(added["job_id"])

    async def add_interview(
        self,
        job: str,
        *,
        candidate: str = "John Doe",
        email: str = "john.doe@example.org",
        consented: bool = False,
        more: Sequence[str] = (),
    ) -> Interview:
        """An interview with three questions. `consented`: for senders that are no browser page. `more`: flags."""
        questions = [word for question in QUESTIONS for word in ("--question", question)]
        added = json.loads(
            await self.command(
                *("interview", "add", "--job", job, "--candidate", candidate, "--email", email),
                *(*questions, *(["--consented"] if consented else []), *more, "--json"),
            )
        )
        path = "/" + added["candidate_url"].split("/", 3)[3]
        return Interview(added["session_id"], added["token"], path)

    # A look from outside ------------------------------------------------------------------

    def whip_url(self, interview: Interview) -> str:
        """Where its sender posts to."""
        return f"{self.base_url}/whip/{interview.session_id}"

    def candidate_url(self, interview: Interview) -> str:
        """The candidate's link, at this server's port."""
        return self.base_url + interview.path

    async def api(self, interview: Interview, token: str) -> dict[str, Any]:
        """`GET /api/interviews/{session_id}` as seen by the holder of `token`. Raises ServerError."""
        url = f"{self.base_url}/api/interviews/{interview.session_id}"
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
            http.get(url) as response,
        ):
            if response.status != OK:
                raise ServerError(f"{url} answered {response.status}: {await response.text()}")
            seen: dict[str, Any] = await response.json()
            return seen

    async def download(self, interview: Interview, token: str, to: Path) -> Path:
        """The finished recording. Raises ServerError."""
        url = f"{self.base_url}/api/interviews/{interview.session_id}/video/download"
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
            http.get(url) as response,
        ):
            if response.status != OK:
                raise ServerError(f"{url} answered {response.status}: {await response.text()}")
            to.write_bytes(await response.read())  # noqa: ASYNC240  a few megabytes, nothing else waits
        return to

    def part_files(self, interview: Interview) -> list[Path]:
        """Its parts' files, in order."""
        return sorted(self.data.glob(f"uploads/*/.parts/{interview.session_id}/*.webm"))

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """What the database says, read beside the running server."""
        connection = sqlite3.connect(f"file:{self.data / 'holdfast.db'}?mode=ro", uri=True, timeout=5)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, parameters)]
        finally:
            connection.close()


@contextlib.asynccontextmanager
async def running_server(folder: Path, **options: Any) -> AsyncIterator[Server]:
    """A server on fresh data below `folder`; killed at the end, however the test ends."""
    server = Server(folder / "data", options.pop("port", None) or free_port(), **options)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], Awaitable[T]], *, within_s: float, every_s: float = POLL_S) -> T:
    """Ask until the answer is true, and return it. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not (answer := await condition()):  # noqa: ASYNC110  the world outside this process has no events to wait for
            await asyncio.sleep(every_s)
        return answer
