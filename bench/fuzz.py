"""Everything that strangers write, mutated, against the code that reads it: only the errors that it documents may come.

Each target has a budget of cases and a seed, which is printed: the same seed makes the same cases. There is no CSV that
anybody could send; the one format of tables that Holdfast writes is never read back.

    python -m bench.fuzz
"""

import argparse
import asyncio
import random
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
from aioice import stun

from bench.junk import DATAGRAMS
from bench.report import print_table, print_verdict
from bench.rtpdump import read
from media_server.aio.aiortc_tap import reports_in
from media_server.recording.captions import NoCaptions, checked
from media_server.recording.uploads import UploadRefused, choose_tracks, gather
from media_server.rtp import opus, vp8, vp9
from media_server.rtp.errors import PayloadError
from media_server.rtp.header import MalformedPacket, parse_packet
from media_server.webm.errors import WebmError
from media_server.webm.mend import mend
from media_server.webm.reader import blocks, scan
from signaling.protocol.control import MalformedMessage, read_hello, read_page_message
from signaling.protocol.offer import read_offer
from signaling.protocol.sdp import MalformedSdp, UnacceptableOffer
from signaling.protocol.tokens import BadToken, read_candidate_token
from signaling.protocol.whip import read_trickle
from tests.live.harness import REPOSITORY, running_server
from web.settings import Settings, SettingsError, load_settings

DATA = REPOSITORY / "tests" / "data"
OFFERS = REPOSITORY / "tests" / "signaling" / "data"
ODD = (b"\x00", b"\xff" * 4, b"\r\n", b"=", b":", b" ", b"9" * 30, b"-1", b"\xf0\x9f\x8c\x8a", b"[" * 200, b"a=", b"{}")
DOCUMENTED = {200, 400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 422, 429, 431}
"What a mutated form may be answered with; 500 is a fault of ours, and so is no answer."

