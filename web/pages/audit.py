"""HR's page of the audit: what happened in the jobs that somebody owns; and who watched one interview, who has copies."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web as aioweb

from db import audit_list
from db.audit import AuditEvent
from db.audit_list import COPIES, Look
from db.models import AuditRow
from web import audit_words
from web.api.audit import page_of
from web.audit_told import AuditFormat
from web.bodies import read_query
from web.gate import hr_asker_of
from web.pages.paths import base_of
from web.schema.audit import AuditQuery
from web.services import SERVICES, Services

KINDS: Final = tuple((event.value, said) for event, said in audit_words.EVENTS.items())
"What the page's filter offers, watching and copies first."


@dataclass(frozen=True, slots=True)
class Line:
    """A row, in words."""

    at: datetime
    "When."
    said: str
    "What happened."
    who: str
    "Who did it."
    details: str
    "What else is to be known."
    session_id: str | None
    "The interview."


@dataclass(frozen=True, slots=True)
class Watched:
    """What one person did with one interview."""

    who: str
    "Who."
    said: str
    "What they did, or of what they have a copy."
    at: datetime
    "When, the last time."
    is_copy: bool
    "A copy has left: deleting does not reach it."


async def show(request: aioweb.Request) -> aioweb.Response:
    """The page. Its address holds all that was asked for."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    query = read_query(request, AuditQuery)
    rows, next_cursor = await page_of(services, asker, query)
    async with services.database.reading() as db_session:
        owns_jobs = await audit_list.owns_jobs(db_session, asker.user_id)
    asked = query.model_dump(mode="json", exclude_defaults=True, exclude={"cursor", "limit"})
    context = {
        "user": {"email": asker.email},
        "here": "audit",
        "lines": [line_of(row) for row in rows],
        "query": query,
        "kinds": KINDS,
        "owns_jobs": owns_jobs,
        "is_filtered": bool(asked),
        "older": None if next_cursor is None else "?" + urlencode({**asked, "cursor": next_cursor}),
        "newest": "?" + urlencode(asked),
        "exports": {
            form.value: f"{base_of(request)}/api/audit/export.{form.value}?" + urlencode(asked) for form in AuditFormat
        },
    }
    response = aiohttp_jinja2.render_template("hr_audit.html", request, context)
    response.enable_compression()
    return response


def line_of(row: AuditRow) -> Line:
    """A row in words."""
    return Line(
        row.at,
        audit_words.event_said(row.event),
        audit_words.actor_said(row.actor_kind, row.actor_name),
        audit_words.details_said(row.details),
        row.session_id,
    )


async def watched(services: Services, session_id: str) -> list[Watched]:
    """Who watched an interview, and who has copies of it, latest first."""
    async with services.database.reading() as db_session:
        return [_watched(look) for look in await audit_list.looks(db_session, session_id)]


def _watched(look: Look) -> Watched:
    is_copy = look.event in COPIES
    details = json.loads(look.details)
    said = audit_words.event_said(look.event)
    if look.event == AuditEvent.DOWNLOADED.value:
        said = audit_words.copy_said(details)
        said = f"{said[:1].upper()}{said[1:]}"
    if "token" in details:
        said = f"{said}, by a program"
    return Watched(audit_words.actor_said(look.actor_kind, look.actor_name), said, look.last_at, is_copy)
