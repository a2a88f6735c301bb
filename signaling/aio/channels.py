"""The control channels of all interviews: who listens, and the heartbeat that they hear."""

import asyncio
from contextvars import Context

from signaling.aio.registry import Registry
from signaling.aio.subscription import Subscription
from signaling.protocol.control import CloseCode, PageMessage, notice
from signaling.settings import SignalingSettings


class Channels:
    """Mailboxes of pages. One ticker for all of them, as long as there are any."""

    def __init__(self, registry: Registry, settings: SignalingSettings) -> None:
        self._registry = registry
        self._settings = settings
        self._heartbeat: asyncio.Task[None] | None = None
        self._stopped = False

    def stop(self) -> None:
        """No more heartbeats."""
        self._stopped = True
        if self._heartbeat is not None:
            self._heartbeat.cancel()

    async def subscribe(self, session_id: str, client_id: str) -> Subscription:
        """Open a mailbox; the state lies in it already. Raises UnknownInterview."""
        async with self._registry.held(session_id) as live:
            subscription = Subscription(client_id)
            live.subscriptions.append(subscription)
            while len(live.subscriptions) > self._settings.max_control_channels:
                live.subscriptions.pop(0).close(CloseCode.TOO_MUCH)
            subscription.put(live.state_for(client_id))
            subscription.put(live.questions.message())
            subscription.put(live.saved_up_to())
            if live.spectators.is_silent:
                subscription.put(notice("no_sound"))
        if not self._stopped and (self._heartbeat is None or self._heartbeat.done()):
            self._heartbeat = asyncio.create_task(self._beat(), context=Context())  # it is for all interviews
        return subscription

    def hear(self, session_id: str, subscription: Subscription, message: PageMessage) -> None:
        """Take what a page says on its channel."""
        live = self._registry.get(session_id)
        if live is not None:
            live.hear(subscription, message)

    def unsubscribe(self, session_id: str, subscription: Subscription) -> None:
        """The channel is closed. Repeating it is harmless."""
        live = self._registry.get(session_id)
        if live is not None and subscription in live.subscriptions:
            live.subscriptions.remove(subscription)

    async def _beat(self) -> None:
        """One ticker for all pages, as long as there are any."""
        while any(live.subscriptions for live in self._registry):
            await asyncio.sleep(self._settings.heartbeat_s)
            for live in self._registry:
                if live.subscriptions:
                    live.tick()
