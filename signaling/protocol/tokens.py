"""Tokens: a candidate's link, which can be shown again and revoked, and random ones, of which only a hash is kept.

A candidate's token is `<claim>.<mac>`. The claim is the base64url of the link version (four bytes, big endian) and the
session id (UTF-8), so the token alone finds the interview; the MAC is HMAC-SHA256 by the server's key, cut to 24 bytes.
The dot tells it from a random token, which has none.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

MAX_TOKEN_LENGTH = 1_024  # a session id of 700 bytes; a longer text is not worth an HMAC
MIN_KEY_BYTES = 32

_CONTEXT = b"holdfast candidate link 1\0"  # what is signed for links can never pass for something else that is signed
_MAC_BYTES = 24
_VERSION_BYTES = 4


class BadToken(ValueError):  # noqa: N818  the field's word for it
    """Not a token of ours."""


@dataclass(frozen=True, slots=True)
class CandidateClaim:
    """What a genuine candidate token says. Whether the link still counts is the database's to say."""

    session_id: str
    "The interview."
    link_version: int
    "Must equal the interview's present one; raising that revokes the link."


def candidate_token(key: bytes, session_id: str, link_version: int) -> str:
    """The token for this version of the interview's link, always the same one. URL-safe.

    Raises ValueError when the session id is empty or too long to fit a token.
    """
    claim = link_version.to_bytes(_VERSION_BYTES, "big") + session_id.encode()
    token = f"{_encoded(claim)}.{_encoded(_mac(key, claim))}"
    if not session_id or len(token) > MAX_TOKEN_LENGTH:
        raise ValueError("a session id is neither empty nor longer than 700 bytes")
    return token


def read_candidate_token(key: bytes, token: str) -> CandidateClaim:
    """Check a token and read what it says. Raises :class:`BadToken` and nothing else."""
    if len(token) > MAX_TOKEN_LENGTH:
        raise BadToken
    claim_text, _, mac_text = token.partition(".")
    claim = _decoded(claim_text)
    if not hmac.compare_digest(_mac(key, claim), _decoded(mac_text)):
        raise BadToken
    session_id = claim[_VERSION_BYTES:].decode()  # ours, since the MAC is: no error can come up here
    return CandidateClaim(session_id, int.from_bytes(claim[:_VERSION_BYTES], "big"))


def is_candidate_token(token: str) -> bool:
    """Whether the text has a candidate token's shape; says nothing about whether it is genuine."""
    return "." in token


def random_token() -> str:
    """256 random bits, URL-safe, 43 characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a random token: SHA-256, as hex. With 256 random bits there is nothing for a salt to protect."""
    return hashlib.sha256(token.encode()).hexdigest()


def _mac(key: bytes, claim: bytes) -> bytes:
    if len(key) < MIN_KEY_BYTES:
        raise ValueError("the server's key holds at least 32 bytes")
    return hmac.digest(key, _CONTEXT + claim, "sha256")[:_MAC_BYTES]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadToken from None
    if _encoded(data) != text:  # one spelling alone: a token can be told from another by its text
        raise BadToken
    return data
