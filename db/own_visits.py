"""How a candidate comes to see their own recording: a code by e-mail or HR's release, then a visit that ends by itself.

Every function takes the session first; those that write need one of `Database.writing()`. Hashes are made elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.errors import NotFound
from db.models import InterviewSession, OwnCode, OwnVisit
from db.states import InterviewState

CODE_LASTS: Final = timedelta(minutes=10)
TRIES: Final = 5
"For one code; six digits are guessed by that with a chance of 1 in 200,000."
BETWEEN_CODES: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
CODES_A_DAY: Final = 8
VISIT_LASTS: Final = timedelta(hours=1)

_SHOWN: Final = frozenset({InterviewState.COMPLETED, InterviewState.READY})
"States in which there is a recording to see."


class TooManyCodes(Exception):  # noqa: N818  it says what happened
    """Another code was sent a moment ago, or too many were sent today."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__(f"another code may be sent at {again_at}")
        self.again_at = again_at


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a code that somebody typed."""

    fits: bool
    "It is the one that was sent, in time."
    tries_left: int
    "How often this code may still be tried; 0: another one has to be sent."


async def store_code(db_session: AsyncSession, session_id: str, code_hash: str, now: datetime) -> None:
    """The only code that counts from now on. Raises TooManyCodes."""
    row = await db_session.get(OwnCode, session_id)
    if row is None:
        row = OwnCode(session_id=session_id, counted_from=now, sent_count=0)
        db_session.add(row)
    elif now < row.sent_at + BETWEEN_CODES:
        raise TooManyCodes(row.sent_at + BETWEEN_CODES)
    elif now >= row.counted_from + DAY:
        row.counted_from, row.sent_count = now, 0
    elif row.sent_count >= CODES_A_DAY:
        raise TooManyCodes(row.counted_from + DAY)
    row.code_hash, row.expires_at, row.tries_left = code_hash, now + CODE_LASTS, TRIES
    row.sent_at, row.sent_count = now, row.sent_count + 1
    await db_session.flush()


async def drop_code(db_session: AsyncSession, session_id: str) -> None:
    """It did not reach anybody."""
    row = await db_session.get(OwnCode, session_id)
    if row is not None:
        row.code_hash, row.tries_left = "", 0


async def try_code(db_session: AsyncSession, session_id: str, fits: Callable[[str], bool], now: datetime) -> Tried:
    """Count one try, and use the code up when it fits. `fits` is asked about the hash, in constant time."""
    row = await db_session.get(OwnCode, session_id)
    if row is None or not row.code_hash or now >= row.expires_at or row.tries_left <= 0:
        return Tried(fits=False, tries_left=0)
    row.tries_left -= 1
    if not fits(row.code_hash):
        return Tried(fits=False, tries_left=row.tries_left)
    row.code_hash, row.tries_left = "", 0
    return Tried(fits=True, tries_left=0)


async def release(db_session: AsyncSession, session_id: str, now: datetime | None) -> None:
    """HR lets the candidate see their recording without a code, or no longer (None). Raises NotFound."""
    interview = await db_session.get(InterviewSession, session_id)
    if interview is None:
        raise NotFound(f"there is no interview {session_id}")
    if now is None or interview.own_released_at is None:
        interview.own_released_at = now
    await db_session.flush()


async def begin(
    db_session: AsyncSession, session_id: str, token_hash: str, now: datetime, *, by_code: bool
) -> datetime:
    """Let a browser in for a while; returns until when. What has ended is forgotten. Raises NotFound."""
    interview = await db_session.get(InterviewSession, session_id)
    if interview is None:
        raise NotFound(f"there is no interview {session_id}")
    await db_session.execute(delete(OwnVisit).where(OwnVisit.expires_at <= now))
    visit = OwnVisit(
        token_hash=token_hash,
        session_id=session_id,
        link_version=interview.link_version,
        by_code=by_code,
        began_at=now,
        expires_at=now + VISIT_LASTS,
    )
    db_session.add(visit)
    await db_session.flush()
    return visit.expires_at


async def end(db_session: AsyncSession, token_hash: str) -> None:
    """The browser is not let in any more."""
    await db_session.execute(delete(OwnVisit).where(OwnVisit.token_hash == token_hash))


async def find(db_session: AsyncSession, token_hash: str, session_id: str, now: datetime) -> OwnVisit | None:
    """The visit, while everything stands that it rests on: its hour, the link, the release, the recording."""
    return await db_session.scalar(
        select(OwnVisit)
        .join(InterviewSession, InterviewSession.session_id == OwnVisit.session_id)
        .where(
            OwnVisit.token_hash == token_hash,
            OwnVisit.session_id == session_id,
            OwnVisit.expires_at > now,
            OwnVisit.link_version == InterviewSession.link_version,
            InterviewSession.link_revoked_at.is_(None),
            InterviewSession.state.in_(_SHOWN),
            or_(OwnVisit.by_code, InterviewSession.own_released_at.is_not(None)),
        )
    )
