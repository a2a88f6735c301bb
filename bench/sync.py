"""Sound against picture, as a viewer sees and hears it, relative to Chromium's own MediaRecorder.

The reference is recorded with PCM: with Opus, MediaRecorder itself stamps sound about 50 ms late. Chromium
plays no PCM in WebM, so its sound is encoded afterwards, timestamps kept.

A flash and a beep happen at the same instant, once a second. The candidate's page is recorded by the
server and, for a stretch at a time, by Chromium's own MediaRecorder from the same source. Both files are
played in Chromium: requestVideoFrameCallback sees the flash, an AudioWorklet hears the beep.
"""

import argparse
import asyncio
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import av

from bench.report import print_table, print_verdict
from bench.stage import Stage, bad_network, stage
from tests.fakes.relay import Conditions
from tests.live.browser import CandidatePage
from tests.live.decode import SAMPLE_RATE, Decoded, decode, events, samples
from tests.live.network import BadNetwork
from tests.live.playback import Player, player

EVENTS = 20
STRETCH_S = EVENTS + 6
MEDIAN_WITHIN_MS = 20.0
ALL_WITHIN_MS = 60.0
LOSSY = Conditions(loss=0.05, delay_s=0.05, jitter_s=0.02)
TROUBLE_S = 8.0
PIECES = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch that was recorded twice."""

    name: str
    "When in the interview."
    first_counter: int
    "The counter at its begin."
    last_counter: int
    "The counter at its end."
    reference: Path
    "Chromium's own recording of it."


@dataclass(frozen=True, slots=True)
class Lateness:
    """How much later than the picture the sound is, event by event."""

    name: str
    "When in the interview."
    played_ms: list[float]
    "Our recording, as seen and heard in Chromium."
    reference_played_ms: list[float]
    "Chromium's own recording, played the same way."
    decoded_ms: list[float]
    "Our recording, by the file's timestamps alone."
    reference_decoded_ms: list[float]
    "Chromium's own, by its timestamps alone."

    @property
    def relative_ms(self) -> list[float]:
        """Ours, event by event, relative to the median of the reference: what is promised."""
        middle = statistics.median(self.reference_played_ms)
        return [late - middle for late in self.played_ms]

    @property
    def median_ms(self) -> float:
        """Of what was seen and heard."""
        return statistics.median(self.relative_ms)

    @property
    def worst_ms(self) -> float:
        """The one farthest from zero."""
        return max(self.relative_ms, key=abs)


async def record_stretch(candidate: CandidatePage, name: str, folder: Path) -> Stretch:
    """Let Chromium's own recorder run beside ours for a while."""
    source = candidate.source
    await source.start_reference()
    first = await source.counter()
    await source.runs_on(STRETCH_S)
    last = await source.counter()
    reference = await source.stop_reference(folder / f"reference-{name.replace(' ', '-')}.webm")
    return Stretch(name, first, last, await asyncio.to_thread(with_opus, reference))


def with_opus(recorded: Path) -> Path:
    """The same file with its PCM sound as Opus, which Chromium plays; the picture is copied."""
    written = recorded.with_suffix(".opus.webm")
    with av.open(str(recorded)) as source, av.open(str(written), "w", format="webm") as target:
        video = target.add_stream_from_template(source.streams.video[0])
        audio = target.add_stream("libopus", rate=SAMPLE_RATE)
        whole = av.AudioFrame.from_ndarray(samples(recorded).reshape(1, -1), format="flt", layout="mono")
        whole.sample_rate = SAMPLE_RATE
        for encoded in (*audio.encode(whole), *audio.encode(None)):
            target.mux(encoded)
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = video
                target.mux(packet)
    return written


async def record(it: Stage, minutes: float, network: BadNetwork) -> tuple[Path, list[Stretch]]:
    """A whole interview with its troubles; the downloaded recording and its stretches."""
    candidate, interview = await it.recording(network)
    source = candidate.source

    async def later() -> None:
        await source.runs_on(minutes * 60)

    async def loss() -> None:
        network.set_both(LOSSY)
        await source.runs_on(TROUBLE_S)
        network.set_both(Conditions())

    async def stalled_camera() -> None:
        await source.stall(stalled=True)
        await source.runs_on(TROUBLE_S)
        await source.stall(stalled=False)

    troubles: list[tuple[str, Callable[[], Awaitable[None]]]] = [
        ("after loss", loss),
        ("after a stalled camera", stalled_camera),
    ]
    if minutes > 0:
        troubles.insert(0, (f"after {minutes:g} min", later))
    stretches = [await record_stretch(candidate, "at the start", it.folder)]
    for name, trouble in troubles:
        await trouble()
        await source.runs_on(2)
        stretches.append(await record_stretch(candidate, name, it.folder))
    await candidate.finish()
    return await it.server.download(interview, it.hr_token, it.folder / "interview.webm"), stretches


def time_of(decoded: Decoded, counter: int) -> float:
    """When the file shows the first frame that is not before `counter`."""
    return next(
        picture.time_s for picture in decoded.pictures if picture.counter is not None and picture.counter >= counter
    )


def late_by_timestamps(decoded: Decoded, stretch: Stretch) -> list[float]:
    """By the file's timestamps, for the events of one stretch."""
    return [
        event.sound_late_ms for event in events(decoded) if stretch.first_counter < event.counter < stretch.last_counter
    ]


async def play(chromium_player: Player, file: Path, begin: float, end: float) -> list[float]:
    """Play it in pieces, each from a fresh page: a player keeps one chance delay for as long as it runs."""
    late: list[float] = []
    piece = (end - begin) / PIECES
    for number in range(PIECES):
        late += await chromium_player.sound_late_ms(file, begin + number * piece, begin + (number + 1) * piece)
    return late


async def compare(chromium_player: Player, recording: Path, stretch: Stretch) -> Lateness:
    """Play the stretch from both files."""
    ours, theirs = decode(recording), decode(stretch.reference)
    begin, end = time_of(ours, stretch.first_counter), time_of(ours, stretch.last_counter - 12)
    played = await play(chromium_player, recording, begin, end)
    reference = await play(chromium_player, stretch.reference, 0.0, theirs.video_end_s - 0.5)
    return Lateness(
        stretch.name, played, reference, late_by_timestamps(ours, stretch), late_by_timestamps(theirs, stretch)
    )


async def measure(minutes: float) -> list[Lateness]:
    """Record, then play."""
    async with stage() as it, bad_network(1) as network:
        recording, stretches = await record(it, minutes, network)
        async with player(it.browser) as chromium_player:
            return [await compare(chromium_player, recording, stretch) for stretch in stretches]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="between the first two stretches; 0 leaves it out")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.minutes))
    print_table(
        "sound later than picture, ms; relative: to Chromium's own MediaRecorder, played",
        (
            "when",
            "events",
            "relative median",
            "relative worst",
            "ours played",
            "its own",
            "ours by timestamps",
            "its own",
        ),
        [
            (
                one.name,
                len(one.played_ms),
                one.median_ms,
                one.worst_ms,
                statistics.median(one.played_ms),
                statistics.median(one.reference_played_ms),
                statistics.median(one.decoded_ms),
                statistics.median(one.reference_decoded_ms),
            )
            for one in found
        ],
    )
    enough = all(len(one.played_ms) >= EVENTS for one in found)
    print_verdict(f"at least {EVENTS} events each", met=enough)
    print_verdict("medians within 20 ms", met=all(abs(one.median_ms) <= MEDIAN_WITHIN_MS for one in found))
    print_verdict("none over 60 ms", met=all(abs(one.worst_ms) <= ALL_WITHIN_MS for one in found))


if __name__ == "__main__":
    main()