Rng = random.Random
Try = Callable[[bytes, Rng], object]


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads what others wrote."""

    seeds: tuple[bytes, ...]
    "Good examples, from which cases are made."
    attempt: Try
    "Reads a case."
    documented: tuple[type[Exception], ...]
    "What it says that it raises."


@dataclass(frozen=True, slots=True)
class Finding:
    """A case that brought an error nobody promised."""

    target: str
    "Which one."
    case: int
    "Its number, from 0."
    error: str
    "The end of the traceback."


def mutated(seed: bytes, rng: Rng) -> bytes:
    """A few of: bits turned, stretches lost, doubled or put elsewhere, odd things put in, the end cut off."""
    data = bytearray(seed)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data) + 1)
        length = min(len(data) - at, rng.choice((1, 2, 4, 16, 200)))
        match rng.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << rng.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case 3:
                data[at:at] = rng.choice(ODD)
            case 4:
                data[at : at + length] = rng.randbytes(length)
            case _:
                del data[at:]
    return bytes(data)


def _page_message(data: bytes, rng: Rng) -> object:
    return (read_hello if rng.random() < 0.3 else read_page_message)(data.decode(errors="replace"))


def _packet(data: bytes, rng: Rng) -> object:
    packet = parse_packet(data, rng.randrange(15), rng.randrange(15))
    for codec in (vp8, vp9):
        try:
            size = codec.read_descriptor(packet.payload).size
            codec.read_frame_header(packet.payload[size:])
        except PayloadError:
            continue
    return opus.packet_samples(packet.payload)


def _upload(data: bytes, _rng: Rng) -> object:
    found = scan(data)
    return gather(blocks(data, found), choose_tracks(found.head.tracks), 10_800_000)


def _settings(data: bytes, rng: Rng) -> Settings:
    words = data.decode(errors="replace")
    if rng.random() < 0.5:
        with tempfile.NamedTemporaryFile(suffix=".toml") as file:
            file.write(data)
            file.flush()
            return load_settings(Path(file.name))
    section = rng.choice(tuple(Settings.model_fields))
    model: Any = Settings.model_fields[section].annotation
    names = tuple(getattr(model, "model_fields", {"x": None}))
    value: object = rng.choice((words, [words], {words: words}, len(words), None, -1, 1e300, True, b"x", float("nan")))
    return load_settings(None, {section: {rng.choice(names): value}})


def _seeds_of_rtp() -> tuple[bytes, ...]:
    return tuple(packet.data for dump in ("vp8", "vp9") for packet in islice(read(DATA / f"chromium_{dump}.rtp"), 150))


def targets() -> dict[str, Target]:
    """All that are tried in this process."""
    offers = tuple(path.read_bytes() for path in sorted(OFFERS.glob("*.sdp")))
    fragment = (
        b"a=ice-ufrag:exam\r\na=ice-pwd:exampleexampleexample0000\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        b"a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\na=end-of-candidates\r\n"
    )
    messages = (
        b'{"type": "hello", "token": "a.b", "client_id": "c"}',
        b'{"type": "do", "id": "1", "do": "next", "step": "answer", "question": 1, "take": 1}',
        b'{"type": "shown", "question": 1}',
        b'{"type": "clock", "sent_at": 1}',
    )
    webm = (DATA / "chromium_media_recorder.webm").read_bytes()[:40_000]
    captions = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n\n00:01.000 --> 01:00:02.000 align:start\nAgain\n"
    toml = b'data = "x"\n[web]\nport = 8080\ntrusted_proxies = ["127.0.0.1"]\n[media]\nudp_ports = "50000-50999"\n'
    reports = tuple(bytes([0x80, kind, 0, 6]) + bytes(range(24)) for kind in (200, 201, 202, 203, 205, 206))
    stuns = tuple(DATAGRAMS["STUN-like"](Rng(number)) for number in range(40))
    key = bytes(32)
    return {
        "SDP": Target(offers, lambda data, _: read_offer(data), (MalformedSdp, UnacceptableOffer)),
        "sdpfrag": Target((fragment,), lambda data, _: read_trickle(data), (MalformedSdp,)),
        "control messages": Target(messages, _page_message, (MalformedMessage,)),
        "RTP": Target(_seeds_of_rtp(), _packet, (MalformedPacket, PayloadError)),
        "RTCP": Target(reports, lambda data, _: reports_in(data), ()),
        "STUN": Target(stuns, lambda data, _: stun.parse_message(data), (ValueError, stun_error())),
        "WebM uploads": Target((webm,), _upload, (WebmError, UploadRefused)),
        "parts to mend": Target((webm,), lambda data, _: mend(data), (WebmError,)),
        "captions": Target((captions,), lambda data, _: checked(data), (NoCaptions,)),
        "links": Target(
            (b"AAAAAW9uZQ.AAAA",), lambda data, _: read_candidate_token(key, data.decode("latin-1")), (BadToken,)
        ),
        "settings": Target((toml,), _settings, (SettingsError,)),
    }


def stun_error() -> type[Exception]:
    """What aioice lets out of a message that is cut short; the socket catches it."""
    import struct

    return struct.error


def findings(name: str, target: Target, cases: int, seed: int) -> Iterator[Finding]:
    """Try so many cases; tell of those that brought an error which is not documented."""
    rng = Rng(f"{seed} {name}")
    for case in range(cases):
        data = mutated(rng.choice(target.seeds), rng)
        try:
            target.attempt(data, rng)
        except target.documented:
            continue
        except Exception:  # noqa: BLE001  exactly these are looked for
            yield Finding(name, case, traceback.format_exc(limit=-3))


async def forms(cases: int, seed: int) -> list[Finding]:
    """Mutated uploads over HTTP, as octets on connections of their own, to a real server."""
    settings = {"HOLDFAST_LIMITS__UPLOADS": "1000000/minute", "HOLDFAST_LIMITS__REFUSED_TOKENS": "1000000/minute"}
    found: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="holdfast-fuzz-") as folder:
        async with running_server(Path(folder), settings=settings) as server:
            await server.add_user()
            interview = await server.add_interview(await server.add_job(), consented=True)
            rng = Rng(f"{seed} multipart")
            body = (
                b'--x\r\nContent-Disposition: form-data; name="finish"\r\n\r\nfalse\r\n'
                b'--x\r\nContent-Disposition: form-data; name="video_file"; filename="a.webm"\r\nContent-Type: video/webm\r\n\r\n'
                + rng.randbytes(300)
                + b"\r\n--x--\r\n"
            )
            for case in range(cases):
                sent = mutated(body, rng)
                head = (
                    f"POST /api/interviews/{interview.session_id}/upload-video HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    f"Authorization: Bearer {interview.token}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                    f"Content-Length: {len(sent)}\r\n\r\n"
                )
                answer = await _answer(server.port, head.encode() + sent)
                if not answer.startswith(b"HTTP/1.1 ") or int(answer[9:12]) not in DOCUMENTED:
                    found.append(Finding("multipart", case, repr(answer[:200])))
            async with aiohttp.ClientSession() as http, http.get(f"{server.base_url}/healthz") as response:
                if response.status != 200:
                    found.append(Finding("multipart", cases, "the server is not well afterwards"))
    return found


async def _answer(port: int, octets: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


def main() -> None:
    """Try everything and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=5_000, help="for each target")
    parser.add_argument("--forms", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found: list[Finding] = []
    rows = []
    for name, target in targets().items():
        mine = list(findings(name, target, arguments.cases, arguments.seed))
        found += mine
        rows.append((name, arguments.cases, len(mine)))
    mine = asyncio.run(forms(arguments.forms, arguments.seed))
    rows.append(("multipart over HTTP", arguments.forms, len(mine)))
    found += mine
    for finding in found[:10]:
        print(f"\n{finding.target}, case {finding.case}:\n{finding.error}")
    print_table(f"mutated input, seed {arguments.seed}", ("what", "cases", "undocumented errors"), rows)
    print_verdict("only documented errors", met=not found)


if __name__ == "__main__":
    main()
