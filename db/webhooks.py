"""Webhooks, and the messages that they are owed: written in the transaction that changes an interview, sent after it.

Every function takes the session first; those that write need one of `Database.writing()`.
"""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.errors import Conflict, NotFound
from db.models import Candidate, InterviewSession, JobMember, JobRole, Part, Webhook, WebhookDelivery
from db.states import InterviewEvent, InterviewState

MOST_WEBHOOKS: Final = 20
"Of one user."

TOLD_TO: Final = (JobRole.OWNER, JobRole.RECRUITER)
"Who hears of a job's interviews."


class WebhookEvent(StrEnum):
    """What a webhook can be told of."""

    INTERRUPTED = "interview.interrupted"
    COMPLETED = "interview.completed"
    READY = "interview.ready"
    WITHDRAWN = "interview.withdrawn"
    DELETED = "interview.deleted"
    DELETION_REQUESTED = "interview.deletion_requested"


TEST: Final = "webhook.test"
"The event of a message that somebody asked for to try their receiver."

_OF_STATE: Final = {
    InterviewState.COMPLETED: WebhookEvent.COMPLETED,
    InterviewState.READY: WebhookEvent.READY,
    InterviewState.INTERRUPTED: WebhookEvent.INTERRUPTED,
    InterviewState.WITHDRAWN: WebhookEvent.WITHDRAWN,
    InterviewState.DELETED: WebhookEvent.DELETED,
}


@dataclass(frozen=True, slots=True)
class Due:
    """A message to be sent now."""

    id: int
    "Its row."
    webhook_id: int
    "The webhook that it is for."
    url: str
    "Where it goes."
    secret: str
    "What it is signed with, sealed."
    message_id: str
    "The same at every attempt."
    body: str
    "As it is signed and sent."
    attempts: int
    "How often it was tried."


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of sending one."""

    status: int | None
    "The receiver's answer; None when there was none."
    error: str | None
    "What was wrong, in a sentence; None: it was taken."
    gone: bool = False
    "The receiver wants no more of them, ever (410)."


# --- what is owed ------------------------------------------------------------------


async def note_change(
    db_session: AsyncSession,
    interview: InterviewSession,
    before: InterviewState,
    event: InterviewEvent,
    now: datetime,
) -> None:
    """An interview has moved: write down what that owes to whom. Part of the transaction that moves it."""
    kind = _OF_STATE.get(interview.state)
    replaced = event is InterviewEvent.RECORDING_REPLACED
    if kind is None or (interview.state is before and not replaced):
        return
    hearing = await _hearing(db_session, interview.job_id, kind)
    if not hearing:
        return
    data = await _told(db_session, interview, before)
    db_session.add_all(_delivery(webhook, kind.value, interview.session_id, data, now) for webhook in hearing)
    await db_session.flush()


async def note_request(db_session: AsyncSession, interview: InterviewSession, due_at: datetime, now: datetime) -> None:
    """A candidate has asked for deletion: the same for whoever hears of that."""
    kind = WebhookEvent.DELETION_REQUESTED
    hearing = await _hearing(db_session, interview.job_id, kind)
    if hearing:
        data = {**await _told(db_session, interview, interview.state), "due_at": _written(due_at)}
        db_session.add_all(_delivery(webhook, kind.value, interview.session_id, data, now) for webhook in hearing)
        await db_session.flush()


async def owe_test(db_session: AsyncSession, webhook: Webhook, now: datetime) -> WebhookDelivery:
    """A message that says nothing but that it came."""
    delivery = _delivery(webhook, TEST, "", {}, now)
    db_session.add(delivery)
    await db_session.flush()
    return delivery


async def _hearing(db_session: AsyncSession, job_id: int, kind: WebhookEvent) -> list[Webhook]:
    query = (
        select(Webhook)
        .join(JobMember, JobMember.user_id == Webhook.user_id)
        .where(JobMember.job_id == job_id, JobMember.role.in_(TOLD_TO), Webhook.disabled_at.is_(None))
        .order_by(Webhook.id)
    )
    return [webhook for webhook in await db_session.scalars(query) if kind.value in webhook.events]


async def _told(db_session: AsyncSession, interview: InterviewSession, before: InterviewState) -> dict[str, Any]:
    external_id = await db_session.scalar(select(Candidate.external_id).where(Candidate.id == interview.candidate_id))
    reason = interview.end_reason
    if interview.state is InterviewState.INTERRUPTED:
        last = select(Part.end_reason).where(Part.session_id == interview.session_id)
        reason = await db_session.scalar(last.order_by(Part.number.desc()).limit(1))
    return {
        "session_id": interview.session_id,
        "state": interview.state.value,
        "previous_state": before.value,
        "reason": reason,
        "job_id": interview.job_id,
        "candidate_id": interview.candidate_id,
        "candidate_external_id": external_id,
    }


def _delivery(webhook: Webhook, event: str, session_id: str, data: Mapping[str, Any], now: datetime) -> WebhookDelivery:
    body = {"type": event, "timestamp": _written(now), "data": data}
    return WebhookDelivery(
        webhook_id=webhook.id,
        message_id=f"msg_{secrets.token_hex(16)}",
        event=event,
        session_id=session_id,
        payload=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        created_at=now,
        next_attempt_at=now,
    )


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- sending it ----------------------------------------------------------------------


async def due(db_session: AsyncSession, now: datetime, *, but: Collection[int] = ()) -> list[Due]:
    """Of each webhook the oldest message that is due, but of those that are being sent one already."""
    # `+ 0` keeps SQLite from walking through every message there ever was by their webhooks' index: of those that are
    # due there are few, and the index of next_attempt_at finds them.
    of_webhook = WebhookDelivery.webhook_id + 0
    off = select(Webhook.id).where(Webhook.disabled_at.is_not(None))
    first = (
        select(func.min(WebhookDelivery.id))
        .where(WebhookDelivery.next_attempt_at <= now, of_webhook.not_in(but), of_webhook.not_in(off))
        .group_by(of_webhook)
    )
    query = (
        select(WebhookDelivery, Webhook.url, Webhook.secret)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.id.in_(first))
        .order_by(WebhookDelivery.id)
    )
    return [
        Due(row.id, row.webhook_id, url, secret, row.message_id, row.payload, row.attempts)
        for row, url, secret in await db_session.execute(query)
    ]


async def count_waiting(db_session: AsyncSession) -> int:
    """How many messages were not taken yet and will be tried again, of all users."""
    # A comparison rather than "is not null": SQLite looks for it in the index.
    query = select(func.count()).where(WebhookDelivery.next_attempt_at > datetime(1970, 1, 1, tzinfo=UTC))
    return await db_session.scalar(query) or 0


async def note_attempt(
    db_session: AsyncSession, delivery_id: int, attempt: Attempt, now: datetime, again_at: datetime | None
) -> None:
    """What became of it: taken, to be tried again at `again_at`, or given up. Nothing when its webhook has gone."""
    delivery = await db_session.get(WebhookDelivery, delivery_id)
    if delivery is None:
        return
    delivery.attempts += 1
    delivery.last_status, delivery.last_error = attempt.status, attempt.error
    delivery.delivered_at = now if attempt.error is None else None
    delivery.next_attempt_at = None if attempt.error is None else again_at
    if attempt.gone:
        webhook = await db_session.get_one(Webhook, delivery.webhook_id)
        webhook.disabled_at = now
    await db_session.flush()


async def forget_old(db_session: AsyncSession, before: datetime) -> None:
    """Forget messages from before then that were taken or given up."""
    old = WebhookDelivery.created_at < before
    await db_session.execute(delete(WebhookDelivery).where(old, WebhookDelivery.next_attempt_at.is_(None)))


# --- a user's own --------------------------------------------------------------------


async def listed(db_session: AsyncSession, user_id: int) -> list[Webhook]:
    """A user's webhooks, oldest first."""
    return list(await db_session.scalars(_of(user_id).order_by(Webhook.id)))


