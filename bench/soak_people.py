"""Who takes part in a soak: senders that suffer and go on, one page in Chromium, and HR, who watches."""

import asyncio
import contextlib
import json
import os
import random
import secrets
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from playwright.async_api import BrowserContext

from bench.publisher import Dump, Publisher
from bench.soak_gaps import Fault
from tests.fakes.relay import Conditions
from tests.live.browser import CandidatePage
from tests.live.harness import Interview, Server
from tests.live.network import BadNetwork
from tests.live.scenarios import begin, go_on

CODEC: Final = "VP9"
AGAIN_S: Final = 0.5
PERFECT, LOSSY = Conditions(), Conditions(loss=0.08, delay_s=0.03, jitter_s=0.02)
CONNECTS_WITHIN_S: Final = 30.0
CONFLICT: Final = 409
DOWN: Final = (aiohttp.ClientError, TimeoutError, ConnectionError, RuntimeError)


class Refused(Exception):  # noqa: N818  it says what happened
    """The server would not, as the interview stands."""


@dataclass
class Sender:
    """One interview after the other, each in as many parts as faults make of it."""

    server: Server
    "Where to."
    http: aiohttp.ClientSession
    "To ask it."
    hr_token: str
    "Of the job's owner."
    job: str
    "The job's id."
    dump: Dump
    "What is sent."
    moments: random.Random
    "Decides how long everything takes."
    faults: list[Fault]
    "Takes what was done."
    interview: Interview | None = None
    "The present one."
    begun: int = 0
    "How many there were."
    interview_s: tuple[float, float] = (45.0, 180.0)
    "How long each is, at least and at most."
    _way: BadNetwork = field(default_factory=BadNetwork)
    _publisher: Publisher | None = None
    _suffers: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send_for_ever(self) -> None:
        """Until cancelled."""
        while True:
            interview = self.interview = await self._invited()
            self.begun += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.moments.uniform(*self.interview_s)):
                    await self._send(interview)
            async with self._suffers:
                await self.leave()
                self.interview = None
            await self._finish(interview)

    async def leave(self) -> None:
        """Say that it goes, and go."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None and self.interview is not None:
            with contextlib.suppress(*DOWN):
                await publisher.close(self.http, self.interview.token)
            await publisher.abandon()
        self._way.close()

    def kill_worker(self, pid: int) -> None:
        """Somebody's work dies; it is done again."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.faults.append(Fault("worker", "", time.time(), time.time()))

    async def suffer(self, kind: str) -> None:
        """`cut`, `takeover`, `loss` or `pause`, one at a time."""
        async with self._suffers:
            interview = self.interview
            if interview is None or self._publisher is None:
                return
            async with suffered(self.faults, kind, interview.session_id):
                if kind == "cut":
                    await self._cut(interview)
                elif kind == "takeover":
                    await self._connect(interview)
                elif kind == "loss":
                    self._way.set_both(LOSSY)
                    await asyncio.sleep(self.moments.uniform(3, 10))
                    self._way.set_both(PERFECT)
                else:
                    self._publisher.flowing.clear()
                    await asyncio.sleep(self.moments.uniform(1, 8))
                    self._publisher.flowing.set()

    async def _cut(self, interview: Interview) -> None:
        """The cable is pulled; after a while somebody plugs it in, and connects again."""
        self._way.cut()
        await asyncio.sleep(self.moments.uniform(0.5, 6))
        await self._connect(interview)

    async def _invited(self) -> Interview:
        session_id = secrets.token_hex(8)
        person = {"candidate": "John Doe", "session_id": session_id, "questions": [{"text": "Who?"}]}
        invited = await self._ask("POST", f"/api/jobs/{self.job}/interviews", self.hr_token, json=person)
        interview = Interview(session_id, invited["token"], "/" + invited["candidate_url"].split("/", 3)[3])
        path = f"/api/interviews/{session_id}"
        seen = await self._ask("GET", path, interview.token)
        version = {"notice_version": seen["notice"]["version"]}
        await self._ask("POST", f"{path}/consent", interview.token, json=version)
        return interview

    async def _send(self, interview: Interview) -> None:
        """Send, over whichever connection there is now."""
        await self._connect(interview)
        while True:
            publisher = self._publisher
            if publisher is None or publisher.has_ended:
                async with self._suffers:
                    if self._publisher is publisher:
                        await self._connect(interview)
                continue
            await publisher.send_until_ended()

    async def _connect(self, interview: Interview) -> None:
        """Connect anew: the connection before it is taken over, and goes."""
        old, old_way = self._publisher, self._way
        while True:
            way = BadNetwork(seed=self.moments.randrange(1_000_000))
            publisher = Publisher(self.dump, CODEC)
            try:
                async with asyncio.timeout(CONNECTS_WITHIN_S):
                    await publisher.connect(self.http, self.server.whip_url(interview), interview.token, way=way)
            except DOWN:
                await publisher.abandon()
                way.close()
                await asyncio.sleep(AGAIN_S)
                continue
            except BaseException:
                await publisher.abandon()
                way.close()
                raise
            break
        self._publisher, self._way = publisher, way
        if old is not None:
            await old.abandon()
        old_way.close()

    async def _finish(self, interview: Interview) -> None:
        """The end: HR looks at it, and now and then has an MP4 made, or deletes it."""
        path = f"/api/interviews/{interview.session_id}"
        try:
            await self._ask("POST", f"{path}/finish", interview.token)
        except Refused:
            return  # a machine that is taken saved nothing of it in all that time
        state = ""
        while state != "ready":
            await asyncio.sleep(AGAIN_S)
            state = (await self._ask("GET", path, self.hr_token))["state"]
        await self._ask("GET", f"{path}/video/download", self.hr_token)
        if self.moments.random() < 0.3:
            await self._ask("POST", f"{path}/exports/mp4", self.hr_token)

    async def _ask(self, method: str, path: str, token: str, **more: Any) -> Any:
        headers, url = {"Authorization": f"Bearer {token}"}, self.server.base_url + path
        while True:
            async with self.http.request(method, url, headers=headers, **more) as response:
                octets = await response.read()
            if response.status not in {429, 503}:
                break
            await asyncio.sleep(AGAIN_S)
        if not response.ok:
            refused = Refused if response.status == CONFLICT else RuntimeError
            raise refused(f"{method} {path} answered {response.status}: {octets[:300]!r}")
        return json.loads(octets) if "json" in response.content_type else octets


