"""A user's own API tokens and logins: listed, and ended one by one or all but one.

Every function takes the session first; those that write need one of `Database.writing()`. Making and checking tokens
is `db.people`'s.
"""

from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import people
from db.errors import NotFound
from db.models import TokenKind, UserToken


async def listed(db_session: AsyncSession, user_id: int, kind: TokenKind, now: datetime) -> list[UserToken]:
    """A user's tokens of one kind that were not revoked, newest first.

    API tokens that have expired are among them, so that their owner sees why something stopped; other kinds are left
    out then.
    """
    mine = _of(user_id, kind)
    if kind is not TokenKind.API:
        mine = mine.where(or_(UserToken.expires_at.is_(None), UserToken.expires_at > now))
    return list(await db_session.scalars(mine.order_by(UserToken.created_at.desc(), UserToken.id.desc())))


async def count(db_session: AsyncSession, user_id: int, kind: TokenKind) -> int:
    """How many of one kind a user has, expired ones included."""
    return await db_session.scalar(select(func.count()).select_from(_of(user_id, kind).subquery())) or 0


async def end(db_session: AsyncSession, user_id: int, kind: TokenKind, token_id: int, now: datetime) -> None:
    """End one token of a user's own. Raises NotFound: unknown, someone else's, of another kind, ended before."""
    token = await db_session.scalar(_of(user_id, kind).where(UserToken.id == token_id))
    if token is None:
        raise NotFound(f"user {user_id} has no {kind.value} token {token_id}")
    token.revoked_at = now
    token.address = token.user_agent = ""
    await db_session.flush()


async def end_others(db_session: AsyncSession, user_id: int, kept_id: int, now: datetime) -> int:
    """End every login of a user's but this one; returns how many that were."""
    query = (
        update(UserToken)
        .where(
            UserToken.user_id == user_id,
            UserToken.kind == TokenKind.LOGIN,
            UserToken.id != kept_id,
            UserToken.revoked_at.is_(None),
            or_(UserToken.expires_at.is_(None), UserToken.expires_at > now),
        )
        .values(revoked_at=now, **people.NOWHERE)
        .returning(UserToken.id)
    )
    return len((await db_session.scalars(query)).all())


async def forget_ended(db_session: AsyncSession, now: datetime) -> int:
    """Remove logins that ended or ran out; returns how many. Nothing refers to them, and the audit tells of sign-ins."""
    ended = or_(UserToken.revoked_at.is_not(None), UserToken.expires_at <= now)
    query = delete(UserToken).where(UserToken.kind == TokenKind.LOGIN, ended).returning(UserToken.id)
    return len((await db_session.scalars(query)).all())


def _of(user_id: int, kind: TokenKind) -> Select[UserToken]:
    return select(UserToken).where(UserToken.user_id == user_id, UserToken.kind == kind, UserToken.revoked_at.is_(None))
