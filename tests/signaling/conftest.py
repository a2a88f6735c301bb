"""A house with a real database, live interviews over fake publishers, and a real HTTP server in front."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientWebSocketResponse
from aiohttp import web as aioweb
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import event

from db import interviews, migrate, people, recordings
from db.clock import SystemClock
from db.engine import Database
from db.interviews import Allowance
from db.models import InterviewSession, Part
from db.states import InterviewEvent
from media_server.settings import MediaSettings
from signaling.aio import errors
from signaling.aio.admission import Load
from signaling.aio.control_socket import ControlSocket
from signaling.aio.live_interviews import LiveInterviews
from signaling.aio.subscription import Subscription
from signaling.aio.whip_routes import Whip
from signaling.protocol.control import CloseCode, ServerMessage
from signaling.protocol.ice_servers import IceServer, ice_servers
from signaling.settings import SignalingSettings
from tests.fakes.publisher import FakePublishers
from tests.signaling.offers import captured

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class House:
    """The rooms under test, wired as the composition root wires them."""

    database: Database
    job_id: int
    publishers: FakePublishers = field(default_factory=FakePublishers)
    settings: SignalingSettings = field(default_factory=SignalingSettings)
    stored: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    load: Load = field(default_factory=Load)
    store_fails: bool = False

    def open(self, **settings: Any) -> LiveInterviews:
        """Make the registry; keyword arguments change settings."""
        self.settings = SignalingSettings(**settings)
        self.live = LiveInterviews(
            database=self.database,
            clock=SystemClock(),
            settings=self.settings,
            media=MediaSettings(),
            make_publisher=self.publishers,
            part_path=lambda folder, session_id, number: f"uploads/{folder}/.parts/{session_id}/{number:04}.webm",
            store=self._store,
            erase=self._erase,
            load=lambda: self.load,
        )
        return self.live

    async def _store(self, session_id: str) -> None:
        if self.store_fails:
            raise OSError("no such luck")
        self.stored.append(session_id)
        async with self.database.writing() as db_session:
            await interviews.apply_event(db_session, session_id, InterviewEvent.RECORDING_STORED, NOW)

    async def _erase(self, session_id: str) -> None:
        self.erased.append(session_id)

    async def interview(
        self,
        session_id: str = "one",
        *,
        consented: bool = True,
        questions: Sequence[str] = ("Who?",),
        allowance: Allowance | None = None,
    ) -> str:
        """Set an interview of John Doe's up."""
        async with self.database.writing() as db_session:
            folder = f"John_Doe_{session_id}"
            candidate = await people.identify_candidate(db_session, "John Doe", folder, NOW)
            await interviews.add_interview(
                db_session, session_id, self.job_id, candidate.id, questions, NOW, allowance=allowance
            )
        if consented:
            await self.happens(session_id, InterviewEvent.CONSENT)
        return session_id

    async def happens(self, session_id: str, event: InterviewEvent) -> None:
        """Move the interview along its table, as somebody else would."""
        async with self.database.writing() as db_session:
            await interviews.apply_event(db_session, session_id, event, NOW)

    async def row(self, session_id: str = "one") -> InterviewSession:
        """What the database says."""
        async with self.database.reading() as db_session:
            return await interviews.get_interview(db_session, session_id)

    async def parts(self, session_id: str = "one") -> list[Part]:
        """What the database says of its parts."""
        async with self.database.reading() as db_session:
            return await recordings.parts_of(db_session, session_id)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, made once."""
    path = tmp_path_factory.mktemp("signaling") / "holdfast.db"
    migrate.upgrade(path, busy_timeout_s=5.0)
    return path


@pytest.fixture
async def house(tmp_path: Path, empty_database: Path) -> AsyncIterator[House]:
    database = await Database.open(Path(shutil.copy(empty_database, tmp_path)))
    async with database.writing() as db_session:
        owner = await people.add_user(db_session, "hr@example.org", None, NOW)
        job = await people.add_job(db_session, "Lighthouse keeper", owner.id, NOW)
    house = House(database, job.id)
    house.open()
    yield house
    await house.live.close_all()
    await database.close()


@pytest.fixture
def database_writes(house: House) -> list[float]:
    """When each transaction that writes was committed, monotonic seconds."""
    commits: list[float] = []
    clock = SystemClock()
    event.listen(house.database._writer.sync_engine, "commit", lambda _connection: commits.append(clock.monotonic()))
    return commits


async def a_moment() -> None:
    """Between two looks at something that calls nobody when it changes."""
    await asyncio.sleep(0.01)


async def next_message(subscription: Subscription) -> ServerMessage | CloseCode:
    """The next message but the heartbeat."""
    async with asyncio.timeout(10):
        while True:
            message = await subscription.get()
            if isinstance(message, CloseCode) or message.type != "saved":
                return message


async def waiting(subscription: Subscription) -> list[str]:
    """The kinds of what lies in the mailbox now, the heartbeat left out."""
    kinds = []
    subscription.close(CloseCode.GOING_AWAY)
    while not isinstance(message := await subscription.get(), CloseCode):
        kinds.append(message.type)
    return [kind for kind in kinds if kind != "saved"]


@aioweb.middleware
async def problems(
    request: aioweb.Request, handler: Callable[[aioweb.Request], Awaitable[aioweb.StreamResponse]]
) -> aioweb.StreamResponse:
    """What `web` does with a problem."""
    try:
        return await handler(request)
    except errors.Problem as problem:
        return aioweb.Response(
            status=problem.status,
            text=json.dumps(problem.document()),
            content_type="application/problem+json",
            headers=problem.headers,
        )


@dataclass
class Site:
    """The house behind HTTP. A token is `good-<session id>` here; who makes real ones is `web`'s business."""

    house: House
    client: "TestClient[aioweb.Request, aioweb.Application]"

    async def post(self, session_id: str = "one", body: str | bytes | None = None, **headers: str) -> ClientResponse:
        """POST an offer, Chromium's unless another is given."""
        merged = bearer(session_id) | {"Content-Type": "application/sdp"} | _named(headers)
        return await self.client.post(f"/whip/{session_id}", data=body or captured("chromium"), headers=merged)

    async def patch(self, location: str, body: str, **headers: str) -> ClientResponse:
        """PATCH a session with a fragment."""
        merged = bearer() | {"Content-Type": "application/trickle-ice-sdpfrag"} | _named(headers)
        return await self.client.patch(location, data=body, headers=merged)

    async def socket(self, session_id: str = "one") -> ClientWebSocketResponse:
        """Open the control channel, without a word."""
        return await self.client.ws_connect(f"/api/interviews/{session_id}/live")

    async def page(self, client_id: str, session_id: str = "one") -> ClientWebSocketResponse:
        """Open the control channel and say hello."""
        socket = await self.socket(session_id)
        await socket.send_json({"type": "hello", "token": f"good-{session_id}", "client_id": client_id})
        return socket


