"""Webhooks' secrets as the database holds them: sealed with the server's key, which lies outside it.

Unlike a token's, a secret's hash would not do: it is what messages are signed with. Whoever has a copy of the database
alone can sign nothing.
"""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_CONTEXT: Final = b"holdfast webhook secrets 1\0"
_NONCE_BYTES: Final = 12

OLD_COUNTS_FOR: Final = timedelta(hours=24)
"A secret that was replaced signs beside the new one for so long, until every receiver has the new one."


class Unreadable(ValueError):  # noqa: N818  it says what is so
    """Sealed with another key, or damaged."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What messages to one webhook are signed with."""

    present: str
    "The one that counts."
    former: str | None = None
    "The one before."
    former_until: datetime | None = None
    "As long as that one counts too."

    def replaced(self, new: str, now: datetime) -> "Secrets":
        """A new one; the present one counts for a while beside it."""
        return Secrets(new, self.present, now + OLD_COUNTS_FOR)

    def valid(self, now: datetime) -> tuple[str, ...]:
        """Those that count now, the present one first."""
        if self.former is None or self.former_until is None or now >= self.former_until:
            return (self.present,)
        return self.present, self.former


class Vault:
    """Seals and opens secrets with a key made from the server's."""

    def __init__(self, server_key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(hmac.digest(server_key, _CONTEXT, "sha256"))

    def seal(self, kept: Secrets) -> str:
        """As the database has it."""
        until = kept.former_until and kept.former_until.timestamp()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = json.dumps([kept.present, kept.former, until]).encode()
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, plain, _CONTEXT)).decode()

    def open(self, sealed: str) -> Secrets:
        """What was sealed. Raises Unreadable."""
        try:
            octets = base64.b64decode(sealed, validate=True)
            plain = self._cipher.decrypt(octets[:_NONCE_BYTES], octets[_NONCE_BYTES:], _CONTEXT)
        except (ValueError, InvalidTag):
            raise Unreadable("this secret was sealed with another server.key") from None
        present, former, until = json.loads(plain)
        return Secrets(present, former, None if until is None else datetime.fromtimestamp(until, UTC))
