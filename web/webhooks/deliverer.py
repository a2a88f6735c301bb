"""Sends what webhooks are owed, in the background, until it is taken or given up.

What is due lies in the database, so a crash loses none: a message that was on its way when the server died is sent
again, with the same id. One message at a time to each webhook, so that one that hangs holds up no other, and so that a
receiver that answers gets them in order.
"""

import asyncio
import contextlib
import logging
import random
from datetime import timedelta
from typing import Final, Self

from db import webhooks
from db.clock import Clock
from db.engine import Database
from db.webhooks import Attempt, Due
from web.webhooks import signing
from web.webhooks.backoff import again_at
from web.webhooks.sender import Sender, Sent
from web.webhooks.settings import WebhookSettings
from web.webhooks.vault import Unreadable, Vault

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
"Whoever changes an interview, a command beside the server too, only writes what is owed; so soon it is seen."
FORGET_EVERY: Final = timedelta(hours=1)
CLOSE_WITHIN_S: Final = 0.5
"What is on its way may arrive; what has not then is sent again at the next start."


class Deliverer:
    """Looks what is due and sends it."""

    def __init__(self, database: Database, clock: Clock, settings: WebhookSettings, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self.vault = vault
        "Where the secrets are."
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._failing: set[int] = set()
        self._woken = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin; the end of the block is the end."""
        self._loop = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def wake(self) -> None:
        """Something may have become due."""
        self._woken.set()

    async def close(self) -> None:
        """End. May be called twice."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.cancel()
            await asyncio.wait([loop])

    async def _run(self) -> None:
        forget_at = self._clock.utc_now()
        async with Sender(self._settings.allowed, self._settings.timeout_s) as sender:
            try:
                while True:
                    self._woken.clear()
                    try:
                        await self._send_due(sender)
                        if self._clock.utc_now() >= forget_at:
                            forget_at += FORGET_EVERY
                            await self._forget_old()
                    except Exception:
                        logger.exception("what webhooks are owed cannot be read now")
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), LOOK_EVERY_S)
            finally:
                await self._end_sending()

    async def _end_sending(self) -> None:
        sending = list(self._sending.values())
        if sending:
            _, late = await asyncio.wait(sending, timeout=CLOSE_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _send_due(self, sender: Sender) -> None:
        if len(self._sending) >= self._settings.at_once:
            return
        async with self._database.reading() as db_session:
            due = await webhooks.due(db_session, self._clock.utc_now(), but=tuple(self._sending))
        for message in due:
            if self._has_room_for(message.webhook_id):
                self._sending[message.webhook_id] = asyncio.create_task(self._send(sender, message))

    def _has_room_for(self, webhook_id: int) -> bool:
        """Those whose last message was not taken share half of the room, however many they are and however long they hang."""
        if webhook_id in self._failing:
            failing = len(self._failing.intersection(self._sending))
            return failing < max(1, self._settings.at_once // 2) and len(self._sending) < self._settings.at_once
        return len(self._sending) < self._settings.at_once

    async def _send(self, sender: Sender, message: Due) -> None:
        try:
            sent = await self._sent(sender, message)
            await self._note(message, sent)
        except Exception:
            logger.exception(
                "webhook %d: what became of message %s cannot be written down", message.webhook_id, message.message_id
            )
            # It is due all the while; a database that takes nothing is not asked again in the same moment.
            await asyncio.sleep(LOOK_EVERY_S)
        finally:
            del self._sending[message.webhook_id]
            self.wake()

    async def _sent(self, sender: Sender, message: Due) -> Sent:
        now = self._clock.utc_now()
        try:
            valid = self.vault.open(message.secret).valid(now)
        except Unreadable:
            return Sent(Attempt(None, "Its secret was sealed with another server.key. Make a new one."))
        headers = signing.headers(valid, message.message_id, int(now.timestamp()), message.body)
        return await sender.send(message.url, message.body, headers)

    async def _note(self, message: Due, sent: Sent) -> None:
        now, attempt = self._clock.utc_now(), sent.attempt
        (self._failing.discard if attempt.error is None else self._failing.add)(message.webhook_id)
        again = None
        if attempt.error is not None and not attempt.gone:
            again = again_at(
                message.attempts + 1,
                self._settings.attempts,
                self._settings.retry_after_s,
                now,
                chance=random.random(),  # noqa: S311  nothing is secret about when
                wish_s=sent.wish_s,
            )
            tell = logger.info if again else logger.warning
            what = f"tried again at {again:%H:%M:%S} UTC" if again else "given up"
            tell("webhook %d: message %s: %s It is %s.", message.webhook_id, message.message_id, attempt.error, what)
        async with self._database.writing() as db_session:
            await webhooks.note_attempt(db_session, message.id, attempt, now, again)

    async def _forget_old(self) -> None:
        before = self._clock.utc_now() - timedelta(days=self._settings.keep_days)
        async with self._database.writing() as db_session:
            await webhooks.forget_old(db_session, before)
