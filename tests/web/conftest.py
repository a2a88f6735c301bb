"""A whole server in this process, on a free port, with people, a job and interviews as a test needs them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp import web as aioweb

from db import interviews, people, recordings
from db.clock import SystemClock
from db.models import PartSource, TokenKind
from db.recordings import PartOutcome
from media_server.recording.names import part_path
from signaling.protocol.tokens import random_token, token_hash
from web.app import create_app, open_services
from web.invitations import Links, NewInterview, links_for, set_up
from web.notices import build, first_words
from web.passwords import hash_password
from web.services import Services
from web.settings import load_settings

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OWNER, STRANGER = "hr@example.org", "stranger@example.org"
CONTROLLER = "Example Ltd, 1 Example Street"
PASSWORD = "correct horse battery staple"
MEDIA = bytes(range(256)) * 5_000
"What lies in a part here: 1.28 MB, every stretch of which tells where it is from."


@dataclass(frozen=True, slots=True)
class Site:
    """The server and what is in it."""

    services: Services
    url: str
    job: int
    owner: str
    "An API token of the job's owner."
    stranger: str
    "An API token of somebody of HR who owns nothing."

    async def invite(self, session_id: str = "one", *, consented: bool = False) -> Links:
        """An interview of John Doe's; returns his links."""
        async with self.services.database.writing() as db_session:
            new = NewInterview(session_id, self.job, "John Doe", questions=("Who?", "Why?"))
            interview = await set_up(db_session, new, NOW)
            if consented:
                await interviews.give_consent(db_session, session_id, "2026-11-1", "a test", NOW)
        key = self.services.data_folder.server_key()
        return links_for(key, self.url, session_id, interview.link_version)

    async def notice_version(self, language: str = "en") -> str:
        """Of the notice that the job's candidates read now."""
        async with self.services.database.reading() as db_session:
            job = await people.get_job(db_session, self.job)
        return build(job, self.services.settings.notice, language).version

    async def add_part(
        self, session_id: str = "one", *, media: bytes = MEDIA, closed: bool = True, sound: str | None = "opus"
    ) -> str:
        """A part as a connection leaves it; returns its path below the data folder."""
        async with self.services.database.writing() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
            folder = interview.candidate.folder
            part = await recordings.open_part(
                db_session,
                session_id,
                PartSource.LIVE,
                lambda number: f"uploads/{folder}/{part_path(session_id, number)}",
                NOW,
            )
            self._write(part.path, media)
            if closed:
                outcome = PartOutcome("closed_by_page", 60_000, len(media), "VP9", sound, 640, 480, 238.1, 31.9)
                await recordings.close_part(db_session, session_id, part.number, outcome, NOW)
        return part.path

    def _write(self, path: str, media: bytes) -> None:
        target = self.services.data_folder.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(media)

    async def recorded(self, session_id: str = "one") -> Links:
        """A finished interview, its recording ready."""
        links = await self.invite(session_id, consented=True)
        await self.add_part(session_id)
        await self.services.live_interviews.finish(session_id)
        return links


@pytest.fixture
def web_settings() -> dict[str, Any]:
    """What a test wants other than the defaults, in the `[web]` section."""
    return {}


@pytest.fixture
def embedding() -> dict[str, Any]:
    """The same for the `[embedding]` section."""
    return {}


@pytest.fixture
def mail() -> dict[str, Any]:
    """The same for the `[mail]` section."""
    return {}


@pytest.fixture
def limits() -> dict[str, Any]:
    """The same for the `[limits]` section."""
    return {}


@pytest.fixture
async def site(
    tmp_path: Path,
    web_settings: dict[str, Any],
    embedding: dict[str, Any],
    mail: dict[str, Any],
    limits: dict[str, Any],
    unused_tcp_port: int,
) -> AsyncIterator[Site]:
    web = {"port": unused_tcp_port, **web_settings}
    flags = {"data": tmp_path / "data", "web": web, "embedding": embedding, "mail": mail, "limits": limits}
    settings = load_settings(None, flags)
    async with open_services(settings, SystemClock()) as services:
        runner = aioweb.AppRunner(create_app(services), access_log=None)
        await runner.setup()
        await aioweb.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
        yield await furnished(services, f"http://127.0.0.1:{unused_tcp_port}")
        await runner.cleanup()


async def furnished(services: Services, url: str) -> Site:
    async with services.database.writing() as db_session:
        owner = await people.add_user(db_session, OWNER, _password_hash(), NOW)
        stranger = await people.add_user(db_session, STRANGER, None, NOW)
        words = first_words(services.settings.notice, controller=CONTROLLER, contact=OWNER)
        job = await people.add_job(db_session, "Lighthouse keeper", owner.id, NOW, **words)
        tokens = [random_token(), random_token()]
        for user, token in zip((owner, stranger), tokens, strict=True):
            await people.issue_token(db_session, user.id, TokenKind.API, token_hash(token), NOW)
    return Site(services, url, job.id, *tokens)


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


def bearer(token: str) -> dict[str, str]:
    """The header of a program."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def http(site: Site) -> AsyncIterator[ClientSession]:
    """A client that keeps cookies, as a browser does."""
    async with ClientSession(site.url, cookie_jar=CookieJar(unsafe=True)) as session:
        yield session
