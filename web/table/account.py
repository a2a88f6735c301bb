"""What belongs to whoever is signed in: API tokens, logins, password. A token reaches none of it."""

from typing import Final

from signaling.aio.errors import TooOften
from web.api import logins, tokens
from web.api.logins import WrongPassword
from web.endpoint import NOTHING, Doc, Endpoint
from web.limits import Limit
from web.problems import InConflict
from web.rights import Access
from web.schema.account import ApiTokenMade, ApiTokens, Logins, LoginsEnded, NewToken, PasswordChange

_BROWSER: Final = Access(user=True)
"Somebody who is signed in: no API token."

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/tokens",
        tokens.list_tokens,
        _BROWSER,
        Doc("Your API tokens, newest first", {200: ApiTokens}, more="Revoked ones are left out."),
    ),
    Endpoint(
        "POST",
        "/api/tokens",
        tokens.make_token,
        _BROWSER,
        Doc(
            "Make an API token",
            {201: ApiTokenMade},
            errors=(InConflict,),
            body=NewToken,
            more="The answer holds the token, this once.",
        ),
        limit=Limit.TOKENS,
    ),
    Endpoint(
        "DELETE",
        "/api/tokens/{token_id}",
        tokens.revoke_token,
        _BROWSER,
        Doc("Revoke an API token, at once", {204: NOTHING}),
    ),
    Endpoint(
        "GET", "/api/logins", logins.list_logins, _BROWSER, Doc("Where you are signed in, newest first", {200: Logins})
    ),
    Endpoint(
        "DELETE",
        "/api/logins",
        logins.end_other_logins,
        _BROWSER,
        Doc("Sign out everywhere else", {200: LoginsEnded}, more="The browser that asks stays signed in."),
    ),
    Endpoint(
        "DELETE", "/api/logins/{login_id}", logins.end_login, _BROWSER, Doc("Sign one browser out", {204: NOTHING})
    ),
    Endpoint(
        "PUT",
        "/api/account/password",
        logins.change_password,
        _BROWSER,
        Doc(
            "Change your password",
            {204: NOTHING},
            errors=(WrongPassword, TooOften),
            body=PasswordChange,
            more="Every other browser of yours is signed out. Too many wrong ones are refused for a while.",
        ),
        limit=Limit.TOKENS,
    ),
)
