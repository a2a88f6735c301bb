"""The few STUN and TURN messages (RFC 8489, RFC 8656) that it takes to ask a server for a relay."""

import hashlib
import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, ip_address

HEADER_BYTES = 20
TRANSACTION_BYTES = 12

_COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHL")
_ATTRIBUTE = struct.Struct("!HH")
_INTEGRITY_BYTES = 24
_SUCCESS, _ERROR = 0x0100, 0x0110
_IPV4, _IPV6 = 1, 2


class Method(IntEnum):
    """What is asked."""

    BINDING = 1
    ALLOCATE = 3
    REFRESH = 4
    CREATE_PERMISSION = 8


class Attribute(IntEnum):
    """What we write and read."""

    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    LIFETIME = 0x000D
    XOR_PEER_ADDRESS = 0x0012
    REALM = 0x0014
    NONCE = 0x0015
    REQUESTED_TRANSPORT = 0x0019


RELAY_OVER_UDP = {Attribute.REQUESTED_TRANSPORT: bytes([17, 0, 0, 0])}
"To ALLOCATE: protocol 17 between relay and peer (RFC 8656 section 18.8)."

NO_LONGER = {Attribute.LIFETIME: bytes(4)}
"To REFRESH: gives the relay back."


class MalformedAnswer(Exception):  # noqa: N818  their fault, not ours
    """Not what a STUN server answers."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a request is signed with, once the server has told realm and nonce (RFC 8489 section 9.2)."""

    username: str
    "As in the settings, or made from the secret."
    password: str
    "Goes with it."
    realm: bytes
    "The server's."
    nonce: bytes
    "The server's, for a while."

    @property
    def key(self) -> bytes:
        """The key of the long-term credential mechanism. MD5 is the protocol's choice."""
        return hashlib.md5(b":".join([self.username.encode(), self.realm, self.password.encode()])).digest()  # noqa: S324


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    error: int | None
    "The error code, None when it did what was asked."
    realm: bytes
    "With error 401."
    nonce: bytes
    "With errors 401 and 438."


def request(
    method: Method, transaction: bytes, attributes: dict[Attribute, bytes] | None = None, login: Login | None = None
) -> bytes:
    """A request's bytes; `transaction` is 12 random ones. Signed when there is a `login`."""
    fields = dict(attributes or {})
    if login is not None:
        fields |= {
            Attribute.USERNAME: login.username.encode(),
            Attribute.NONCE: login.nonce,
            Attribute.REALM: login.realm,
        }
    body = b"".join(_attribute(kind, value) for kind, value in fields.items())
    if login is None:
        return _header(method, len(body), transaction) + body
    # RFC 8489 section 14.5: the length that is signed counts the signature as well.
    message = _header(method, len(body) + _INTEGRITY_BYTES, transaction) + body
    return message + _attribute(Attribute.MESSAGE_INTEGRITY, hmac.new(login.key, message, hashlib.sha1).digest())


def peer_address(text: str, transaction: bytes) -> bytes:
    """The value of XOR_PEER_ADDRESS (RFC 8489 section 14.2) for a permission, to which the port does not matter."""
    address = ip_address(text)
    family = _IPV4 if isinstance(address, IPv4Address) else _IPV6
    mask = _COOKIE.to_bytes(4, "big") + transaction
    masked = bytes(byte ^ other for byte, other in zip(address.packed, mask, strict=False))
    return struct.pack("!BBH", 0, family, _COOKIE >> 16) + masked


def transaction_of(message: bytes) -> bytes:
    """Which transaction a message belongs to; something else when it is none of STUN's."""
    return message[_HEADER.size : HEADER_BYTES]


def body_bytes(header: bytes) -> int:
    """How many bytes follow this header. Raises MalformedAnswer when it is none of STUN's."""
    if len(header) < HEADER_BYTES:
        raise MalformedAnswer
    _, length, cookie = _HEADER.unpack_from(header)
    if cookie != _COOKIE or length % 4:
        raise MalformedAnswer
    return int(length)


def read_answer(data: bytes, method: Method, transaction: bytes) -> Answer:
    """Read the answer to a request. Raises MalformedAnswer."""
    length = body_bytes(data)
    kind = _HEADER.unpack_from(data)[0]
    if len(data) != HEADER_BYTES + length or transaction_of(data) != transaction:
        raise MalformedAnswer
    if kind not in {method | _SUCCESS, method | _ERROR}:
        raise MalformedAnswer
    fields = _attributes(data[HEADER_BYTES:])
    error = None
    if kind == method | _ERROR:
        code = fields.get(Attribute.ERROR_CODE, b"")
        if len(code) < 4:  # noqa: PLR2004  RFC 8489 section 14.8: 21 zero bits, class, number
            raise MalformedAnswer
        error = (code[2] & 7) * 100 + code[3]
    return Answer(error, fields.get(Attribute.REALM, b""), fields.get(Attribute.NONCE, b""))


def _header(method: int, length: int, transaction: bytes) -> bytes:
    return _HEADER.pack(method, length, _COOKIE) + transaction


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _attributes(body: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    position = 0
    while position < len(body):
        # The body is whole words, so a header always fits.
        kind, length = _ATTRIBUTE.unpack_from(body, position)
        position += _ATTRIBUTE.size
        if position + length > len(body):
            raise MalformedAnswer
        fields.setdefault(kind, body[position : position + length])
        position += length + -length % 4
    return fields
