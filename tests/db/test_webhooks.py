"""What webhooks are owed is written with the change that it tells of, and in no other case."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from db import deletion, interviews, people, recordings, webhooks
from db.errors import Conflict, NotFound
from db.models import JobMember, JobRole, Webhook, WebhookDelivery
from db.states import InterviewEvent, InterviewState
from db.webhooks import MOST_WEBHOOKS, Attempt, WebhookEvent
from tests.db.conftest import NOW, House

HOUR = timedelta(hours=1)
ALL = list(WebhookEvent)


async def hook(house: House, user_id: int | None = None, events: list[WebhookEvent] = ALL) -> int:
    async with house.database.writing() as db_session:
        url = "https://example.org/hooks"
        return (await webhooks.add(db_session, user_id or house.owner_id, url, "sealed", events, NOW)).id


async def owed(house: House, webhook_id: int | None = None) -> list[dict[str, Any]]:
    async with house.database.reading() as db_session:
        query = select(WebhookDelivery).order_by(WebhookDelivery.id)
        if webhook_id is not None:
            query = query.where(WebhookDelivery.webhook_id == webhook_id)
        return [json.loads(row.payload) for row in await db_session.scalars(query)]


async def test_an_interviews_life_is_told(house: House) -> None:
    await hook(house)
    session_id = await house.interview()
    await house.part()
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, session_id, NOW)
        await recordings.recording_stored(db_session, session_id, "uploads/x.webm", 1, NOW, sha256="0" * 64)
        await deletion.begin_deletion(db_session, session_id, NOW)
        await deletion.begin_deletion(db_session, session_id, NOW)
        await deletion.complete_deletion(db_session, session_id)
    told = await owed(house)
    assert [each["type"] for each in told] == [
        "interview.interrupted",
        "interview.completed",
        "interview.ready",
        "interview.deleted",
    ]
    assert told[0]["data"] == {
        "session_id": "one",
        "state": "interrupted",
        "previous_state": "in_progress",
        "reason": "closed_by_page",
        "job_id": house.job_id,
        "candidate_id": 1,
        "candidate_external_id": None,
    }
    assert [each["data"]["reason"] for each in told[1:]] == ["finished"] * 3
    assert told[1]["timestamp"] == "2026-11-24T09:00:00.000Z"


async def test_what_changes_nothing_is_not_told(house: House) -> None:
    await hook(house)
    await house.interview()
    await house.part()
    async with house.database.writing() as db_session:
        await interviews.apply_event(db_session, "one", InterviewEvent.MEDIA_ENDED, NOW)
        await interviews.apply_event(db_session, "one", InterviewEvent.CONSENT, NOW)
    assert [each["type"] for each in await owed(house)] == ["interview.interrupted"]


async def test_another_recording_is_ready_again(house: House) -> None:
    await hook(house, events=[WebhookEvent.READY])
    await house.interview()
    await house.part()
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, "one", NOW)
        await recordings.recording_stored(db_session, "one", "uploads/x.webm", 1, NOW, sha256="0" * 64)
        await interviews.apply_event(db_session, "one", InterviewEvent.RECORDING_REPLACED, NOW)
    assert [each["type"] for each in await owed(house)] == ["interview.ready", "interview.ready"]


async def test_owners_and_recruiters_hear_of_their_jobs_and_nobody_else(house: House) -> None:
    async with house.database.writing() as db_session:
        users = {role: await people.add_user(db_session, f"{role.value}@example.org", None, NOW) for role in JobRole}
        for role, user in users.items():
            db_session.add(JobMember(job_id=house.job_id, user_id=user.id, role=role))
    ids = {role: await hook(house, user.id) for role, user in users.items()}
    stranger = await hook(house, house.stranger_id)
    deaf = await hook(house, events=[WebhookEvent.DELETED])
    off = await hook(house)
    async with house.database.writing() as db_session:
        (await webhooks.get(db_session, house.owner_id, off)).disabled_at = NOW
    await house.interview()
    await house.part()
    counts = {role: len(await owed(house, webhook_id)) for role, webhook_id in ids.items()}
    assert counts == {JobRole.OWNER: 1, JobRole.RECRUITER: 1, JobRole.REVIEWER: 0}
    assert [len(await owed(house, each)) for each in (stranger, deaf, off)] == [0, 0, 0]


async def test_a_change_that_is_undone_owes_nothing(house: House) -> None:
    await hook(house)
    await house.interview()

    async def undone() -> None:
        async with house.database.writing() as db_session:
            await deletion.begin_deletion(db_session, "one", NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert await owed(house) == []
    async with house.database.reading() as db_session:
        assert (await interviews.get_interview(db_session, "one")).state is InterviewState.CONSENTED


async def _tests(house: House, webhook_id: int, count: int) -> list[int]:
    ids = []
    for _ in range(count):
        async with house.database.writing() as db_session:
            webhook = await webhooks.get(db_session, house.owner_id, webhook_id)
            ids.append((await webhooks.owe_test(db_session, webhook, NOW)).id)
    return ids


async def _due(house: House, after: timedelta = timedelta(), **more: Any) -> list[int]:
    async with house.database.reading() as db_session:
        return [each.id for each in await webhooks.due(db_session, NOW + after, **more)]


async def _note(house: House, delivery_id: int, attempt: Attempt, again: timedelta | None = None) -> None:
    async with house.database.writing() as db_session:
        again_at = None if again is None else NOW + again
        await webhooks.note_attempt(db_session, delivery_id, attempt, NOW, again_at)


async def test_each_webhook_gets_its_oldest_and_only_one(house: House) -> None:
    one, two = await hook(house), await hook(house)
    first, second = await _tests(house, one, 2)
    [other] = await _tests(house, two, 1)
    assert await _due(house) == [first, other]
    assert await _due(house, but=[one]) == [other]
    await _note(house, first, Attempt(200, None))
    async with house.database.reading() as db_session:
        assert await webhooks.count_waiting(db_session) == 2
    assert await _due(house) == [second, other]


async def test_what_was_not_taken_waits_and_holds_up_nothing(house: House) -> None:
    webhook_id = await hook(house)
    first, second = await _tests(house, webhook_id, 2)
    await _note(house, first, Attempt(500, "It answered 500."), HOUR)
    assert await _due(house) == [second]
    assert await _due(house, HOUR) == [first]
    await _note(house, first, Attempt(None, "No connection could be made."))
    assert await _due(house, 2 * HOUR) == [second], "it was given up"
    async with house.database.reading() as db_session:
        [newer, older] = await webhooks.deliveries(db_session, webhook_id, 10)
        assert (older.attempts, older.last_status, older.last_error) == (2, None, "No connection could be made.")
        assert [each.id for each in await webhooks.deliveries(db_session, webhook_id, 10, before_id=newer.id)] == [
            first
        ]
    async with house.database.writing() as db_session:
        with pytest.raises(NotFound):
            await webhooks.send_again(db_session, webhook_id + 1, first, NOW)
        await webhooks.send_again(db_session, webhook_id, first, NOW)
    assert await _due(house) == [first]


async def test_a_webhook_that_is_off_waits_and_goes_on(house: House) -> None:
    webhook_id = await hook(house)
    [first] = await _tests(house, webhook_id, 1)
    await _note(house, first, Attempt(410, "gone", gone=True))
    [second] = await _tests(house, webhook_id, 1)
    assert await _due(house) == []
    await _note(house, second, Attempt(500, "It answered 500."), HOUR)
    async with house.database.writing() as db_session:
        webhook = await db_session.get_one(Webhook, webhook_id)
        assert webhook.disabled_at == NOW
        webhook.disabled_at = None
        await webhooks.begin_again(db_session, webhook_id, NOW)
    assert await _due(house) == [second]


async def test_old_messages_are_forgotten_once_they_are_done(house: House) -> None:
    webhook_id = await hook(house)
    done, waiting = await _tests(house, webhook_id, 2)
    await _note(house, done, Attempt(200, None))
    async with house.database.writing() as db_session:
        await webhooks.forget_old(db_session, NOW)
        assert len(await webhooks.deliveries(db_session, webhook_id, 10)) == 2
        await webhooks.forget_old(db_session, NOW + HOUR)
        assert [each.id for each in await webhooks.deliveries(db_session, webhook_id, 10)] == [waiting]


async def test_a_webhook_is_its_users_and_goes_with_what_it_is_owed(house: House) -> None:
    webhook_id = await hook(house)
    [message] = await _tests(house, webhook_id, 1)
    async with house.database.writing() as db_session:
        with pytest.raises(NotFound):
            await webhooks.get(db_session, house.stranger_id, webhook_id)
        with pytest.raises(NotFound):
            await webhooks.remove(db_session, house.stranger_id, webhook_id)
        await webhooks.remove(db_session, house.owner_id, webhook_id)
        await webhooks.note_attempt(db_session, message, Attempt(200, None), NOW, None)
        assert await webhooks.listed(db_session, house.owner_id) == []
    assert await owed(house) == []


async def test_nobody_has_webhooks_without_end(house: House) -> None:
    for _ in range(MOST_WEBHOOKS):
        await hook(house)
    with pytest.raises(Conflict):
        await hook(house)


async def test_what_is_due_is_found_without_walking_through_what_was_sent(house: House) -> None:
    async with house.database.writing() as db_session:
        queries: list[str] = []

        def hear(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
            queries.append(statement)

        engine = db_session.get_bind()
        event.listen(engine, "before_cursor_execute", hear)
        await webhooks.due(db_session, NOW, but=[1, 2])
        await webhooks.count_waiting(db_session)
        event.remove(engine, "before_cursor_execute", hear)
        assert len(queries) == 2
        for query in queries:
            connection = await db_session.connection()
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", (0,) * query.count("?"))
            plan = " ".join(str(row) for row in rows)
            assert "ix_webhook_deliveries_next_attempt_at (next_attempt_at" in plan
            assert "SCAN webhook_deliveries" not in plan
            assert "ix_webhook_deliveries_webhook_id" not in plan
