"""What strangers send: datagrams that look like something and are not, and messages over HTTP and WebSocket."""

import random
import struct
from collections.abc import Callable

STUN_COOKIE = bytes.fromhex("2112a442")
Rng = random.Random


def noise(rng: Rng) -> bytes:
    """Anything at all."""
    return rng.randbytes(rng.randrange(0, 1_400))


def stun(rng: Rng) -> bytes:
    """A binding request, response or error with attributes of nonsense, some cut short."""
    kind = rng.choice((0x0001, 0x0101, 0x0111, 0x0011, 0x0003, 0x3FFF))
    attributes = b""
    for _ in range(rng.randrange(4)):
        value = rng.randbytes(rng.randrange(40))
        attributes += struct.pack(
            "!HH", rng.choice((6, 8, 0x20, 0x24, 0x25, 0x8028, rng.randrange(65_536))), len(value)
        )
        attributes += value + bytes(-len(value) % 4)
    length = len(attributes) if rng.random() < 0.7 else rng.randrange(65_536)
    return struct.pack("!HH", kind, length) + STUN_COOKIE + rng.randbytes(12) + attributes


def dtls(rng: Rng) -> bytes:
    """A record: handshake, alert, or application data of an epoch that may exist."""
    body = rng.randbytes(rng.randrange(300))
    kind = rng.choice((20, 21, 22, 23, 25, 63))
    return (
        bytes([kind, 0xFE, 0xFD])
        + struct.pack("!H", rng.randrange(3))
        + rng.randbytes(6)
        + struct.pack(
            "!H",
            len(body) if rng.random() < 0.7 else rng.randrange(65_536),
        )
        + body
    )


def srtp(rng: Rng) -> bytes:
    """An RTP packet that no key made, cut short now and then."""
    head = struct.pack(
        "!BBHII",
        0x80 | rng.randrange(64),
        rng.randrange(256),
        *(rng.randrange(2**16),),
        *map(rng.randrange, (2**32, 2**32)),
    )
    packet = head + rng.randbytes(rng.randrange(1_200))
    return packet[: rng.randrange(1, len(packet))] if rng.random() < 0.3 else packet


def srtcp(rng: Rng) -> bytes:
    """A report that no key made."""
    return bytes([0x80 | rng.randrange(32), rng.choice((200, 201, 202, 203, 205, 206))]) + rng.randbytes(
        rng.randrange(90)
    )


DATAGRAMS: dict[str, Callable[[Rng], bytes]] = {
    "noise": noise,
    "STUN-like": stun,
    "DTLS-like": dtls,
    "SRTP-like": srtp,
    "SRTCP-like": srtcp,
}


def http(rng: Rng, session_id: str) -> bytes:
    """A request, or what is none, as octets for a connection of its own."""
    path = rng.choice(
        (
            f"/whip/{session_id}",
            f"/api/interviews/{session_id}",
            "/hr/sign-in",
            "/i/x.y",
            "/api/tokens",
            "/" + "a" * 3_000,
        )
    )
    body = rng.choice(
        (b"[" * 5_000, rng.randbytes(2_000), b'{"a":' * 900, b"--x\r\n\r\n" * 100, b"v=0\r\n" + rng.randbytes(80))
    )
    kind = rng.choice(("application/json", "application/sdp", "multipart/form-data; boundary=x", "text/plain"))
    lines = [
        f"{rng.choice(('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'NONSENSE'))} {path} HTTP/1.1",
        "Host: " + rng.choice(("localhost", "evil.example", "")),
        f"Content-Type: {kind}",
        f"Authorization: Bearer {rng.randbytes(12).hex()}{rng.choice(('', '.x', '.x.y'))}",
        f"Content-Length: {rng.choice((len(body), 0, 10**12, -1))}",
        "Connection: close",
    ]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return rng.randbytes(300) if rng.random() < 0.2 else whole


def message(rng: Rng, token: str) -> str:
    """What a page would never say on its control channel."""
    return rng.choice(
        (
            '{"type": "hello", "token": "x", "client_id": "y"}',
            f'{{"type": "hello", "token": "{token}", "client_id": "{"z" * 80}"}}',
            "[" * 2_000,
            '{"type": ' * 300,
            rng.randbytes(200).hex(),
            "x" * 100_000,
            "",
            "null",
        )
    )