def bearer(session_id: str = "one") -> dict[str, str]:
    """The header that names the candidate."""
    return {"Authorization": f"Bearer good-{session_id}"}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _session_of(token: str) -> str:
    if not token.startswith("good-"):
        raise errors.Unauthorised
    return token.removeprefix("good-")


async def _authorise(request: aioweb.Request) -> str:
    return _session_of(request.headers.get("Authorization", "").removeprefix("Bearer "))


async def _check_token(token: str, session_id: str) -> None:
    if _session_of(token) != session_id:
        raise errors.UnknownInterview("There is no such interview.")


def _servers(session_id: str) -> list[IceServer]:
    return ice_servers(["turn:turn.example.org"], secret="north", name=session_id, expires_at=1_700_000_000)


OpenSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def open_site(house: House) -> AsyncIterator[OpenSite]:
    clients = []

    async def open_with(**settings: Any) -> Site:
        live = house.open(**settings)
        app = aioweb.Application(middlewares=[problems])
        whip = Whip(live, authorise=_authorise, ice_servers=_servers, settings=house.settings, clock=SystemClock())
        control = ControlSocket(live, check_token=_check_token, settings=house.settings, clock=SystemClock())
        app.add_routes(
            [
                aioweb.options("/whip/{session_id}", whip.options),
                aioweb.get("/whip/{session_id}", whip.get_endpoint),
                aioweb.post("/whip/{session_id}", whip.post),
                aioweb.options("/whip/{session_id}/{whip_session}", whip.options),
                aioweb.get("/whip/{session_id}/{whip_session}", whip.get_session),
                aioweb.patch("/whip/{session_id}/{whip_session}", whip.patch),
                aioweb.delete("/whip/{session_id}/{whip_session}", whip.delete),
                aioweb.get("/api/interviews/{session_id}/live", control.handle),
            ]
        )
        client = TestClient(TestServer(app, host="127.0.0.1"))
        await client.start_server()
        clients.append(client)
        return Site(house, client)

    yield open_with
    await house.live.close_all()
    for client in clients:
        await client.close()


@pytest.fixture
async def site(open_site: OpenSite) -> Site:
    return await open_site()
