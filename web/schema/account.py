"""What belongs to a user of HR alone: password, API tokens, logins."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from web.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from web.rights import Scope
from web.schema.base import Moment, Schema

MOST_DAYS = 3_650
"A token that expires does so within ten years."


class NewToken(Schema):
    """An API token to be made."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    "What you call it: which program it is for."
    scopes: Annotated[list[Scope], Field(min_length=1)]
    "What it is good for. It never reaches further than your own rights do."
    expires_in_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None
    "When it ends by itself; null: when you revoke it."

    @field_validator("scopes")
    @classmethod
    def _each_once(cls, scopes: list[Scope]) -> list[Scope]:
        return sorted(set(scopes))


class ApiToken(Schema):
    """An API token, without the token itself: nobody can look it up again."""

    id: int
    name: str
    "What you called it."
    scopes: list[Scope] | None
    "What it is good for; null: whatever you may (made by `holdfast user token` without `--scope`)."
    created_at: Moment
    expires_at: Moment | None
    "When it ends, or ended, by itself."
    last_used_at: Moment | None
    "When it was last seen, give or take an hour."


class ApiTokenMade(ApiToken):
    """A new API token, this once with the token itself."""

    token: str
    "For `Authorization: Bearer …`. It is not shown again."


class ApiTokens(Schema):
    """Your API tokens, newest first."""

    items: list[ApiToken]


class Login(Schema):
    """A browser in which you are signed in."""

    id: int
    browser: str
    "Which one, in words, as in `Firefox on Linux`."
    address: str
    "Where it signed in from; empty when that is not known."
    created_at: Moment
    "When it signed in."
    last_used_at: Moment | None
    "When it was last seen, give or take an hour."
    expires_at: Moment | None
    "When it is signed out by itself."
    current: bool
    "It is the one that asks."


class Logins(Schema):
    """Where you are signed in, newest first."""

    items: list[Login]


class LoginsEnded(Schema):
    """How many browsers were signed out."""

    ended: int


class PasswordChange(Schema):
    """A new password. Every other browser of yours is signed out."""

    present: str | None = None
    "The password that counts now; left out after signing in with a one-time link."
    new: Annotated[str, StringConstraints(min_length=MIN_PASSWORD_LENGTH, max_length=MAX_PASSWORD_LENGTH)]
    "The one that counts from now on."
