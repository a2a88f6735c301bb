"""A real server among faults, with one interview for each activity, and what people see of it."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.capture_rtp import know_vp9
from bench.publisher import Dump, Publisher
from tests.faults.matrix import Activity
from tests.live.harness import REPOSITORY, Interview, Server, free_port, until
from tests.media_server.foreign import recorded

PATIENCE_S = 120.0
SITE = REPOSITORY / "tests" / "faults" / "site"
REFUSED = 400
SETTINGS = {
    "HOLDFAST_DATABASE__BUSY_TIMEOUT_S": "0.3",
    "HOLDFAST_WORK__LOOK_EVERY_S": "0.3",
    "HOLDFAST_WORK__RETRY_AFTER_S": "0.5",
    "HOLDFAST_WORK__ATTEMPTS": "9",
    "HOLDFAST_FAULTS_HURRY": "1",
}


@dataclass
class Seen:
    """What somebody saw of their activity."""

    interview: Interview
    said: list[str] = field(default_factory=list)
    "Sentences: notices, answers, reasons."
    status: int = 0
    "Of the latest answer."


@dataclass
class Place:
    """The server, who is there, and the switches."""

    server: Server
    hr_token: str
    job: str
    http: aiohttp.ClientSession
    seen: dict[Activity, Seen] = field(default_factory=dict)
    switches: dict[str, Any] = field(default_factory=dict)
    saved_ms: int = 0
    "What the server has announced as saved of the one that is being recorded."

    # Faults ----------------------------------------------------------------------------

    def switch(self, **switches: Any) -> None:
        """Change the faults; the server notices by itself."""
        self.switches |= switches
        draft = self.control.with_suffix(".draft")
        draft.write_text(json.dumps(self.switches))
        draft.replace(self.control)

    @property
    def control(self) -> Path:
        """Where the switches lie."""
        return self.server.data.with_name("faults.json")

    # What is done ------------------------------------------------------------------------

    async def ask(self, activity: Activity) -> int:
        """Do what the activity is about; returns the status, and keeps the sentence."""
        seen = self.seen[activity]
        url = f"{self.server.base_url}/api/interviews/{seen.interview.session_id}"
        match activity:
            case Activity.DELETING:
                asking = self.http.delete(url, headers=_bearer(self.hr_token))
            case Activity.UPLOADING:
                asking = self.http.post(
                    f"{url}/upload-video", data=form(recorded()), headers=_bearer(seen.interview.token)
                )
            case _:
                asking = self.http.post(f"{url}/finish", headers=_bearer(seen.interview.token))
        async with asking as response:
            seen.status = response.status
            if response.status >= REFUSED:
                seen.said.append((await response.json())["detail"])
        return seen.status

    async def ask_until_done(self, activity: Activity) -> None:
        """As a person would who is told to try again in a moment."""

        async def is_done() -> bool:
            status = await self.ask(activity)
            return status < REFUSED or (activity is Activity.DELETING and status == 404)

        await until(is_done, within_s=PATIENCE_S, every_s=0.3)

    async def upload(self, interview: Interview, octets: bytes, *, finish: bool) -> None:
        """Hand a recording in; it has to be taken."""
        url = f"{self.server.base_url}/api/interviews/{interview.session_id}/upload-video"
        async with self.http.post(
            url, params={"finish": str(finish).lower()}, data=form(octets), headers=_bearer(interview.token)
        ) as response:
            assert response.status == 200, await response.text()

    async def invite(self, email: str) -> Interview:
        """A candidate who has agreed."""
        url = f"{self.server.base_url}/api/jobs/{self.job}/interviews"
        asked = {"candidate": "John Doe", "email": email}
        async with self.http.post(url, json=asked, headers=_bearer(self.hr_token)) as response:
            invited = await response.json()
        interview = Interview(invited["session_id"], invited["token"], "")
        version = (await self.server.api(interview, interview.token))["notice"]["version"]
        consent = f"{self.server.base_url}/api/interviews/{interview.session_id}/consent"
        async with self.http.post(
            consent, json={"notice_version": version}, headers=_bearer(interview.token)
        ) as response:
            assert response.status == 200, await response.text()
        return interview

    # What is there -----------------------------------------------------------------------

    def state(self, activity: Activity) -> str:
        """The interview's state, as the database has it."""
        rows = self.server.rows(
            "SELECT state FROM interview_sessions WHERE session_id = ?", self.seen[activity].interview.session_id
        )
        return str(rows[0]["state"])

    def reasons(self, activity: Activity) -> str:
        """Why its heavy work waits, or waited last, as `holdfast jobs` shows it."""
        rows = self.server.rows("SELECT error FROM work WHERE session_id = ?", self.seen[activity].interview.session_id)
        return " ".join(str(row["error"]) for row in rows)

    def log(self) -> str:
        """What the operator reads."""
        return self.server.log.read_text(errors="replace")

    def files_of(self, activity: Activity) -> list[Path]:
        """What lies there of its candidate."""
        rows = self.server.rows(
            "SELECT c.folder FROM candidates c JOIN interview_sessions i ON i.candidate_id = c.id WHERE session_id = ?",
            self.seen[activity].interview.session_id,
        )
        if not rows:
            return []
        folder = self.server.data / "uploads" / rows[0]["folder"]
        return sorted(path for path in folder.rglob("*") if path.is_file())

    async def until_state(self, activity: Activity, state: str) -> None:
        """Wait for it."""

        async def is_there() -> bool:
            return self.state(activity) == state

        try:
            await until(is_there, within_s=PATIENCE_S, every_s=0.1)
        except TimeoutError:
            raise AssertionError(
                f"{activity} is {self.state(activity)}, not {state}; {self.reasons(activity)}\n{self.server.tail(60)}"
            ) from None


