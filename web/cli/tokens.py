"""`holdfast user token`, `tokens`, `revoke-token` and `link`: what lets somebody in without their password."""

from datetime import timedelta
from typing import Annotated

import typer

from db import people, tokens
from db.audit import AuditEvent, Details
from db.models import TokenKind
from signaling.protocol.tokens import random_token, token_hash
from web import views
from web.api.tokens import told
from web.auth import SIGN_IN_LINK_LASTS
from web.cli.common import (
    ConfigOption,
    DataOption,
    JsonOption,
    PublicUrlOption,
    print_json,
    read_settings,
    run,
    workshop,
)
from web.cli.people import EmailArgument
from web.rights import Scope
from web.schema.account import MOST_DAYS, ApiToken
from web.settings import Settings

app = typer.Typer()

NameOption = Annotated[str, typer.Option("--name", help="What its owner calls it: which program it is for.")]
ScopeOption = Annotated[
    list[Scope] | None,
    typer.Option("--scope", help="What it is good for, given once for each; without any, all that the user may."),
]
DaysOption = Annotated[
    int | None, typer.Option("--days", min=1, max=MOST_DAYS, help="It ends by itself after so many days.")
]


@app.command("token")
def issue_token(
    email: EmailArgument,
    name: NameOption = "",
    scope: ScopeOption = None,
    days: DaysOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a new API token of a user's, for `Authorization: Bearer …`. It is shown this once."""
    token = run(_issue(read_settings(config, data), email, name, scope, days))
    if as_json:
        print_json({"token": token})
    else:
        typer.echo(token)


@app.command("tokens")
def list_tokens(
    email: EmailArgument, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List a user's API tokens: what they are called and good for, not the tokens themselves."""
    found = run(_listed(read_settings(config, data), email))
    if as_json:
        typer.echo(views.as_json(found))
        return
    if not found:
        typer.echo(f"{people.normal_email(email)} has no API tokens.")
    for token in found:
        typer.echo(_line(token))


@app.command("revoke-token")
def revoke_token(
    email: EmailArgument,
    token_id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as `user tokens` lists it.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Revoke one of a user's API tokens, at once."""
    run(_revoke(read_settings(config, data), email, token_id))
    typer.echo(f"Revoked token {token_id} of {people.normal_email(email)}.")


@app.command("link")
def sign_in_link(
    email: EmailArgument,
    data: DataOption = None,
    config: ConfigOption = None,
    public_url: PublicUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a link that signs a user in once, within the hour, and lets them choose a new password."""
    settings = read_settings(config, data, public_url=public_url)
    url = f"{settings.web.base_url}/hr/sign-in/{run(_link_token(settings, email))}"
    if as_json:
        print_json({"url": url})
    else:
        typer.echo(url)


async def _issue(settings: Settings, email: str, name: str, scopes: list[Scope] | None, days: int | None) -> str:
    token = random_token()
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        user = await people.get_user(db_session, email)
        now = shop.clock.utc_now()
        row = await people.issue_token(
            db_session,
            user.id,
            TokenKind.API,
            token_hash(token),
            now,
            expires_at=None if days is None else now + timedelta(days=days),
            name=name.strip()[:200],
            scopes=scopes or None,
        )
        granted = " ".join(sorted(each.value for each in scopes)) if scopes else None
        details: Details = {"user": user.email, "made": row.id, "scopes": granted, "days": days}
        await shop.record(db_session, AuditEvent.TOKEN_MADE, details=details)
    return token


async def _listed(settings: Settings, email: str) -> list[ApiToken]:
    async with workshop(settings) as shop, shop.database.reading() as db_session:
        user = await people.get_user(db_session, email)
        return [told(token) for token in await tokens.listed(db_session, user.id, TokenKind.API, shop.clock.utc_now())]


async def _revoke(settings: Settings, email: str, token_id: int) -> None:
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        user = await people.get_user(db_session, email)
        await tokens.end(db_session, user.id, TokenKind.API, token_id, shop.clock.utc_now())
        details: Details = {"user": user.email, "revoked": token_id}
        await shop.record(db_session, AuditEvent.TOKEN_REVOKED, details=details)


async def _link_token(settings: Settings, email: str) -> str:
    token = random_token()
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        user = await people.get_user(db_session, email)
        now = shop.clock.utc_now()
        await people.issue_token(
            db_session, user.id, TokenKind.SIGN_IN, token_hash(token), now, expires_at=now + SIGN_IN_LINK_LASTS
        )
        await shop.record(db_session, AuditEvent.SIGN_IN_LINK_MADE, details={"user": user.email})
    return token


def _line(token: ApiToken) -> str:
    scopes = "all that the user may" if token.scopes is None else " ".join(token.scopes)
    ends = f", until {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else ""
    used = f"last used {token.last_used_at:%Y-%m-%d}" if token.last_used_at else "never used"
    return f"{token.id:>5}  {token.name or '(no name)'}  {scopes}{ends}, {used}"
