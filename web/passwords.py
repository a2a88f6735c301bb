"""Passwords of HR: argon2id, computed off the event loop."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 1_024  # more is no password but work for argon2

AT_ONCE = 2
"Each takes 64 MiB and a core for a moment; a burst of sign-ins must not take the machine from a recording."

_hasher = PasswordHasher()  # RFC 9106's profile for machines with little memory


def hash_password(password: str) -> str:
    """The argon2id hash. Raises ValueError when the password is too short or absurdly long."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise ValueError(f"A password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters.")
    return _hasher.hash(password)


class PasswordChecker:
    """Checks passwords in threads, a few at once."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether the password belongs to the hash. None fits none, and takes as long, so that the time tells nothing."""
        if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
            return False  # nobody has such a one, so this tells nothing of anybody, and costs a flood's target nothing
        async with self._turns:
            fits = await asyncio.to_thread(_verify, password, password_hash)
        return fits and password_hash is not None


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
