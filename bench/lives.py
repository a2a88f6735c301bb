"""Whole lives of interviews without a browser, each step a request like a page's or HR's, while the server is killed.

A life is invited, agrees, is recorded in one or more parts, finished, joined, cut, drawn, exported, replaced, downloaded
and deleted. Whoever lives it does what people do when a server is gone: they try again. It remembers what it was told
(`saved`, the recording's SHA-256, that it is deleted), so that somebody can look whether that still holds.
"""

import asyncio
import contextlib
import hashlib
import json
import random
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bench.publisher import Dump, Publisher
from tests.live.harness import Interview, Server
from tests.media_server.foreign import recorded

CODEC: Final = "VP9"
AGAIN_S: Final = 0.05
SLOW_S: Final = 0.2
ANSWERS_WITHIN_S: Final = 60.0
DELETED: Final = "deleted"
DOWN: Final = (aiohttp.ClientError, TimeoutError, ConnectionError)
OK, NO_LONGER, NOT_FOUND, CONFLICT = 200, 410, 404, 409


class Strange(Exception):  # noqa: N818  it says what happened
    """The server answered something that no life expects."""


@dataclass
class Ground:
    """What all lives stand on: a server that comes and goes."""

    server: Server
    "It."
    http: aiohttp.ClientSession
    "To ask it."
    hr_token: str
    "Bearer token of the job's owner."
    job: str
    "The job's id."
    dump: Dump
    "What senders send."
    up: asyncio.Event = field(default_factory=asyncio.Event)
    "Set while the server may be asked."
    fell: asyncio.Event = field(default_factory=asyncio.Event)
    "Set when it was killed: whoever sends notices."

    async def ask(self, method: str, path: str, token: str | None = None, **more: Any) -> tuple[int, Any]:
        """Ask until there is an answer; returns status and JSON. What it did before it fell, it may do twice."""
        headers = {"Authorization": f"Bearer {token or self.hr_token}"}
        while True:
            await self.up.wait()
            try:
                form = {"data": form_of(more["upload"])} if "upload" in more else more
                async with asyncio.timeout(ANSWERS_WITHIN_S):
                    async with self.http.request(
                        method, self.server.base_url + path, headers=headers, **form
                    ) as response:
                        octets = await response.read()
                        told = "json" in response.content_type
                        answer: tuple[int, Any] = (response.status, json.loads(octets) if told else octets)
            except DOWN:
                await asyncio.sleep(AGAIN_S)
                continue
            if answer[0] in {429, 503}:
                await asyncio.sleep(SLOW_S)
                continue
            return answer


def form_of(octets: bytes) -> aiohttp.FormData:
    """A form with a video in it."""
    form = aiohttp.FormData()
    form.add_field("video_file", octets, filename="recording.webm", content_type="video/webm")
    return form


@dataclass
class Promises:
    """What the server has told of one interview."""

    saved_ms: int = 0
    "The most that was announced as saved."
    sha256: str | None = None
    "Of the recording, once it was ready."
    deleted: bool = False
    "That it is gone."


