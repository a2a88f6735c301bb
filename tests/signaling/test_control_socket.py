"""The control channel over a real WebSocket."""

import asyncio
import json

import pytest
from aiohttp import ClientWebSocketResponse

from signaling.protocol.control import CloseCode
from tests.signaling.conftest import OpenSite, Site, a_moment


@pytest.fixture(autouse=True)
async def one(site: Site) -> None:
    await site.house.interview("one")


async def close_code(socket: ClientWebSocketResponse) -> int | None:
    """Read until the server closes."""
    async with asyncio.timeout(10):
        async for _ in socket:
            pass
    return socket.close_code


async def messages(socket: ClientWebSocketResponse, *kinds: str) -> list[dict[str, object]]:
    """Read until one of each kind, in this order, has come; give those back."""
    found: list[dict[str, object]] = []
    async with asyncio.timeout(10):
        while len(found) < len(kinds):
            message = await socket.receive_json()
            if message["type"] == kinds[len(found)]:
                found.append(message)
    return found


async def test_a_hello_is_answered_with_the_state_and_then_the_heartbeat(site: Site) -> None:
    socket = await site.page("page-0001")
    state, saved = await messages(socket, "state", "saved")
    assert state["state"] == "consented"
    assert saved["saved_ms"] == 0
    assert (saved["recording"], saved["counting"]) == (False, False)
    await messages(socket, "saved", "saved")  # also while nothing is recorded


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ("nonsense", CloseCode.MALFORMED),
        ("{}", CloseCode.MALFORMED),
        (json.dumps({"type": "hello", "token": "good-one", "client_id": "x y"}), CloseCode.MALFORMED),
        (json.dumps({"type": "hello", "token": "bad", "client_id": "page-0001"}), CloseCode.UNAUTHORISED),
        (json.dumps({"type": "hello", "token": "good-two", "client_id": "page-0001"}), CloseCode.UNKNOWN_INTERVIEW),
    ],
)
async def test_another_hello_closes_the_channel(site: Site, hello: str, code: CloseCode) -> None:
    socket = await site.socket()
    await socket.send_str(hello)
    assert await close_code(socket) == code


async def test_bytes_are_no_hello(site: Site) -> None:
    socket = await site.socket()
    await socket.send_bytes(b"{}")
    assert await close_code(socket) == CloseCode.MALFORMED


async def test_an_unknown_interview_closes_the_channel(site: Site) -> None:
    assert await close_code(await site.page("page-0001", "none")) == CloseCode.UNKNOWN_INTERVIEW


async def test_a_page_that_says_nothing_is_not_waited_for(open_site: OpenSite) -> None:
    site = await open_site(hello_within_s=0.1)
    assert await close_code(await site.socket()) == CloseCode.NO_HELLO


async def test_a_message_too_large_closes_the_channel(site: Site) -> None:
    socket = await site.socket()
    await socket.send_str("x" * 10_000)
    assert await close_code(socket) in {1009, CloseCode.MALFORMED}


async def test_a_page_that_talks_too_much_is_cut_off(site: Site) -> None:
    socket = await site.page("page-0001")
    for _ in range(50):
        await socket.send_str("{}")
    assert await close_code(socket) == CloseCode.TOO_MUCH


async def test_an_older_page_hears_of_the_takeover(site: Site) -> None:
    old, new = await site.page("page-0001"), await site.page("page-0002")
    await messages(old, "state")
    await messages(new, "state")
    assert (await site.post(Holdfast_Client="page-0001")).status == 201
    await site.house.publishers.last.media_arrives()
    assert (await site.post(Holdfast_Client="page-0002")).status == 201
    await messages(old, "takeover")
    state = (await messages(old, "state"))[0]
    assert state["current"] is False
    while not (await messages(new, "state"))[0]["current"]:
        pass


async def test_finishing_ends_the_channel_in_words_only(site: Site) -> None:
    socket = await site.page("page-0001")
    await site.post(Holdfast_Client="page-0001")
    await site.house.publishers.last.media_arrives()
    site.house.publishers.last.saves(4_000, 4_000)
    await site.house.live.finish("one")
    [ended] = await messages(socket, "ended")
    assert ended == {"type": "ended", "reason": "finished", "state": "ready"}
    assert not socket.closed


async def test_a_stopping_server_says_so_and_hangs_up(site: Site) -> None:
    socket = await site.page("page-0001")
    await messages(socket, "state")
    await site.house.live.close_all()
    [notice] = await messages(socket, "notice")
    assert notice["code"] == "server_stopping"
    assert await close_code(socket) == CloseCode.GOING_AWAY


async def test_a_page_that_leaves_is_forgotten(site: Site) -> None:
    socket = await site.page("page-0001")
    await messages(socket, "state")
    live = site.house.live.registry._live["one"]
    assert len(live.subscriptions) == 1
    await socket.close()
    async with asyncio.timeout(5):
        while live.subscriptions:
            await a_moment()
    assert live.is_idle


async def test_a_client_that_breaks_off_is_forgotten(site: Site) -> None:
    socket = await site.page("page-0001")
    await messages(socket, "state")
    assert socket._conn is not None
    socket._conn.close()
    live = site.house.live.registry._live["one"]
    async with asyncio.timeout(5):
        while live.subscriptions:
            await a_moment()
    assert live.is_idle


async def test_what_cannot_be_understood_is_refused_and_the_channel_stays(site: Site) -> None:
    socket = await site.page("page-0001")
    await messages(socket, "state", "flow")
    for said in ('{"type": "do", "id": "seven", "event": "dance", "revision": 0, "at": 1}', "nonsense", "[]"):
        await socket.send_str(said)
    await socket.send_bytes(b"{}")
    refusals = await messages(socket, *["refused"] * 4)
    assert [(each["reason"], each["id"]) for each in refusals] == [
        ("malformed", "seven"),
        *[("malformed", None)] * 3,
    ]
    await messages(socket, "saved")


async def test_a_page_asks_and_is_told(site: Site) -> None:
    socket = await site.page("page-0001")
    await messages(socket, "flow")
    await socket.send_json({"type": "clock", "at": 1_764_000_000_000.25})
    await socket.send_json({"type": "do", "id": "1", "event": "begin", "revision": 0, "at": 1_764_000_000_100})
    await socket.send_json({"type": "shown", "revision": 1, "at": 1_764_000_000_200})
    [flow] = await messages(socket, "flow")
    assert (flow["step"], flow["revision"], flow["by_itself"]) == ("answering", 1, False)
    await socket.send_json({"type": "do", "id": "2", "event": "begin", "revision": 1, "at": 1_764_000_000_300})
    [refused, flow] = await messages(socket, "refused", "flow")
    assert (refused["id"], refused["reason"], flow["revision"]) == ("2", "not_now", 1)


async def test_another_version_is_not_answered(site: Site) -> None:
    socket = await site.socket()
    await socket.send_json({"type": "hello", "token": "good-one", "client_id": "page-0001", "version": 2})
    assert await close_code(socket) == CloseCode.MALFORMED


async def test_too_many_connects_are_told_when_to_come_back(open_site: OpenSite) -> None:
    site = await open_site(connect_rate="3/minute")
    for _ in range(3):
        await (await site.socket()).close()
    response = await site.client.get("/api/interviews/one/live")
    assert response.status == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    await (await site.socket("two")).close()  # another's are counted by themselves
