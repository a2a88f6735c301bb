"""A running server on data of its own, and what a test puts into it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, FormData
from aiohttp import web as aioweb

from db import interviews, people
from db.clock import SystemClock
from db.interviews import Allowance, Asked
from db.models import TokenKind
from signaling.protocol.tokens import random_token, token_hash
from tests.fakes.mail_server import MailServer, mail_server
from tests.live.harness import free_port
from web.app import create_app, open_services
from web.invitations import NewInterview, links_for, set_up
from web.notices import first_words
from web.passwords import hash_password
from web.services import Services
from web.settings import Settings, load_settings

HR_EMAIL = "hr@example.org"
NEW_HR_EMAIL = "new@example.org"
"Somebody of HR who has no job yet."

CONTROLLER = "Example Ltd, 1 Example Street"
HR_PASSWORD = "correct horse battery staple"
QUESTIONS = ("What are you proud of?", "What would be new to you?", "What would you like to ask us?")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a candidate was sent."""

    session_id: str
    "The interview."
    token: str
    "What opens it."
    link: str
    "The whole link."


@dataclass(frozen=True, slots=True)
class Place:
    """The server, and where it is."""

    services: Services
    "Its parts, for what no page can do."
    url: str
    "Scheme, host and port, without a slash at the end."
    job: int
    "The HR user's job."
    lenient_job: int
    "Another one, which takes interviews by voice alone."
    answers_job: int
    "One that keeps answers only."
    hr_token: str
    "The HR user's API token."
    mail: MailServer
    "What takes its mail."
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def invite(
        self,
        *,
        job: int | None = None,
        candidate: str = "John Doe",
        allowance: Allowance | None = None,
        questions: tuple[str | Asked, ...] = QUESTIONS,
    ) -> Invitation:
        """A new interview with three questions, unless a test says otherwise."""
        number = next(self._numbers)
        new = NewInterview(f"interview-{number}", job or self.job, candidate, None, None, questions, allowance)
        async with self.services.database.writing() as db_session:
            interview = await set_up(db_session, new, self.services.clock.utc_now())
        key = self.services.data_folder.server_key()
        links = links_for(key, self.url, new.session_id, interview.link_version)
        return Invitation(new.session_id, links.token, links.candidate_url)

    async def let_hear(self, invitation: Invitation, question: int, sound: bytes) -> None:
        """Hand in what a question sounds like, a WAV file."""
        url = f"{self.url}/api/interviews/{invitation.session_id}/questions/{question}/sound"
        headers = {"Authorization": f"Bearer {self.hr_token}", "Content-Type": "audio/wav"}
        async with ClientSession(headers=headers) as http, http.put(url, data=sound) as response:
            assert response.status == 200, await response.text()

    async def hand_in(self, invitation: Invitation, film: bytes) -> None:
        """A whole recording, made elsewhere, as was consent to it."""
        async with self.services.database.writing() as db_session:
            now = self.services.clock.utc_now()
            await interviews.give_consent(db_session, invitation.session_id, "elsewhere", "elsewhere", now)
        url = f"{self.url}/api/interviews/{invitation.session_id}/upload-video"
        form = FormData()
        form.add_field("video_file", film, filename="video.webm", content_type="video/webm")
        headers = {"Authorization": f"Bearer {self.hr_token}"}
        async with ClientSession(headers=headers) as http, http.post(url, data=form) as response:
            assert response.status == 200, await response.text()


@asynccontextmanager
async def open_place(data: Path) -> AsyncIterator[Place]:
    """Serve on a free port until the caller is done."""
    port = free_port()
    flags: dict[str, Any] = {
        "data": data,
        "web": {"port": port, "sign_in_rate": "1000/minute"},
        "webhooks": {"private_networks": ("127.0.0.0/8",), "retry_after_s": 0.2, "attempts": 2},
    }
    with mail_server() as mail:
        flags["mail"] = {"host": "127.0.0.1", "port": mail.port, "security": "none", "sender": "interviews@example.org"}
        async with _open_place(load_settings(None, flags), mail, port) as place:
            yield place


@asynccontextmanager
async def _open_place(settings: Settings, mail: MailServer, port: int) -> AsyncIterator[Place]:
    async with open_services(settings, SystemClock()) as services:
        runner = aioweb.AppRunner(create_app(services))
        await runner.setup()
        try:
            await aioweb.TCPSite(runner, "127.0.0.1", port).start()
            yield Place(services, settings.web.base_url, *await _add_jobs(services), mail)
        finally:
            await runner.cleanup()


async def _add_jobs(services: Services) -> tuple[int, int, int, str]:
    now, token = services.clock.utc_now(), random_token()
    async with services.database.writing() as db_session:
        user = await people.add_user(db_session, HR_EMAIL, hash_password(HR_PASSWORD), now)
        await people.add_user(db_session, NEW_HR_EMAIL, hash_password(HR_PASSWORD), now)
        words = first_words(services.settings.notice, controller=CONTROLLER, contact=HR_EMAIL)
        job = await people.add_job(db_session, "Nurse", user.id, now, **words)
        lenient = await people.add_job(db_session, "Bookkeeper", user.id, now, microphone_only_allowed=True, **words)
        answers = await people.add_job(db_session, "Teacher", user.id, now, answers_only=True, **words)
        await people.issue_token(db_session, user.id, TokenKind.API, token_hash(token), now)
    return job.id, lenient.id, answers.id, token
