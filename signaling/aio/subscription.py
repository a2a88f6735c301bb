"""One control channel's mailbox: bounded, and never a reason to wait for whoever fills it."""

import asyncio
from collections import deque

from signaling.protocol.control import CloseCode, SavedUpTo, ServerMessage
from signaling.protocol.page_clock import PageClock

MAX_WAITING = 256
"A page that reads at all is never this far behind; one that does not must not fill the memory."


class Subscription:
    """What a page has yet to be told."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.clock = PageClock()
        "What is known of the page's own clock."
        self._messages: deque[ServerMessage] = deque()
        self._saved: SavedUpTo | None = None
        self._close_code: CloseCode | None = None
        self._news = asyncio.Event()

    def put(self, message: ServerMessage) -> None:
        """Leave a message. Of `saved` only the newest is kept; a mailbox that overflows closes the channel."""
        if self._close_code is not None:
            return
        if isinstance(message, SavedUpTo):
            self._saved = message
        elif len(self._messages) < MAX_WAITING:
            self._messages.append(message)
        else:
            self.close(CloseCode.TOO_SLOW)
        self._news.set()

    @property
    def waiting(self) -> int:
        """How many messages lie here."""
        return len(self._messages)

    def close(self, code: CloseCode) -> None:
        """Nothing more will come; what is there is still delivered, unless the reader is too slow for it."""
        self._close_code = self._close_code or code
        if code is CloseCode.TOO_SLOW:
            self._messages.clear()
        self._news.set()

    async def get(self) -> ServerMessage | CloseCode:
        """The next message, oldest first, or why there is none any more. Waits for one."""
        while True:
            if self._messages:
                return self._messages.popleft()
            if self._close_code is not None:
                return self._close_code
            if self._saved is not None:
                saved, self._saved = self._saved, None
                return saved
            self._news.clear()
            await self._news.wait()
