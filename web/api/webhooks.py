"""`/api/webhooks`: a user's own webhooks, and what became of each message."""

from typing import Final

from aiohttp import web as aioweb
from sqlalchemy.ext.asyncio import AsyncSession

from db import webhooks
from db.models import Webhook, WebhookDelivery
from db.webhooks import WebhookEvent
from web.bodies import answer, read_body, read_query
from web.gate import hr_asker_of
from web.ids import row_id
from web.paging import PageQuery, cursor_of, number_of
from web.schema.webhooks import (
    Deliveries,
    DeliveryState,
    DeliveryTold,
    NewWebhook,
    SecretMade,
    WebhookChange,
    WebhookMade,
    Webhooks,
    WebhookTold,
)
from web.services import SERVICES
from web.webhooks.signing import new_secret
from web.webhooks.vault import Secrets, Unreadable

_ORDER: Final = "deliveries"


async def list_webhooks(request: aioweb.Request) -> aioweb.Response:
    """All of the asker's."""
    async with request.app[SERVICES].database.reading() as db_session:
        found = await webhooks.listed(db_session, hr_asker_of(request).user_id)
    return answer(Webhooks(items=[told(webhook) for webhook in found]))


async def make_webhook(request: aioweb.Request) -> aioweb.Response:
    """Make one, and show its secret this once."""
    services = request.app[SERVICES]
    new = await read_body(request, NewWebhook)
    secret = new_secret()
    sealed = services.webhooks.vault.seal(Secrets(secret))
    async with services.database.writing() as db_session:
        webhook = await webhooks.add(
            db_session, hr_asker_of(request).user_id, new.url, sealed, new.events, services.clock.utc_now()
        )
    return answer(WebhookMade(**told(webhook).model_dump(), secret=secret), status=201)


async def get_webhook(request: aioweb.Request) -> aioweb.Response:
    """One."""
    async with request.app[SERVICES].database.reading() as db_session:
        webhook = await webhooks.get(db_session, hr_asker_of(request).user_id, row_id(request, "webhook_id"))
    return answer(told(webhook))


async def change_webhook(request: aioweb.Request) -> aioweb.Response:
    """Another address, other events, on or off."""
    services = request.app[SERVICES]
    change = await read_body(request, WebhookChange)
    now = services.clock.utc_now()
    async with services.database.writing() as db_session:
        webhook = await webhooks.get(db_session, hr_asker_of(request).user_id, row_id(request, "webhook_id"))
        if change.url is not None:
            webhook.url = change.url
        if change.events is not None:
            webhook.events = [*change.events]
        if change.enabled is not None:
            if change.enabled and webhook.disabled_at is not None:
                await webhooks.begin_again(db_session, webhook.id, now)
            webhook.disabled_at = None if change.enabled else webhook.disabled_at or now
        await db_session.flush()
    services.webhooks.wake()
    return answer(told(webhook))


async def delete_webhook(request: aioweb.Request) -> aioweb.Response:
    """Remove one, with all that it was told and is owed."""
    async with request.app[SERVICES].database.writing() as db_session:
        await webhooks.remove(db_session, hr_asker_of(request).user_id, row_id(request, "webhook_id"))
    return aioweb.Response(status=204)


async def rotate_secret(request: aioweb.Request) -> aioweb.Response:
    """A new secret; the one before signs beside it for a day."""
    services = request.app[SERVICES]
    vault, now, secret = services.webhooks.vault, services.clock.utc_now(), new_secret()
    async with services.database.writing() as db_session:
        webhook = await webhooks.get(db_session, hr_asker_of(request).user_id, row_id(request, "webhook_id"))
        try:
            kept = vault.open(webhook.secret).replaced(secret, now)
        except Unreadable:  # sealed with a server.key that was lost: there is nothing to go on with
            kept = Secrets(secret)
        webhook.secret = vault.seal(kept)
        await db_session.flush()
    return answer(SecretMade(secret=secret, former_until=kept.former_until))


async def test_webhook(request: aioweb.Request) -> aioweb.Response:
    """Send a message that says nothing but that it came."""
    services = request.app[SERVICES]
    async with services.database.writing() as db_session:
        webhook = await webhooks.get(db_session, hr_asker_of(request).user_id, row_id(request, "webhook_id"))
        delivery = await webhooks.owe_test(db_session, webhook, services.clock.utc_now())
    services.webhooks.wake()
    return answer(delivery_told(delivery), status=202)


async def list_deliveries(request: aioweb.Request) -> aioweb.Response:
    """A page of messages, newest first."""
    asked = read_query(request, PageQuery)
    async with request.app[SERVICES].database.reading() as db_session:
        webhook = await webhooks.get(db_session, hr_asker_of(request).user_id, row_id(request, "webhook_id"))
        page = await deliveries_page(db_session, webhook.id, asked)
    return answer(page)


async def deliveries_page(db_session: AsyncSession, webhook_id: int, asked: PageQuery) -> Deliveries:
    """One page of a webhook's messages. Raises Malformed for a cursor that is none."""
    before_id = number_of(asked.cursor, _ORDER)
    found = await webhooks.deliveries(db_session, webhook_id, asked.limit + 1, before_id=before_id)
    page = found[: asked.limit]
    last = (page[-1].id, page[-1].id) if len(found) > asked.limit else None
    return Deliveries(items=[delivery_told(each) for each in page], next_cursor=cursor_of(last, _ORDER))


async def retry_delivery(request: aioweb.Request) -> aioweb.Response:
    """Send a message again now, whatever became of it."""
    services = request.app[SERVICES]
    async with services.database.writing() as db_session:
        webhook = await webhooks.get(db_session, hr_asker_of(request).user_id, row_id(request, "webhook_id"))
        delivery = await webhooks.send_again(
            db_session, webhook.id, row_id(request, "delivery_id"), services.clock.utc_now()
        )
    services.webhooks.wake()
    return answer(delivery_told(delivery), status=202)


def told(webhook: Webhook) -> WebhookTold:
    """What its owner hears of a webhook."""
    return WebhookTold(
        id=webhook.id,
        url=webhook.url,
        events=[WebhookEvent(event) for event in webhook.events],
        enabled=webhook.disabled_at is None,
        created_at=webhook.created_at,
    )


def delivery_told(delivery: WebhookDelivery) -> DeliveryTold:
    """What its owner hears of a message."""
    if delivery.next_attempt_at is not None:
        state = DeliveryState.WAITING
    else:
        state = DeliveryState.DELIVERED if delivery.delivered_at is not None else DeliveryState.GIVEN_UP
    return DeliveryTold(
        id=delivery.id,
        message_id=delivery.message_id,
        type=delivery.event,
        session_id=delivery.session_id or None,
        body=delivery.payload,
        state=state,
        created_at=delivery.created_at,
        attempts=delivery.attempts,
        next_attempt_at=delivery.next_attempt_at,
        delivered_at=delivery.delivered_at,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
    )