def form(octets: bytes) -> aiohttp.FormData:
    """What a browser sends."""
    data = aiohttp.FormData()
    data.add_field("video_file", octets, filename="recording.webm", content_type="video/webm")
    return data


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Template:
    """A data folder in which everybody is about to begin; each fault gets a copy of it."""

    data: Path
    hr_token: str
    job: str
    interviews: dict[Activity, Interview]


async def make_template(folder: Path) -> Template:
    """Two parts to join, a recording to delete, somebody who will upload, and somebody who will be recorded."""
    server = Server(folder / "data", free_port())
    await server.start()
    try:
        hr_token, timeout = await server.add_user(), aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            place = Place(server, hr_token, await server.add_job(), http)
            interviews = {activity: await place.invite(f"{activity}@example.org") for activity in Activity}
            for _ in range(2):
                await place.upload(interviews[Activity.JOINING], recorded(), finish=False)
            await place.upload(interviews[Activity.DELETING], recorded(), finish=True)
        return Template(server.data, hr_token, place.job, interviews)
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def open_place(template: Template, folder: Path) -> AsyncIterator[Place]:
    """A server on a copy of the template, with somebody being recorded."""
    control = folder / "faults.json"
    control.write_text("{}")
    shutil.copytree(template.data, folder / "data")
    python_path = os.pathsep.join([str(SITE), str(REPOSITORY)])
    settings = SETTINGS | {"HOLDFAST_FAULTS": str(control), "PYTHONPATH": python_path}
    server = Server(folder / "data", free_port(), settings=settings)
    await server.start()
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as http:
            place = Place(server, template.hr_token, template.job, http)
            place.seen = {activity: Seen(interview) for activity, interview in template.interviews.items()}
            async with _recording(place):
                yield place
    finally:
        await server.kill()


@contextlib.asynccontextmanager
async def _recording(place: Place) -> AsyncIterator[None]:
    know_vp9()
    interview = place.seen[Activity.RECORDING].interview
    publisher = Publisher(Dump.load("VP8"), "VP8")
    listening = asyncio.ensure_future(_listen(place, interview))
    await asyncio.wait_for(publisher.connect(place.http, place.server.whip_url(interview), interview.token), PATIENCE_S)
    sending = asyncio.ensure_future(publisher.send_until_ended())
    try:
        await saved_beyond(place, 1_000)
        yield
    finally:
        for task in (sending, listening):
            task.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)
        await publisher.abandon()


async def _listen(place: Place, interview: Interview) -> None:
    """What the candidate's page hears."""
    url = f"{place.server.base_url}/api/interviews/{interview.session_id}/live"
    seen = place.seen[Activity.RECORDING]
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            async with place.http.ws_connect(url) as socket:
                await socket.send_json({"type": "hello", "token": interview.token, "client_id": "listener-1"})
                async for message in socket:
                    heard = json.loads(message.data)
                    if heard["type"] == "saved":
                        assert heard["saved_ms"] >= place.saved_ms, "what was announced as saved was taken back"
                        place.saved_ms = heard["saved_ms"]
                    elif heard["type"] == "notice":
                        seen.said.append(heard["text"])
        await asyncio.sleep(0.2)


async def saved_beyond(place: Place, milliseconds: int) -> None:
    """Wait until the server has announced so much as saved."""

    async def is_saved() -> bool:
        return place.saved_ms >= milliseconds

    try:
        await until(is_saved, within_s=PATIENCE_S)
    except TimeoutError:
        raise AssertionError(f"saved {place.saved_ms} ms, not {milliseconds}\n{place.server.tail(60)}") from None
