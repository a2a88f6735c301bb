"""What is deleted soon, and what is held: for the page, the API and the command line."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import deletion_requests, holds, retention
from db.holds import Hold
from db.retention import Kept
from web.schema.retention import Deletions, Due, DueReason, HeldInList, HoldForHr, KeptTold


async def kept_told(db_session: AsyncSession, session_id: str) -> KeptTold:
    """Until when one interview is kept."""
    kept = await retention.kept_one(db_session, session_id)
    hold = await holds.hold_of(db_session, session_id)
    requests = await deletion_requests.open_ones(db_session, [session_id])
    if kept is None or hold is not None:
        return KeptTold(delete_at=None, hold=None if hold is None else hold_told(hold))
    return KeptTold(delete_at=_due(kept, requests)[0], hold=None)


async def deletions(db_session: AsyncSession, now: datetime, days: int, *, user_id: int | None = None) -> Deletions:
    """What goes within so many days; of a user's jobs alone, when one is given."""
    until = now + timedelta(days=days)
    kept = await retention.kept(db_session, user_id=user_id)
    ids = [one.session_id for one in kept]
    requests = await deletion_requests.open_ones(db_session, ids)
    held = await holds.holds_of(db_session, ids)
    free = [(one, *_due(one, requests)) for one in kept if one.session_id not in held]
    return Deletions(
        until=until,
        due=[
            Due(
                session_id=one.session_id,
                candidate_name=one.candidate,
                job_id=one.job_id,
                job_title=one.job,
                ended_at=one.ended_at,
                delete_at=due_at,
                reason=reason,
            )
            for one, due_at, reason in sorted(free, key=lambda each: (each[1], each[0].session_id))
            if due_at <= until
        ],
        held=[
            HeldInList(
                session_id=one.session_id,
                candidate_name=one.candidate,
                job_id=one.job_id,
                job_title=one.job,
                ended_at=one.ended_at,
                hold=hold_told(held[one.session_id]),
            )
            for one in kept
            if one.session_id in held
        ],
    )


def hold_told(hold: Hold) -> HoldForHr:
    """As HR is told."""
    return HoldForHr(reason=hold.reason, held_at=hold.held_at, held_by=hold.held_by)


def _due(kept: Kept, requests: dict[str, datetime]) -> tuple[datetime, DueReason]:
    if kept.is_withdrawn:
        return kept.due_at, DueReason.WITHDRAWN
    asked = requests.get(kept.session_id)
    if asked is not None and asked < kept.due_at:
        return asked, DueReason.REQUESTED
    return kept.due_at, DueReason.RETENTION
