"""Tokens with which a host platform vouches for its people of HR: JWT (RFC 7519), short-lived, signed with a key of theirs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from db.clock import Clock
from db.people import normal_email
from web.embedding import EmbeddingSettings
from web.rights import Scope

LEEWAY: Final = timedelta(seconds=30)
"Two machines' clocks may differ by so much."
MAX_LENGTH: Final = 8_192
_SHARED: Final = ("HS256",)
_PUBLIC: Final = ("RS256", "ES256", "EdDSA")


class BadHostToken(ValueError):  # noqa: N818  it says what it is
    """No token of the host platform's, or none that counts now."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """Whom the host platform vouches for."""

    email: str
    "Their e-mail, as it is stored and compared."
    scopes: frozenset[Scope] | None
    "What the token is good for over the API; None: whatever its user may."
    expires_at: datetime
    "Until when."


class HostTokens:
    """Reads such tokens as the settings say."""

    def __init__(self, settings: EmbeddingSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        if settings.jwt_public_key is not None:
            self._key: str | bytes = settings.jwt_public_key.read_bytes()
            self._algorithms = list(_PUBLIC)
        else:
            self._key = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
            self._algorithms = list(_SHARED)

    @property
    def adds_users(self) -> bool:
        """Whether somebody unknown becomes a user."""
        return self._settings.jwt_adds_users

    @staticmethod
    def looks_like_one(token: str) -> bool:
        """Whether a bearer token has the three parts of a JWT; none of ours has."""
        return token.count(".") == 2  # noqa: PLR2004  RFC 7519 section 3: header, claims, signature

    def read(self, token: str) -> Voucher:
        """Check it and read it. Raises BadHostToken."""
        if self._settings.jwt_issuer is None or len(token) > MAX_LENGTH:
            raise BadHostToken
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=self._algorithms,
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                # Times are compared by our own clock below.
                options={
                    "require": ["exp", "iat", "sub"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.PyJWTError as error:
            raise BadHostToken from error
        return self._voucher(claims)

    def _voucher(self, claims: dict[str, Any]) -> Voucher:
        now = self._clock.utc_now()
        issued_at, expires_at = _moment(claims["iat"]), _moment(claims["exp"])
        begins_at = _moment(claims.get("nbf", claims["iat"]))
        lasts = expires_at - issued_at
        if not begins_at - LEEWAY <= now < expires_at + LEEWAY or lasts > timedelta(seconds=self._settings.jwt_lasts_s):
            raise BadHostToken
        email = claims.get("email", claims["sub"])
        if not isinstance(email, str) or "@" not in email:
            raise BadHostToken
        return Voucher(normal_email(email), _scopes(claims.get("scope")), expires_at)


def _moment(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise BadHostToken
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise BadHostToken from error


def _scopes(claim: object) -> frozenset[Scope] | None:
    """RFC 8693 section 4.2: words between spaces."""
    if claim is None:
        return None
    if not isinstance(claim, str):
        raise BadHostToken
    known = {scope.value for scope in Scope}
    return frozenset(Scope(word) for word in claim.split() if word in known)
