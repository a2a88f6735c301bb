"""The uplink throttled by the relay, twice, then free again: sound stays, picture gives way, and it comes back.

Every second the sender's own statistics are read; the file says what arrived.
"""

import argparse
import asyncio
from dataclasses import dataclass

from bench.report import print_table, print_verdict
from bench.stage import bad_network, stage
from tests.fakes.relay import Conditions
from tests.live.browser import CandidatePage, Source
from tests.live.network import BadNetwork
from tests.live.scenarios import Losses, losses, sent_until_now

QUEUE_S = 0.3
BACK_ABOVE_BPS = 200_000
BACK_WITHIN_S = 30
MOST_LOST_SOUND = 0.01
BITS = 8


@dataclass(frozen=True, slots=True)
class Second:
    """What the sender did in one second."""

    stage: str
    "Which throttle held."
    since_change_s: int
    "Seconds since it was set."
    video_bps: float
    "Bits of picture that left the page, RTP payload."
    audio_bps: float
    "Bits of sound that left the page."
    size: str
    "Width and height of the picture."
    frames_per_second: float
    "As the encoder says."


@dataclass(frozen=True, slots=True)
class Throttled:
    """A whole run."""

    seconds: list[Second]
    "Second by second."
    losses: Losses
    "What is in the file."
    connections: int
    "Peer connections that the page made; 1 when it never reconnected."
    dropped: int
    "Packets that found the relay's queue full."


async def watch(source: Source, name: str, seconds: int) -> list[Second]:
    """Read the sender's statistics once a second."""
    watched: list[Second] = []
    before = await source.outbound()
    for passed in range(1, seconds + 1):
        await source.runs_on(1)
        now = await source.outbound()
        watched.append(_second(name, passed, before, now))
        before = now
    return watched


def _second(name: str, passed: int, before: dict[str, dict[str, float]], now: dict[str, dict[str, float]]) -> Second:
    def rate(kind: str) -> float:
        milliseconds = now[kind]["timestamp"] - before[kind]["timestamp"]
        sent = now[kind]["bytesSent"] - before[kind]["bytesSent"]
        return sent * BITS * 1_000 / milliseconds if milliseconds > 0 else 0.0

    video = now["video"]
    size = f"{video.get('frameWidth', 0)}x{video.get('frameHeight', 0)}"
    return Second(name, passed, rate("video"), rate("audio"), size, video.get("framesPerSecond", 0.0))


async def run(candidate: CandidatePage, network: BadNetwork, rates_kbps: list[int], seconds: int) -> list[Second]:
    """Free, then each throttle, then free again."""
    found = await watch(candidate.source, "free", 15)
    for rate in rates_kbps:
        network.relay.up.conditions = Conditions(bits_per_second=rate * 1_000, queue_s=QUEUE_S)
        found += await watch(candidate.source, f"{rate} kbps", seconds)
    network.relay.up.conditions = Conditions()
    return found + await watch(candidate.source, "free again", 45)


async def measure(rates_kbps: list[int], seconds: int) -> Throttled:
    """The whole run on a fresh interview."""
    async with stage() as it, bad_network(1) as network:
        candidate, interview = await it.recording(network)
        since = await sent_until_now(candidate.source)
        found = await run(candidate, network, rates_kbps, seconds)
        sent = await sent_until_now(candidate.source)
        await candidate.source.runs_on(1)
        drawn = await candidate.source.drawn()
        connections = int((await candidate.source.outbound())["connections"]["count"])
        await candidate.finish()
        seen = await it.server.api(interview, it.hr_token)
        left = await losses(it.server, interview, it.server.data / seen["video_file_path"], drawn, since, sent)
        return Throttled(found, left, connections, network.relay.up.counts.dropped)


def came_back_after(seconds: list[Second]) -> int | None:
    """Seconds after the last change until the picture stayed above the mark for 3 s; None when it never did."""
    free = [second for second in seconds if second.stage == "free again"]
    for first, *others in zip(free, free[1:], free[2:], strict=False):
        if all(second.video_bps > BACK_ABOVE_BPS for second in (first, *others)):
            return first.since_change_s
    return None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kbps", type=int, nargs="+", default=[120, 200], help="throttles, one after the other")
    parser.add_argument("--seconds", type=int, default=60, help="of each")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.kbps, arguments.seconds))
    print_table(
        "throttled uplink, 300 ms queue, every fifth second",
        ("stage", "after s", "video kbps", "audio kbps", "size", "fps"),
        [
            (
                one.stage,
                one.since_change_s,
                one.video_bps / 1_000,
                one.audio_bps / 1_000,
                one.size,
                one.frames_per_second,
            )
            for one in result.seconds
            if one.since_change_s % 5 == 0 or one.since_change_s == 1
        ],
    )
    back = came_back_after(result.seconds)
    print(f"  packets dropped by the queue: {result.dropped}; sound lost: {result.losses.lost_sound * 100:.2f} %;")
    print(
        f"  sent pictures decodable: {result.losses.decodable * 100:.1f} %; gaps in the database: {len(result.losses.gaps)}"
    )
    print_verdict("lost sound under 1 %", met=result.losses.lost_sound < MOST_LOST_SOUND)
    print_verdict("no reconnect", met=result.connections == 1)
    print_verdict(f"above 200 kbps again within 30 s (after {back} s)", met=back is not None and back <= BACK_WITHIN_S)


if __name__ == "__main__":
    main()