@contextlib.asynccontextmanager
async def suffered(faults: list[Fault], kind: str, session_id: str) -> AsyncIterator[None]:
    """Write down that something was done, and until when."""
    fault = Fault(kind, session_id, time.time())
    faults.append(fault)
    try:
        yield
    finally:
        fault.ended = time.time()


@dataclass
class Page:
    """The candidate's page in Chromium, for the whole time."""

    server: Server
    "Where to."
    context: BrowserContext
    "A profile with the drawn camera."
    interview: Interview
    "What it is recorded for."
    faults: list[Fault]
    "Takes what was done."
    network: BadNetwork = field(default_factory=BadNetwork)
    "Lies between."
    _tab: CandidatePage | None = None
    _suffers: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self) -> None:
        """Open the link, agree, record."""
        await self.network.between(self.context)
        self._tab = await begin(self.server, self.context, self.interview)

    async def suffer(self, kind: str, moments: random.Random) -> None:
        """`cut` and `pause`: its path dies, and it finds another; `takeover`: a fresh tab; `loss`."""
        async with self._suffers, suffered(self.faults, f"page {kind}", self.interview.session_id):
            if kind == "loss":
                self.network.set_both(LOSSY)
                await asyncio.sleep(moments.uniform(3, 10))
                self.network.set_both(PERFECT)
            elif kind == "takeover":
                old = self._tab
                if old is not None:
                    await old.page.close(run_before_unload=True)
                self._tab = await go_on(self.server, self.context, self.interview)
            elif self._tab is not None:
                self.network.cut()
                await asyncio.sleep(moments.uniform(1, 5))
                await self._tab.is_recording()


async def watch_for(server: Server, http: aiohttp.ClientSession, hr_token: str, sender: Sender, seconds: float) -> None:
    """HR watches an interview while it runs: hears the news and fetches what is new, as a page does."""
    if sender.interview is None:
        return
    root = f"{server.base_url}/api/interviews/{sender.interview.session_id}/watch"
    headers = {"Authorization": f"Bearer {hr_token}"}
    seen: tuple[int, int] | None = None
    with contextlib.suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(seconds), http.get(root, headers=headers) as news:
            async for line in news.content:
                parts = json.loads(line.removeprefix(b"data: "))["parts"] if line.startswith(b"data: ") else []
                if not parts or parts[-1]["end"] is None:
                    continue
                number, end = parts[-1]["n"], parts[-1]["end"]
                if seen is not None and seen[0] == number and seen[1] < end:
                    url = f"{root}/parts/{number}/clusters?start={seen[1]}&end={end}"
                    async with http.get(url, headers=headers) as octets:
                        await octets.read()
                seen = number, end