@dataclass
class Life:
    """One interview after the other, for as long as there are."""

    ground: Ground
    "What it stands on."
    moments: random.Random
    "Decides how each of them goes."
    stage: str = "-"
    "What it does now."
    interview: Interview | None = None
    "The present one."
    told: dict[str, Promises] = field(default_factory=dict)
    "By session id."
    swept: asyncio.Event | None = None
    "It waits for the sweep, until somebody lets its time run out and sets this."
    lived: int = 0
    "How many there were."

    @property
    def promises(self) -> Promises:
        """Of the present one."""
        return self.told.setdefault(self._id, Promises())

    async def live_for_ever(self) -> None:
        """One after the other."""
        while True:
            await self.live()
            self.lived += 1

    async def live(self) -> None:
        """From the invitation to the deletion."""
        ground, moments = self.ground, self.moments
        await self._invite()
        self.stage = "agreeing"
        _, seen = await ground.ask("GET", self._path(), self._token)
        version = {"notice_version": seen["notice"]["version"]}
        self._expect(await ground.ask("POST", self._path("/consent"), self._token, json=version), OK)
        if moments.random() < 0.2:
            self.stage = "uploading"
            self._expect(
                await ground.ask("POST", self._path("/upload-video"), self._token, upload=recorded()), OK, CONFLICT
            )
        else:
            for _ in range(moments.choice([1, 2, 2, 3])):
                await self._record(moments.uniform(0.8, 2.5))
            if moments.random() < 0.12:
                await self._withdraw()
                return
            self.stage = "finishing"
            self._expect(await ground.ask("POST", self._path("/finish"), self._token), OK, CONFLICT)
        self.stage = "joining"
        await self._until_ready()
        self.stage = "cutting and drawing"
        await asyncio.sleep(moments.uniform(0, 1.5))
        await self._as_hr()
        await self._end()

    # Steps ------------------------------------------------------------------------------------

    async def _invite(self) -> None:
        self.stage = "inviting"
        session_id = secrets.token_hex(8)
        person = {"candidate": "John Doe", "session_id": session_id, "questions": [{"text": "Who?"}]}
        path = f"/api/jobs/{self.ground.job}/interviews"
        self._expect(await self.ground.ask("POST", path, json=person), 201, CONFLICT)
        _, link = await self.ground.ask("GET", f"/api/interviews/{session_id}/link")
        self.interview = Interview(session_id, link["token"], "/" + link["candidate_url"].split("/", 3)[3])

    async def _record(self, seconds: float) -> None:
        """One connection's worth: connect, be marked, send, and go in one way or another."""
        ground, interview = self.ground, self._present
        self.stage = "connecting"
        publisher = await self._connected()
        try:
            await self._send(publisher, seconds)
            self.stage = "interrupting"
            if self.moments.random() < 0.5:
                with contextlib.suppress(*DOWN):
                    await publisher.close(ground.http, interview.token)
        finally:
            await publisher.abandon()

    async def _send(self, publisher: Publisher, seconds: float) -> None:
        self.stage = "recording"
        self.ground.fell.clear()
        tasks = [
            asyncio.ensure_future(each)
            for each in (publisher.send_until_ended(), self.ground.fell.wait(), self._hear(), self._mark())
        ]
        try:
            await asyncio.wait(tasks[:2], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self) -> Publisher:
        while True:
            await self.ground.up.wait()
            publisher = Publisher(self.ground.dump, CODEC)
            try:
                async with asyncio.timeout(15):
                    url = self.ground.server.whip_url(self._present)
                    await publisher.connect(self.ground.http, url, self._token)
            except (*DOWN, RuntimeError):
                await publisher.abandon()
                await asyncio.sleep(SLOW_S)
                continue
            except BaseException:
                await publisher.abandon()
                raise
            return publisher

    async def _mark(self) -> None:
        """An answer begins and ends, so that it is cut."""
        marks = [{"kind": "question", "question_index": 1}]
        marks += [{"kind": kind, "question_index": 1, "take": 1} for kind in ("take", "take_end")]
        for mark in marks:
            await asyncio.sleep(0.3)
            await self.ground.ask("POST", self._path("/marks"), self._token, json=mark)

    async def _hear(self) -> None:
        """Hear what is saved, until the server falls."""
        url = f"{self.ground.server.base_url}{self._path('/live')}"
        with contextlib.suppress(*DOWN):
            async with self.ground.http.ws_connect(url) as channel:
                hello = {"type": "hello", "token": self._token, "client_id": secrets.token_hex(8)}
                await channel.send_json(hello)
                async for message in channel:
                    heard = json.loads(message.data)
                    if heard["type"] == "saved":
                        self.promises.saved_ms = max(self.promises.saved_ms, heard["saved_ms"])

    async def _until_ready(self) -> dict[str, Any]:
        while True:
            _, seen = await self.ground.ask("GET", self._path())
            if seen["state"] == "ready":
                self.promises.sha256 = seen["video_sha256"]
                return dict(seen)
            if seen["state"] == "consented":  # it fell before anything was saved: the candidate comes again
                await self._record(1.5)
                await self.ground.ask("POST", self._path("/finish"), self._token)
            elif seen["state"] in {"in_progress", "interrupted"}:
                await self.ground.ask("POST", self._path("/finish"), self._token)
            await asyncio.sleep(AGAIN_S)

    async def _as_hr(self) -> None:
        ground, moments = self.ground, self.moments
        if moments.random() < 0.5:
            self.stage = "exporting"
            self._expect(await ground.ask("POST", self._path("/exports/mp4")), OK, 202)
            await asyncio.sleep(moments.uniform(0, 2))
        if moments.random() < 0.4:
            self.stage = "replacing"
            self.promises.saved_ms, self.promises.sha256 = 0, None
            path = self._path("/upload-video") + "?replace=true"
            self._expect(await ground.ask("POST", path, upload=recorded()), OK)
            await self._until_ready()
        self.stage = "downloading"
        status, octets = await ground.ask("GET", self._path("/video/download"))
        self._expect((status, ""), OK)
        if hashlib.sha256(octets).hexdigest() != self.promises.sha256:
            raise Strange(f"{self._id}: what is downloaded is not what was told")

    async def _end(self) -> None:
        if self.moments.random() < 0.3:
            self.stage = "waiting for the sweep"
            self.swept = asyncio.Event()
            await self.swept.wait()
            self.swept, self.promises.deleted = None, True
            return
        if self.moments.random() < 0.3:
            self.stage = "asking for deletion"
            self._expect(await self.ground.ask("POST", self._path("/deletion-request"), self._token), OK, 201, 202)
            self.stage = "granting deletion"
            granted = await self.ground.ask("POST", self._path("/deletion-request/grant"))
            self._expect(granted, OK, 202, 204, NOT_FOUND, NO_LONGER, CONFLICT)
        else:
            self.stage = "deleting"
            self._expect(await self.ground.ask("DELETE", self._path()), OK, 204, NOT_FOUND, NO_LONGER)
        self.promises.deleted = True

    async def _withdraw(self) -> None:
        self.stage = "withdrawing"
        self._expect(await self.ground.ask("POST", self._path("/withdraw"), self._token), OK, NO_LONGER)
        self.promises.deleted = True

    # Small things -------------------------------------------------------------------------------

    @property
    def _present(self) -> Interview:
        if self.interview is None:
            raise RuntimeError("nobody was invited yet")
        return self.interview

    @property
    def _id(self) -> str:
        return self._present.session_id

    @property
    def _token(self) -> str:
        return self._present.token

    def _path(self, more: str = "") -> str:
        return f"/api/interviews/{self._id}{more}"

    def _expect(self, answer: tuple[int, Any], *expected: int) -> None:
        if answer[0] not in expected:
            raise Strange(f"{self.interview and self._id}, {self.stage}: {answer}")
