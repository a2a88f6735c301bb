"""Webhooks: where a user's programs hear of interviews, and what became of each message."""

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from db.webhooks import WebhookEvent
from web.schema.base import Moment, Schema


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("This is no address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("Write an address with scheme and host, as in https://example.org/hooks")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("Leave user name, password and fragment out; every message is signed")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("Write the address as it travels: ASCII, without spaces")
    return url


def _each_once(events: list[WebhookEvent]) -> list[WebhookEvent]:
    return [event for event in WebhookEvent if event in events]


Address = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), AfterValidator(_address)
]
Events = Annotated[list[WebhookEvent], Field(min_length=1), AfterValidator(_each_once)]


class NewWebhook(Schema):
    """A webhook to be made."""

    url: Address
    "Where messages go: `https`, or `http` within networks that the server's settings allow."
    events: Events = Field(default_factory=lambda: list(WebhookEvent))
    "What it is told of."


class WebhookChange(Schema):
    """What is to be otherwise; what is left out stays."""

    url: Address | None = None
    "Where messages go."
    events: Events | None = None
    "What it is told of."
    enabled: bool | None = None
    "Off: it hears of nothing; what it was owed before waits."


class WebhookTold(Schema):
    """A webhook, without its secret."""

    id: int
    url: str
    "Where messages go."
    events: list[WebhookEvent]
    "What it is told of."
    enabled: bool
    "Off: you switched it off, or it answered 410."
    created_at: Moment


class WebhookMade(WebhookTold):
    """A new webhook, this once with its secret."""

    secret: str
    "What messages are signed with: `whsec_…`. It is not shown again."


class Webhooks(Schema):
    """Your webhooks, oldest first."""

    items: list[WebhookTold]


class SecretMade(Schema):
    """A new secret. The one before signs beside it for a day."""

    secret: str
    "`whsec_…`; it is not shown again."
    former_until: Moment | None
    "Until when messages are signed with the one before as well."


class DeliveryState(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class DeliveryTold(Schema):
    """A message, and what became of it."""

    id: int
    message_id: str
    "The header `webhook-id`: the same at every attempt."
    type: str
    "What it tells of; `webhook.test` for one that was asked for."
    session_id: str | None
    "The interview that it is about."
    body: str
    "What is sent, as it is signed."
    state: DeliveryState
    created_at: Moment
    attempts: int
    "How often it was tried."
    next_attempt_at: Moment | None
    "When it is tried again; null: never."
    delivered_at: Moment | None
    "When it was taken (answered with 2xx)."
    last_status: int | None
    "What the receiver answered last."
    last_error: str | None
    "What was wrong, in a sentence."


class Deliveries(Schema):
    """One page of messages, newest first."""

    items: list[DeliveryTold]
    next_cursor: str | None
    "Where the next page begins; null: there is none."
