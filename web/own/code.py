"""The code that is e-mailed to a candidate before they see their recording. Pure but for chance.

Six digits are few: of the stored hash alone they would be guessed in a second. So it is keyed with the server key, which
is not in the database.
"""

import hmac
import secrets
from typing import Final

DIGITS: Final = 6
_CONTEXT: Final = b"holdfast own code 1\0"


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def code_hash(key: bytes, session_id: str, code: str) -> str:
    """What is stored: an HMAC over the interview and the code, as hex."""
    return hmac.digest(key, _CONTEXT + session_id.encode() + b"\0" + code.encode(), "sha256").hex()


def fits(key: bytes, session_id: str, code: str, stored: str) -> bool:
    """Whether the code is the one that was stored, in constant time."""
    return hmac.compare_digest(code_hash(key, session_id, code), stored)


def digits_of(typed: str) -> str:
    """What somebody typed or pasted, without the spaces and hyphens that people put between digits."""
    return "".join(character for character in typed if character not in " -\u00a0\u2009")
