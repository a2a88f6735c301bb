"""A flood beside a live interview in Chromium: does it record without a gap, and does memory stay bounded?

100,000 junk datagrams come to the very port that the interview's media comes to, four of five from other addresses of
this machine, the rest with the candidate's own address forged (which takes root; otherwise they come from elsewhere as
well). 5,000 junk HTTP requests and WebSocket messages come at the same time.

    python -m bench.flood
"""

import argparse
import asyncio
import contextlib
import random
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.junk import DATAGRAMS, http, message
from bench.process import ProcessMeter, resident_megabytes
from bench.report import print_table, print_verdict
from bench.stage import Stage, stage
from tests.live.harness import Interview, Server, until
from tests.live.scenarios import gap_rows, part_rows

STRANGERS = tuple(f"127.0.0.{last}" for last in range(2, 10))
AT_A_TIME = 25
REQUESTS_AT_ONCE = 16
FORGED_SHARE = 0.2
MOST_GROWTH_MB = 64.0
PAIR = """async () => {
    const connection = holdfastSource.peerConnections.at(-1);
    const stats = [...(await connection.getStats()).values()];
    const pair = stats.find(({type, nominated, state}) => type === "candidate-pair" && nominated && state === "succeeded");
    const end = (id) => stats.find((one) => one.id === id);
    const [local, remote] = [end(pair.localCandidateId), end(pair.remoteCandidateId)];
    return [local.address || local.ip || "", local.port, remote.address || remote.ip, remote.port];
}"""


@dataclass(frozen=True, slots=True)
class Ends:
    """The two ends of a media path."""

    candidate: tuple[str, int]
    "Where the candidate's packets come from."
    server: tuple[str, int]
    "Where they go."


@dataclass(frozen=True, slots=True)
class Flooded:
    """What came of it."""

    datagrams: int
    "Sent."
    forged: int
    "Of these, with the candidate's address."
    messages: int
    "Requests and WebSocket messages sent."
    seconds: float
    "How long all that took."
    cpu_s: float
    "Of the server in that time."
    before_mb: float
    "Resident memory of the server before."
    most_mb: float
    "The most of it meanwhile."
    parts: int
    "Of the interview; one is whole."
    gaps: int
    "In the database, of sound and picture."
    gap_s: float
    "How long they are together."
    recorded_s: float
    "Length of the recording."
    overflowed: int
    "Datagrams that the kernel dropped because the server's socket was full; the candidate's own are among them."


class Sender:
    """Sends datagrams from addresses of this machine, and with forged ones where that is allowed."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._sockets = []
        for address in STRANGERS:
            stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with contextlib.suppress(OSError):
                stranger.bind((address if ends.server[0].startswith("127.") else "0.0.0.0", 0))
            self._sockets.append(stranger)
        self._raw: socket.socket | None = None
        with contextlib.suppress(PermissionError):
            self._raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.forged = 0

    def send_all(self, count: int, per_second: float, seed: int) -> int:
        """Send so many, evenly; returns how many were sent. Blocking."""
        rng, kinds, began, sent = random.Random(seed), list(DATAGRAMS.values()), time.monotonic(), 0
        while sent < count:
            for _ in range(min(AT_A_TIME, count - sent)):
                self._send(rng, rng.choice(kinds)(rng))
                sent += 1
            ahead = began + sent / per_second - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
        return sent

    def close(self) -> None:
        """Close all sockets."""
        for each in (*self._sockets, self._raw):
            if each is not None:
                each.close()

    def _send(self, rng: random.Random, data: bytes) -> None:
        with contextlib.suppress(OSError):
            if self._raw is not None and rng.random() < FORGED_SHARE:
                self._raw.sendto(forged(self._ends, data), self._ends.server)
                self.forged += 1
            else:
                rng.choice(self._sockets).sendto(data, self._ends.server)


def forged(ends: Ends, data: bytes) -> bytes:
    """An IPv4 packet from the candidate's address (RFC 791, 768); no checksum of UDP's, the kernel makes IP's."""
    source, target = socket.inet_aton(ends.candidate[0]), socket.inet_aton(ends.server[0])
    length = 8 + len(data)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0, 64, socket.IPPROTO_UDP, 0, source, target)
    return head + struct.pack("!HHHH", ends.candidate[1], ends.server[1], length, 0) + data


