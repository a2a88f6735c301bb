"""Packet loss each way, delay and jitter through a UDP relay: how much is decodable, and is every gap written down?"""

import argparse
import asyncio

from bench.report import print_table, print_verdict
from bench.stage import bad_network, stage
from tests.fakes.relay import Conditions, Counts
from tests.live.scenarios import Losses, losses, part_closed, sent_until_now

LEAST_DECODABLE = 0.99
MOST_LOST_SOUND = 0.01
MILLISECONDS = 1_000


async def measure(conditions: Conditions, seconds: float, seed: int) -> tuple[Losses, Counts]:
    """Record for that long; what is left, and what the relay did to the sender's packets."""
    async with stage() as it, bad_network(seed) as network:
        network.conditions = conditions
        candidate, interview = await it.recording(network)
        since = await sent_until_now(candidate.source)
        await candidate.source.runs_on(seconds)
        sent = await sent_until_now(candidate.source)
        await candidate.source.runs_on(1)
        drawn = await candidate.source.drawn()
        await candidate.page.close()
        await part_closed(it.server, interview, 1)
        found = await losses(it.server, interview, it.server.part_files(interview)[0], drawn, since, sent)
        return found, network.relay.up.counts


def gap_ms(found: Losses, track: str) -> int:
    """What the database says is missing of a track, milliseconds."""
    return sum(gap["end_ms"] - gap["start_ms"] for gap in found.gaps if gap["track"] == track)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loss", type=float, default=5.0, help="percent, each way")
    parser.add_argument("--rtt", type=float, default=100.0, help="milliseconds")
    parser.add_argument("--jitter", type=float, default=20.0, help="milliseconds more or less, each way")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    conditions = Conditions(
        loss=arguments.loss / 100,
        delay_s=arguments.rtt / MILLISECONDS / 2,
        jitter_s=arguments.jitter / MILLISECONDS,
    )
    found, counts = asyncio.run(measure(conditions, arguments.seconds, arguments.seed))
    sound = found.decoded.sound
    print_table(
        f"{arguments.loss:g} % loss each way, {arguments.rtt:g} ms round trip, {arguments.jitter:g} ms jitter",
        ("what", "value"),
        [
            ("packets from the sender", counts.received),
            ("of them lost", counts.lost),
            ("frames drawn", found.drawn_frames),
            ("frames decoded", len(found.decoded.counters)),
            ("frames drawn but missing", found.missing_frames),
            ("frames decoded but broken", found.unreadable),
            ("sent pictures that are decodable, %", found.decodable * 100),
            ("video time without a step over 100 ms, %", found.covered * 100),
            ("sound lost, %", found.lost_sound * 100),
            ("sound filled, s", sound.concealed_s),
            ("sound without any packet, s", sound.holes_s),
            ("gaps in the database", len(found.gaps)),
            ("their sound, ms", gap_ms(found, "audio")),
            ("their picture, ms", gap_ms(found, "video")),
        ],
    )
    print_verdict("at least 99 % of what was sent is decodable", met=found.decodable >= LEAST_DECODABLE)
    print_verdict("lost sound under 1 %", met=found.lost_sound < MOST_LOST_SOUND)
    told = gap_ms(found, "audio") >= (sound.concealed_s + sound.holes_s) * MILLISECONDS
    print_verdict("every gap of the sound is in the database", met=told)


if __name__ == "__main__":
    main()
