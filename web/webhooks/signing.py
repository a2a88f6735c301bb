"""Signatures as https://www.standardwebhooks.com has them, so that receivers need no code of ours."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


class BadSecret(ValueError):  # noqa: N818  the field's word for it
    """Not a webhook's secret."""


def new_secret() -> str:
    """256 random bits, as receivers' libraries take them: `whsec_…`."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """`v1,…`: HMAC-SHA256 over id, time and body, joined by dots. Raises BadSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise BadSecret("a secret is whsec_ and base64") from None
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def headers(valid: Iterable[str], message_id: str, timestamp: int, body: str) -> dict[str, str]:
    """What a message carries: one signature for each secret that counts, so that a secret can be changed without a gap."""
    signatures = " ".join(signature(secret, message_id, timestamp, body) for secret in valid)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signatures}
