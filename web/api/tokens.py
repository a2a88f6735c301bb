"""`/api/tokens`: the API tokens of whoever is signed in. A token makes no tokens: the gate wants a browser here."""

from datetime import timedelta
from typing import Final

from aiohttp import web as aioweb

from db import people, tokens
from db.audit import AuditEvent, Details
from db.models import TokenKind, UserToken
from signaling.protocol.tokens import random_token, token_hash
from web.actors import record
from web.bodies import answer, read_body
from web.gate import hr_asker_of
from web.ids import row_id
from web.problems import InConflict
from web.rights import Scope
from web.schema.account import ApiToken, ApiTokenMade, ApiTokens, NewToken
from web.services import SERVICES

MOST_TOKENS: Final = 100
"Whoever has so many has lost count of them."


async def list_tokens(request: aioweb.Request) -> aioweb.Response:
    """All that were not revoked."""
    services = request.app[SERVICES]
    user_id = hr_asker_of(request).user_id
    async with services.database.reading() as db_session:
        found = await tokens.listed(db_session, user_id, TokenKind.API, services.clock.utc_now())
    return answer(ApiTokens(items=[told(token) for token in found]))


async def make_token(request: aioweb.Request) -> aioweb.Response:
    """Make one, and show it this once."""
    services = request.app[SERVICES]
    user_id = hr_asker_of(request).user_id
    new = await read_body(request, NewToken)
    now = services.clock.utc_now()
    expires_at = None if new.expires_in_days is None else now + timedelta(days=new.expires_in_days)
    token = random_token()
    async with services.database.writing() as db_session:
        if await tokens.count(db_session, user_id, TokenKind.API) >= MOST_TOKENS:
            raise InConflict(f"You have {MOST_TOKENS} tokens. Revoke some that nobody uses.")
        row = await people.issue_token(
            db_session,
            user_id,
            TokenKind.API,
            token_hash(token),
            now,
            expires_at=expires_at,
            name=new.name,
            scopes=new.scopes,
        )
        scopes = " ".join(sorted(scope.value for scope in new.scopes))
        details: Details = {"made": row.id, "scopes": scopes, "days": new.expires_in_days}
        await record(request, db_session, AuditEvent.TOKEN_MADE, details=details)
    return answer(ApiTokenMade(**told(row).model_dump(), token=token), status=201)


async def revoke_token(request: aioweb.Request) -> aioweb.Response:
    """End one, at once."""
    services = request.app[SERVICES]
    async with services.database.writing() as db_session:
        await tokens.end(
            db_session,
            hr_asker_of(request).user_id,
            TokenKind.API,
            row_id(request, "token_id"),
            services.clock.utc_now(),
        )
        details: Details = {"revoked": row_id(request, "token_id")}
        await record(request, db_session, AuditEvent.TOKEN_REVOKED, details=details)
    return aioweb.Response(status=204)


def told(token: UserToken) -> ApiToken:
    """What its owner hears of a token."""
    scopes = None if token.scopes is None else [Scope(scope) for scope in token.scopes]
    return ApiToken(
        id=token.id,
        name=token.name,
        scopes=scopes,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )
