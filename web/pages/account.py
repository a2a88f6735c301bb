"""Somebody's own account: password, sign-ins, API tokens, webhooks; and one webhook with what became of its messages."""

from typing import Final

import aiohttp_jinja2
from aiohttp import web as aioweb

from db import tokens, webhooks
from db.models import TokenKind
from db.webhooks import WebhookEvent
from web.api import logins
from web.api.tokens import told as token_told
from web.api.webhooks import deliveries_page
from web.api.webhooks import told as webhook_told
from web.bodies import read_query
from web.gate import hr_asker_of
from web.ids import row_id
from web.paging import PageQuery
from web.passwords import MIN_PASSWORD_LENGTH
from web.rights import Scope
from web.services import SERVICES

SCOPES: Final = {
    Scope.INTERVIEWS_READ: ("See interviews", "Who is invited, and how far they are"),
    Scope.INTERVIEWS_WRITE: ("Invite candidates", "Also extend and revoke links, and grant more time"),
    Scope.INTERVIEWS_DELETE: ("Delete interviews", "For good, with their recordings"),
    Scope.RECORDINGS_READ: ("Watch and download recordings", "Also sounds, captions and pictures"),
    Scope.RECORDINGS_WRITE: ("Upload recordings", "Also captions"),
    Scope.JOBS_READ: ("See jobs", "With their questions and members"),
    Scope.JOBS_WRITE: ("Create and change jobs", "With their questions and members"),
    Scope.WEBHOOKS_WRITE: ("Manage webhooks", "Yours, as on this page"),
    Scope.AUDIT_READ: ("Read the audit", "Of the jobs that you own"),
}
"What each scope lets a program do, for people."

EVENTS: Final = {
    WebhookEvent.INTERRUPTED: ("Interrupted", "The candidate's connection ended, or they paused"),
    WebhookEvent.COMPLETED: ("Completed", "The candidate is done"),
    WebhookEvent.READY: ("Ready", "The recording can be downloaded"),
    WebhookEvent.WITHDRAWN: ("Withdrawn", "The candidate declined, or withdrew; what was recorded is deleted"),
    WebhookEvent.DELETED: ("Deleted", "The interview and its recording are gone"),
    WebhookEvent.DELETION_REQUESTED: ("Deletion asked for", "The candidate asked that their recording be deleted"),
}
"What each event means, for people."


async def show(request: aioweb.Request) -> aioweb.Response:
    """The account."""
    services = request.app[SERVICES]
    asker = hr_asker_of(request)
    now = services.clock.utc_now()
    async with services.database.reading() as db_session:
        mine = await tokens.listed(db_session, asker.user_id, TokenKind.API, now)
        signed_in = await tokens.listed(db_session, asker.user_id, TokenKind.LOGIN, now)
        hooks = await webhooks.listed(db_session, asker.user_id)
    context = {
        "user": {"email": asker.email},
        "here": "account",
        "by_link": asker.by_link,
        "least_password": MIN_PASSWORD_LENGTH,
        "logins": [logins.told(login, asker.token_id) for login in signed_in],
        "tokens": [token_told(token) for token in mine],
        "webhooks": [webhook_told(hook) for hook in hooks],
        "now": now,
        "scopes": {scope.value: words for scope, words in SCOPES.items()},
        "events": {event.value: words for event, words in EVENTS.items()},
    }
    return aiohttp_jinja2.render_template("hr_account.html", request, context)


async def show_webhook(request: aioweb.Request) -> aioweb.Response:
    """One webhook, and a page of its messages."""
    asker = hr_asker_of(request)
    asked = read_query(request, PageQuery)
    async with request.app[SERVICES].database.reading() as db_session:
        webhook = await webhooks.get(db_session, asker.user_id, row_id(request, "webhook_id"))
        page = await deliveries_page(db_session, webhook.id, asked)
    context = {
        "user": {"email": asker.email},
        "here": "account",
        "webhook": webhook_told(webhook),
        "deliveries": page.items,
        "next_cursor": page.next_cursor,
        "is_first": asked.cursor is None,
        "events": {event.value: words for event, words in EVENTS.items()},
    }
    return aiohttp_jinja2.render_template("hr_webhook.html", request, context)
