"""Webhooks."""

from typing import Final

from web.api import webhooks
from web.endpoint import NOTHING, Doc, Endpoint
from web.limits import Limit
from web.paging import PageQuery
from web.problems import InConflict
from web.rights import Access, Scope
from web.schema.webhooks import (
    Deliveries,
    DeliveryTold,
    NewWebhook,
    SecretMade,
    WebhookChange,
    WebhookMade,
    Webhooks,
    WebhookTold,
)

_MINE: Final = Access(user=True, scope=Scope.WEBHOOKS_WRITE)
_WEBHOOK: Final = "/api/webhooks/{webhook_id}"

ENDPOINTS: Final = (
    Endpoint(
        "GET", "/api/webhooks", webhooks.list_webhooks, _MINE, Doc("Your webhooks, oldest first", {200: Webhooks})
    ),
    Endpoint(
        "POST",
        "/api/webhooks",
        webhooks.make_webhook,
        _MINE,
        Doc(
            "Make a webhook",
            {201: WebhookMade},
            errors=(InConflict,),
            body=NewWebhook,
            more="The answer holds the secret, this once. It hears of the interviews of jobs in which you are recruiter "
            "or owner at that moment.",
        ),
        limit=Limit.TOKENS,
    ),
    Endpoint("GET", _WEBHOOK, webhooks.get_webhook, _MINE, Doc("A webhook", {200: WebhookTold})),
    Endpoint(
        "PATCH",
        _WEBHOOK,
        webhooks.change_webhook,
        _MINE,
        Doc("Change a webhook, switch it off or on", {200: WebhookTold}, body=WebhookChange),
    ),
    Endpoint(
        "DELETE",
        _WEBHOOK,
        webhooks.delete_webhook,
        _MINE,
        Doc("Remove a webhook", {204: NOTHING}, more="What it is still owed is not sent any more."),
    ),
    Endpoint(
        "POST",
        f"{_WEBHOOK}/secret",
        webhooks.rotate_secret,
        _MINE,
        Doc(
            "Make a new secret",
            {200: SecretMade},
            more="For a day messages carry a signature with the one before as well.",
        ),
    ),
    Endpoint(
        "POST",
        f"{_WEBHOOK}/test",
        webhooks.test_webhook,
        _MINE,
        Doc(
            "Send a test message", {202: DeliveryTold}, more="Its type is `webhook.test`. Look at the deliveries then."
        ),
    ),
    Endpoint(
        "GET",
        f"{_WEBHOOK}/deliveries",
        webhooks.list_deliveries,
        _MINE,
        Doc("Messages and what became of them, newest first", {200: Deliveries}, query=PageQuery),
    ),
    Endpoint(
        "POST",
        f"{_WEBHOOK}/deliveries/{{delivery_id}}/retry",
        webhooks.retry_delivery,
        _MINE,
        Doc("Send a message again now", {202: DeliveryTold}),
    ),
)