async def add(
    db_session: AsyncSession, user_id: int, url: str, secret: str, events: Sequence[WebhookEvent], now: datetime
) -> Webhook:
    """Add one; `secret` is sealed. Raises Conflict when the user has many already."""
    if len(await listed(db_session, user_id)) >= MOST_WEBHOOKS:
        raise Conflict(f"user {user_id} has {MOST_WEBHOOKS} webhooks")
    webhook = Webhook(user_id=user_id, url=url, secret=secret, events=[*events], created_at=now)
    db_session.add(webhook)
    await db_session.flush()
    return webhook


async def get(db_session: AsyncSession, user_id: int, webhook_id: int) -> Webhook:
    """One of a user's own. Raises NotFound."""
    webhook = await db_session.scalar(_of(user_id).where(Webhook.id == webhook_id))
    if webhook is None:
        raise NotFound(f"user {user_id} has no webhook {webhook_id}")
    return webhook


async def remove(db_session: AsyncSession, user_id: int, webhook_id: int) -> None:
    """Remove one, with what it is still owed. Raises NotFound."""
    await db_session.delete(await get(db_session, user_id, webhook_id))
    await db_session.flush()


async def deliveries(
    db_session: AsyncSession, webhook_id: int, limit: int, *, before_id: int | None = None
) -> list[WebhookDelivery]:
    """What a webhook was told or is owed, newest first, from below `before_id`."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if before_id is not None:
        query = query.where(WebhookDelivery.id < before_id)
    return list(await db_session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit)))


async def send_again(db_session: AsyncSession, webhook_id: int, delivery_id: int, now: datetime) -> WebhookDelivery:
    """Make a message due at once, whatever became of it. Raises NotFound."""
    mine = (WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook_id)
    delivery = await db_session.scalar(select(WebhookDelivery).where(*mine))
    if delivery is None:
        raise NotFound(f"webhook {webhook_id} has no delivery {delivery_id}")
    delivery.next_attempt_at, delivery.delivered_at = now, None
    await db_session.flush()
    return delivery


async def begin_again(db_session: AsyncSession, webhook_id: int, now: datetime) -> None:
    """A webhook that was off is on: what it was owed meanwhile is due at once."""
    owed = (WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.next_attempt_at > now)
    await db_session.execute(update(WebhookDelivery).where(*owed).values(next_attempt_at=now))


def _of(user_id: int) -> Select[Webhook]:
    return select(Webhook).where(Webhook.user_id == user_id)
