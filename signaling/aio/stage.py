"""Who publishes in one interview, who still does while the next one comes, and how far all of it is saved."""

import asyncio

from media_server.recording.events import EndReason
from signaling.aio.progress import Progress
from signaling.aio.publishing import Publishing

RETIRE_WITHIN_S = 10.0
"How long the older connection of a page goes on while its new one is coming."

# A newer connection that ended so never was of use; the older one, which still records, goes on as if nothing had been.
_NEVER_MIND = frozenset({EndReason.NEVER_CONNECTED, EndReason.CONNECTION_LOST, EndReason.NO_MEDIA, EndReason.FAILED})


class Stage:
    """Make before break: a page that connects again is recorded through its old connection until the new one writes."""

    def __init__(self) -> None:
        self.publishing: Publishing | None = None
        "The newest WHIP session."
        self.retiring: Publishing | None = None
        "The same page's one before, which still records."
        self.progress = Progress()
        "How far the interview is saved."
        self._writer: Publishing | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._retired: Publishing | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def writing(self) -> Publishing | None:
        """Whose part is being written right now."""
        return self._writer if self.progress.part is not None else None

    @property
    def everybody(self) -> list[Publishing]:
        """All that publish."""
        return [one for one in (self.publishing, self.retiring) if one is not None]

    async def make_room(self, newcomer: Publishing) -> None:
        """End what the newcomer replaces: all that is another page's, and of the same page what records nothing."""
        current = self.publishing
        if current is None or current.client_id != newcomer.client_id:
            await self.close(EndReason.SUPERSEDED)
        elif self.writing is current:
            await self._close_retiring()
            self.publishing, self.retiring = None, current
        else:
            await current.close(EndReason.SUPERSEDED)

    def begin(self, newcomer: Publishing) -> None:
        """The newcomer publishes from now on, right after :meth:`make_room`."""
        self.publishing = newcomer
        if self.retiring is not None:
            self._cancel_deadline()
            self._deadline = asyncio.get_running_loop().call_later(RETIRE_WITHIN_S, self._retire)

    def take_back(self) -> None:
        """The newcomer has ended already, while room was made for it: whoever still records publishes as before."""
        self.publishing, self.retiring = self.publishing or self.retiring, None

    def part_begun(self, publishing: Publishing, number: int, now: float) -> None:
        """A part is written by this one from now on; the one that it replaces is not needed any more."""
        self._writer = publishing
        self.progress.begin(number, now)
        if publishing is self.publishing:
            self._retire()

    def ended(self, publishing: Publishing, reason: EndReason) -> bool:
        """This one is gone. Returns whether nobody publishes now who did before."""
        if publishing is self.retiring:
            self._cancel_deadline()
            self.retiring = None
            return False
        if publishing is not self.publishing:
            return False
        self.publishing = None
        if self.retiring is not None and reason in _NEVER_MIND and self.retiring is not self._retired:
            self._cancel_deadline()
            self.publishing, self.retiring = self.retiring, None
            return False
        return True

    async def close(self, reason: EndReason) -> None:
        """End all of it; when this returns the parts are closed on disk, or it took too long."""
        await self._close_retiring()
        if self.publishing is not None:
            await self.publishing.close(reason)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _close_retiring(self) -> None:
        if self.retiring is not None:
            await self.retiring.close(EndReason.SUPERSEDED)

    def _retire(self) -> None:
        self._cancel_deadline()
        if self.retiring is not None and self.retiring is not self._retired:
            self._retired = self.retiring
            closing = asyncio.ensure_future(self.retiring.close(EndReason.SUPERSEDED))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
