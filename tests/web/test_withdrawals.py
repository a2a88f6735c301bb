"""Declining, and withdrawing at any later moment: nothing more is recorded, what was goes, and HR reads so."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from db import interviews, people, webhooks
from db.audit import AuditEvent
from db.models import AuditRow, WebhookDelivery
from db.states import InterviewEvent
from tests.web.conftest import NOW, OWNER, Site, bearer

Call = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def call(site: Site, http: ClientSession) -> Call:
    async def ask(method: str, path: str, token: str, body: object = None, *, status: int = 200) -> dict[str, Any]:
        async with http.request(method, f"/api/interviews/{path}", json=body, headers=bearer(token)) as response:
            assert response.status == status, await response.text()
            told: dict[str, Any] = await response.json()
            return told

    return ask


def media_of(site: Site) -> list[Path]:
    return [path for path in (site.services.data_folder.path / "uploads").rglob("*") if path.is_file()]


async def events(site: Site) -> list[tuple[str, str]]:
    async with site.services.database.reading() as db_session:
        rows = await db_session.scalars(select(AuditRow).where(AuditRow.session_id == "one").order_by(AuditRow.number))
        return [(row.event, row.actor_kind) for row in rows]


async def test_whoever_declines_is_recorded_nowhere_and_hr_reads_so(site: Site, call: Call) -> None:
    links = await site.invite()
    told = await call("POST", "one/withdraw", links.token)
    assert (told["declined"], told["erased"]) == (True, True)
    assert await call("POST", "one/withdraw", links.token) == told  # again: harmless, and the same moment
    seen = await call("GET", "one", site.owner)
    assert (seen["state"], seen["end_reason"], seen["ended_at"]) == ("withdrawn", "declined", told["withdrawn_at"])
    body = {"notice_version": await site.notice_version()}
    await call("POST", "one/consent", links.token, body, status=409)
    assert (AuditEvent.DECLINED.value, "candidate") in await events(site)


async def test_withdrawing_after_the_end_deletes_what_was_recorded(site: Site, call: Call) -> None:
    links = await site.recorded()
    assert media_of(site)
    told = await call("POST", "one/withdraw", links.token)
    assert (told["declined"], told["erased"]) == (False, True)
    assert media_of(site) == []
    async with site.services.database.reading() as db_session:
        interview = await interviews.get_interview(db_session, "one")
    assert (interview.parts, interview.video_file_path, interview.end_reason) == ([], None, "withdrawn")
    assert (AuditEvent.WITHDRAWN.value, "candidate") in await events(site)


async def test_withdrawing_between_two_parts(site: Site, call: Call) -> None:
    links = await site.invite(consented=True)
    await site.add_part()
    assert (await call("POST", "one/withdraw", links.token))["erased"] is True
    assert media_of(site) == []


async def test_what_cannot_be_deleted_now_is_told_and_is_no_fault(site: Site, call: Call) -> None:
    links = await site.invite(consented=True)
    path = site.services.data_folder.path / await site.add_part()
    path.unlink()
    (path / "in the way").mkdir(parents=True)  # a folder cannot be removed as a file is
    told = await call("POST", "one/withdraw", links.token)
    assert told["erased"] is False


async def test_webhooks_hear_of_it(site: Site, call: Call) -> None:
    links = await site.invite(consented=True)
    async with site.services.database.writing() as db_session:
        owner = await people.get_user(db_session, OWNER)
        await webhooks.add(db_session, owner.id, "https://example.org/", "sealed", list(webhooks.WebhookEvent), NOW)
    await call("POST", "one/withdraw", links.token)
    async with site.services.database.reading() as db_session:
        payloads = list(await db_session.scalars(select(WebhookDelivery.payload).order_by(WebhookDelivery.id)))
    assert '"interview.withdrawn"' in payloads[0]
    assert '"reason":"withdrawn"' in payloads[0].replace(": ", ":")


async def test_what_is_over_otherwise_cannot_be_withdrawn(site: Site, call: Call) -> None:
    links = await site.invite()
    async with site.services.database.writing() as db_session:
        await interviews.apply_event(db_session, "one", InterviewEvent.EXPIRE, NOW)
    problem = await call("POST", "one/withdraw", links.token, status=409)
    assert problem["type"] == "/problems/finished"


async def test_an_acknowledgement_is_in_the_audit_with_what_was_read(site: Site, call: Call) -> None:
    links = await site.invite()
    await call("POST", "one/consent", links.token, {"notice_version": await site.notice_version("de")})
    async with site.services.database.reading() as db_session:
        acknowledged = AuditRow.event == AuditEvent.NOTICE_ACKNOWLEDGED.value
        (details,) = await db_session.scalars(select(AuditRow.details).where(acknowledged))
    assert await site.notice_version("de") in details
    assert '"consent"' in details
