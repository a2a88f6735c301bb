"""The live interview's control channel: one WebSocket for each page, as docs/protocol.md describes it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from aiohttp import WSMessage, WSMsgType
from aiohttp import web as aioweb

from db.clock import Clock
from signaling.aio import errors
from signaling.aio.live_interviews import LiveInterviews
from signaling.aio.rates import Rate
from signaling.aio.subscription import Subscription
from signaling.protocol.control import (
    MAX_MESSAGE_BYTES,
    CloseCode,
    Hello,
    MalformedMessage,
    read_hello,
    read_page_message,
    refused,
)
from signaling.settings import SignalingSettings

logger = logging.getLogger(__name__)

# A page that takes nothing for this long is gone, whatever TCP still believes.
SEND_WITHIN_S = 10.0
PING_S = 20.0

CheckToken = Callable[[str, str], Awaitable[None]]
"(token, session_id): raises Unauthorised or UnknownInterview."


class _Closing(Exception):  # noqa: N818  it is how a conversation ends, not an error
    def __init__(self, code: CloseCode) -> None:
        super().__init__(code)
        self.code = code


class ControlSocket:
    """The handler of `/api/interviews/{session_id}/live`."""

    def __init__(
        self, live: LiveInterviews, *, check_token: CheckToken, settings: SignalingSettings, clock: Clock
    ) -> None:
        self._live = live
        self._check_token = check_token
        self._settings = settings
        self._clock = clock
        self._rate = Rate(settings.connect_rate, clock)

    async def handle(self, request: aioweb.Request) -> aioweb.WebSocketResponse:
        """Hear the hello, then tell what happens until either side has enough. Raises TooOften."""
        # Nobody has shown a token yet: counted by address as well, a stranger cannot use a candidate's connects up.
        await self._rate.check(f"{request.match_info['session_id']} {request.remote}")
        socket = aioweb.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, compress=False, heartbeat=PING_S)
        await socket.prepare(request)
        session_id = request.match_info["session_id"]
        try:
            hello = await self._hello(socket, session_id)
            subscription = await self._live.subscribe(session_id, hello.client_id)
        except _Closing as closing:
            await socket.close(code=closing.code)
            return socket
        except errors.UnknownInterview:
            await socket.close(code=CloseCode.UNKNOWN_INTERVIEW)
            return socket
        except errors.Unauthorised:
            await socket.close(code=CloseCode.UNAUTHORISED)
            return socket
        try:
            await self._converse(socket, session_id, subscription)
        finally:
            self._live.unsubscribe(session_id, subscription)
        return socket

    async def _hello(self, socket: aioweb.WebSocketResponse, session_id: str) -> Hello:
        try:
            async with asyncio.timeout(self._settings.hello_within_s):
                message = await socket.receive()
        except TimeoutError:
            raise _Closing(CloseCode.NO_HELLO) from None
        if message.type is not WSMsgType.TEXT:
            raise _Closing(CloseCode.MALFORMED)
        try:
            hello = read_hello(message.data)
        except MalformedMessage:
            raise _Closing(CloseCode.MALFORMED) from None
        await self._check_token(hello.token, session_id)
        return hello

    async def _converse(self, socket: aioweb.WebSocketResponse, session_id: str, subscription: Subscription) -> None:
        telling = asyncio.ensure_future(self._tell(socket, subscription))
        hearing = asyncio.ensure_future(self._hear(socket, session_id, subscription))
        try:
            done, _ = await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
            code = next(iter(done)).result()
        finally:
            for task in (telling, hearing):
                task.cancel()
            await asyncio.gather(telling, hearing, return_exceptions=True)
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(SEND_WITHIN_S):
                await socket.close(code=code)

    async def _tell(self, socket: aioweb.WebSocketResponse, subscription: Subscription) -> CloseCode:
        while True:
            message = await subscription.get()
            if isinstance(message, CloseCode):
                return message
            try:
                async with asyncio.timeout(SEND_WITHIN_S):
                    await socket.send_str(message.model_dump_json())
            except (TimeoutError, ConnectionError):
                return CloseCode.TOO_SLOW

    async def _hear(self, socket: aioweb.WebSocketResponse, session_id: str, subscription: Subscription) -> CloseCode:
        """Take what the page says, within bounds; what cannot be understood is refused, and changes nothing."""
        second, heard = 0, 0
        async for message in socket:
            now = int(self._clock.monotonic())
            second, heard = (second, heard + 1) if now == second else (now, 1)
            if heard > self._settings.socket_messages_per_s:
                return CloseCode.TOO_MUCH
            self._take(message, session_id, subscription)
        return CloseCode.GOING_AWAY

    def _take(self, message: WSMessage, session_id: str, subscription: Subscription) -> None:
        if message.type is not WSMsgType.TEXT:
            subscription.put(refused("malformed", None))
            return
        try:
            understood = read_page_message(message.data)
        except MalformedMessage as error:
            subscription.put(refused("malformed", error.id))
        else:
            self._live.hear(session_id, subscription, understood)
