"""`/api/logins` and `/api/account/password`: where somebody is signed in, and what they sign in with."""

import asyncio

from aiohttp import web as aioweb

from db import tokens
from db.audit import AuditEvent, Details
from db.models import TokenKind, UserToken
from signaling.aio.errors import Problem
from web import browsers
from web.actors import record
from web.bodies import answer, read_body
from web.gate import hr_asker_of
from web.ids import row_id
from web.passwords import hash_password
from web.schema.account import Login, Logins, LoginsEnded, PasswordChange
from web.services import SERVICES


class WrongPassword(Problem):
    """The present password is another one."""

    status, name, title = 403, "wrong-password", "The present password is another one"


async def list_logins(request: aioweb.Request) -> aioweb.Response:
    """Where the asker is signed in."""
    services = request.app[SERVICES]
    asker = hr_asker_of(request)
    async with services.database.reading() as db_session:
        found = await tokens.listed(db_session, asker.user_id, TokenKind.LOGIN, services.clock.utc_now())
    return answer(Logins(items=[told(login, asker.token_id) for login in found]))


async def end_login(request: aioweb.Request) -> aioweb.Response:
    """Sign one browser out; it may be the one that asks."""
    services = request.app[SERVICES]
    async with services.database.writing() as db_session:
        await tokens.end(
            db_session,
            hr_asker_of(request).user_id,
            TokenKind.LOGIN,
            row_id(request, "login_id"),
            services.clock.utc_now(),
        )
        details: Details = {"login": row_id(request, "login_id")}
        await record(request, db_session, AuditEvent.SIGNED_OUT, details=details)
    return aioweb.Response(status=204)


async def end_other_logins(request: aioweb.Request) -> aioweb.Response:
    """Sign out everywhere else."""
    services = request.app[SERVICES]
    asker = hr_asker_of(request)
    async with services.database.writing() as db_session:
        ended = await tokens.end_others(db_session, asker.user_id, asker.token_id, services.clock.utc_now())
        await record(request, db_session, AuditEvent.SIGNED_OUT, details={"others": ended})
    return answer(LoginsEnded(ended=ended))


async def change_password(request: aioweb.Request) -> aioweb.Response:
    """Change the password; every other browser has to sign in again."""
    auth = request.app[SERVICES].auth
    asker = hr_asker_of(request)
    change = await read_body(request, PasswordChange)
    if change.present is None and not asker.by_link:
        raise WrongPassword("Say the present one as well. Nothing was changed.")
    if change.present is not None and not await auth.check_password(asker, change.present):
        raise WrongPassword("Nothing was changed. If it is lost, an administrator can give you a link to sign in with.")
    await auth.change_password(asker, await asyncio.to_thread(hash_password, change.new))
    return aioweb.Response(status=204)


def told(login: UserToken, current_id: int) -> Login:
    """What its owner hears of a login."""
    return Login(
        id=login.id,
        browser=browsers.in_words(login.user_agent),
        address=login.address,
        created_at=login.created_at,
        last_used_at=login.last_used_at,
        expires_at=login.expires_at,
        current=login.id == current_id,
    )
