"""A user's own tokens: what is listed, and what is ended."""

from datetime import timedelta

import pytest

from db import people, tokens
from db.errors import NotFound
from db.models import TokenKind
from tests.db.conftest import NOW, House

HOUR = timedelta(hours=1)
API, LOGIN = TokenKind.API, TokenKind.LOGIN


async def _issue(
    house: House, letter: str, kind: TokenKind, *, user_id: int | None = None, lasts: timedelta | None = None
) -> int:
    async with house.database.writing() as db_session:
        ends = None if lasts is None else NOW + lasts
        token = await people.issue_token(db_session, user_id or house.owner_id, kind, letter * 64, NOW, expires_at=ends)
    return token.id


async def _listed(house: House, kind: TokenKind) -> list[int]:
    async with house.database.reading() as db_session:
        return [token.id for token in await tokens.listed(db_session, house.owner_id, kind, NOW + HOUR)]


async def test_one_sees_ones_own_the_newest_first(house: House) -> None:
    first, second = await _issue(house, "a", API), await _issue(house, "b", API)
    await _issue(house, "c", API, user_id=house.stranger_id)
    await _issue(house, "d", LOGIN)
    assert await _listed(house, API) == [second, first]


async def test_an_expired_token_is_seen_and_an_expired_login_is_not(house: House) -> None:
    token = await _issue(house, "a", API, lasts=HOUR)
    await _issue(house, "b", LOGIN, lasts=HOUR)
    assert await _listed(house, API) == [token]
    assert await _listed(house, LOGIN) == []
    async with house.database.reading() as db_session:
        assert await tokens.count(db_session, house.owner_id, API) == 1


async def test_one_ends_ones_own_and_of_the_kind_that_was_meant(house: House) -> None:
    token, theirs = await _issue(house, "a", API), await _issue(house, "b", API, user_id=house.stranger_id)
    async with house.database.writing() as db_session:
        for kind, token_id in ((API, theirs), (LOGIN, token), (API, 999)):
            with pytest.raises(NotFound):
                await tokens.end(db_session, house.owner_id, kind, token_id, NOW)
        await tokens.end(db_session, house.owner_id, API, token, NOW)
        with pytest.raises(NotFound):
            await tokens.end(db_session, house.owner_id, API, token, NOW)
    assert await _listed(house, API) == []


async def test_all_logins_but_one_end(house: House) -> None:
    kept = await _issue(house, "a", LOGIN, lasts=2 * HOUR)
    await _issue(house, "b", LOGIN, lasts=2 * HOUR)
    await _issue(house, "c", LOGIN, lasts=-HOUR)
    token = await _issue(house, "d", API)
    async with house.database.writing() as db_session:
        assert await tokens.end_others(db_session, house.owner_id, kept, NOW) == 1
    assert await _listed(house, LOGIN) == [kept]
    assert await _listed(house, API) == [token]
