"""A request is asked once, told to those who hear of it, and due after thirty days."""

import json
from datetime import timedelta

import pytest

from db import deletion, deletion_requests, interviews, people, webhooks
from db.errors import Conflict, NotFound
from db.states import InterviewEvent
from db.webhooks import WebhookEvent
from tests.db.conftest import NOW, House

LATER = NOW + timedelta(days=3)


async def _finished(house: House, session_id: str = "one") -> str:
    await house.interview(session_id, f"Candidate {session_id}")
    await house.part(session_id)
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, session_id, NOW)
    return session_id


async def test_asking_twice_is_asking_once(house: House) -> None:
    await _finished(house)
    async with house.database.writing() as db_session:
        first = await deletion_requests.ask(db_session, "one", NOW)
        again = await deletion_requests.ask(db_session, "one", LATER)
    assert (first.requested_at, first.due_at) == (NOW, NOW + timedelta(days=30))
    assert again.requested_at == NOW
    async with house.database.reading() as db_session:
        assert await deletion_requests.open_ones(db_session, ["one", "two"]) == {"one": first.due_at}


async def test_before_its_end_one_withdraws_and_after_deletion_there_is_nothing_to_ask(house: House) -> None:
    await house.interview()
    async with house.database.writing() as db_session:
        with pytest.raises(Conflict):
            await deletion_requests.ask(db_session, "one", NOW)
        with pytest.raises(NotFound):
            await deletion_requests.ask(db_session, "unknown", NOW)
        await interviews.apply_event(db_session, "one", InterviewEvent.DELETE, NOW)
        with pytest.raises(Conflict):
            await deletion_requests.ask(db_session, "one", NOW)


async def test_it_is_due_after_thirty_days_and_no_longer_once_it_was_done(house: House) -> None:
    for session_id in ("one", "two"):
        await _finished(house, session_id)
    async with house.database.writing() as db_session:
        one = await deletion_requests.ask(db_session, "one", LATER)
        await deletion_requests.ask(db_session, "two", NOW)
    async with house.database.writing() as db_session:
        assert await deletion_requests.due(db_session, one.due_at - timedelta(seconds=1)) == ["two"]
        assert await deletion_requests.due(db_session, one.due_at) == ["two", "one"]
        await deletion.begin_deletion(db_session, "two", one.due_at)
        assert await deletion_requests.due(db_session, one.due_at) == ["one"]
        kept = await deletion_requests.of(db_session, "two")
        assert kept is not None, "the receipt outlives the recording"
        assert await deletion_requests.open_ones(db_session, ["two"]) == {}


async def test_hr_is_written_to_once(house: House) -> None:
    await _finished(house)
    async with house.database.writing() as db_session:
        await deletion_requests.ask(db_session, "one", NOW)
        assert await deletion_requests.unmailed(db_session) == ["one"]
        await deletion_requests.note_mailed(db_session, "one", NOW)
        await deletion_requests.note_mailed(db_session, "unknown", NOW)
        await db_session.flush()
        assert await deletion_requests.unmailed(db_session) == []
        owner = await people.get_user(db_session, "hr@example.org")
        assert owner.id == house.owner_id
        assert await deletion_requests.deciders(db_session, house.job_id) == ["hr@example.org"]


async def test_webhooks_are_owed_it_in_the_same_transaction(house: House) -> None:
    await _finished(house)
    async with house.database.writing() as db_session:
        hook = await webhooks.add(db_session, house.owner_id, "https://example.org", "sealed", list(WebhookEvent), NOW)
        other = [WebhookEvent.READY]
        deaf = await webhooks.add(db_session, house.owner_id, "https://example.org", "sealed", other, NOW)
        await deletion_requests.ask(db_session, "one", NOW)
        await deletion_requests.ask(db_session, "one", NOW)
        (owed,) = await webhooks.deliveries(db_session, hook.id, 10)
        assert await webhooks.deliveries(db_session, deaf.id, 10) == []
    told = json.loads(owed.payload)
    assert told["type"] == "interview.deletion_requested"
    assert told["data"]["session_id"] == "one"
    assert told["data"]["due_at"] == "2026-12-24T09:00:00.000Z"
    assert "Candidate" not in owed.payload, "no name travels"