def dropped_by_kernel(port: int) -> int:
    """Datagrams that found the port's sockets full so far (proc(5), the last column)."""
    rows = [line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(int(row[-1]) for row in rows if int(row[1].rpartition(":")[2], 16) == port)


async def send_messages(server: Server, interview: Interview, count: int, seed: int) -> int:
    """Half of them requests on connections of their own, half WebSocket messages; returns how many were sent."""
    rng, turns, sent = random.Random(seed), asyncio.Semaphore(REQUESTS_AT_ONCE), 0

    async def request(octets: bytes) -> None:
        async with turns:
            with contextlib.suppress(OSError, TimeoutError):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(octets)
                async with asyncio.timeout(5):
                    await reader.read(4_096)
                writer.close()

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        url = f"{server.base_url}/api/interviews/{interview.session_id}/live"
        requests = [asyncio.ensure_future(request(http(rng, interview.session_id))) for _ in range(count // 2)]
        while sent < count - len(requests):
            sent += await _talk(session, url, interview, rng)
        await asyncio.gather(*requests)
    return sent + len(requests)


async def _talk(session: aiohttp.ClientSession, url: str, interview: Interview, rng: random.Random) -> int:
    """One conversation of nonsense; a connect that is refused counts as the message that it is."""
    sent = 1
    try:
        async with session.ws_connect(url, max_msg_size=0) as channel:
            for _ in range(50):
                await channel.send_str(message(rng, interview.token))
                sent += 1
                if channel.closed:
                    break
    except (aiohttp.ClientError, TimeoutError, ConnectionError):
        pass
    return sent


async def measure(it: Stage, datagrams: int, messages: int, per_second: float, seed: int) -> Flooded:
    """Flood one interview while it is recorded."""
    candidate, interview = await it.recording()
    await candidate.source.runs_on(3)
    theirs, their_port, ours, our_port = await candidate.page.evaluate(PAIR)
    ends = Ends((theirs if theirs.count(".") == 3 else ours, their_port), (ours, our_port))
    sender, pid = Sender(ends), it.server.pid
    meter, most = ProcessMeter(pid), [before := resident_megabytes(pid)]
    flooding = [
        asyncio.ensure_future(asyncio.to_thread(sender.send_all, datagrams, per_second, seed)),
        asyncio.ensure_future(send_messages(it.server, interview, messages, seed)),
    ]
    while not all(flood.done() for flood in flooding):
        most.append(resident_megabytes(pid))
        await asyncio.sleep(0.1)
    usage = meter.read()
    sent, said = [flood.result() for flood in flooding]
    sender.close()
    overflowed = dropped_by_kernel(ends.server[1])
    await candidate.source.runs_on(3)
    await candidate.finish()

    async def closed() -> bool:
        return all(row["state"] != "open" for row in part_rows(it.server, interview))

    await until(closed, within_s=30)
    rows, gaps = part_rows(it.server, interview), gap_rows(it.server, interview)
    for gap in gaps:
        print(f"  gap: {gap['track']} {gap['start_ms']} to {gap['end_ms']} ms, {gap['reason']}")
    length_s = sum(row["duration_ms"] for row in rows) / 1_000
    return Flooded(
        *(sent, sender.forged, said, usage.seconds, usage.cpu_s, before, max(most)),
        *(len(rows), len(gaps), sum(gap["end_ms"] - gap["start_ms"] for gap in gaps) / 1_000, length_s, overflowed),
    )


def show(floods: Sequence[Flooded]) -> None:
    """Print what was measured, and whether it is what was promised."""
    print_table(
        "an interview in Chromium beside a flood",
        (
            "datagrams",
            "of them forged",
            "messages",
            "s",
            "server CPU s",
            "MB before",
            "MB at most",
            "parts",
            "gaps",
            "gaps s",
            "recorded s",
            "overflowed",
        ),
        [
            (
                *(each.datagrams, each.forged, each.messages, each.seconds, each.cpu_s),
                *(each.before_mb, each.most_mb, each.parts, each.gaps, each.gap_s, each.recorded_s, each.overflowed),
            )
            for each in floods
        ],
    )
    print_verdict("one part without a gap", met=all(each.parts == 1 and each.gaps == 0 for each in floods))
    growth = max(each.most_mb - each.before_mb for each in floods)
    print_verdict(f"memory grows by at most {MOST_GROWTH_MB:g} MB ({growth:.1f})", met=growth <= MOST_GROWTH_MB)


async def run(datagrams: int, messages: int, per_second: float, seed: int) -> Flooded:
    """Set the stage, and measure once."""
    async with stage() as it:
        return await measure(it, datagrams, messages, per_second, seed)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datagrams", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=5_000)
    parser.add_argument("--per-second", type=float, default=4_000.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    show([asyncio.run(run(arguments.datagrams, arguments.messages, arguments.per_second, arguments.seed))])


if __name__ == "__main__":
    main()
