"""What is done to a live interview, and what is then measured; tests assert on it, benchmarks print it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext

from db.clock import SystemClock
from tests.live.browser import CandidatePage, Source, new_candidate_page
from tests.live.decode import FRAMES_PER_SECOND, Decoded, covered_share, decode, missing_counters
from tests.live.harness import Interview, Server, ServerError, until
from tests.live.network import BadNetwork
from tests.live.playback import Played, Player

CLOCK = SystemClock()

OPEN = "open"
CLOSED_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Killed:
    """A server that was killed and restarted in the middle of an interview."""

    last_sent: int
    "The last counter that the page drew before the kill."
    last_decodable: int
    "The last counter in the file, mended by the restart."
    sound_behind_s: float
    "How much earlier than the picture the file's sound ends."
    played: Played
    "What Chromium made of the file."

    @property
    def missing_s(self) -> float:
        """Seconds of picture that were sent and are gone."""
        return (self.last_sent - self.last_decodable) / FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Closing:
    """How a part came to its end."""

    seconds: float
    "From the event until the database says that the part is closed."
    end_reason: str
    "What the database gives as the reason."
    missing_s: float
    "Seconds of picture between the event and the last counter in the file before it."
    played: Played
    "What Chromium made of the file."


@dataclass(frozen=True, slots=True)
class Sent:
    """What a page had sent at a moment."""

    counter: int
    "The counter that was due."
    frames: int
    "Pictures that had left the encoder, as the sender counts; it skips a few by itself."


@dataclass(frozen=True, slots=True)
class Losses:
    """What a bad network left of a recording."""

    decodable: float
    "Share of the pictures that were sent which are decoded from the file, 0 to 1."
    covered: float
    "Share of the video's time in which the picture moves, 0 to 1; what the encoder skipped counts against it too."
    missing_frames: int
    "Drawn counters that are not in the file."
    drawn_frames: int
    "Drawn counters."
    unreadable: int
    "Decoded pictures whose counter does not add up."
    lost_sound: float
    "Share of the sound's time that was filled or is not there, 0 to 1."
    gaps: list[dict[str, Any]]
    "The database's rows."
    decoded: Decoded
    "The file."


async def begin(server: Server, context: BrowserContext, interview: Interview) -> CandidatePage:
    """A fresh tab that opens the link, consents and records."""
    candidate = await new_candidate_page(context)
    await candidate.open(server.candidate_url(interview))
    await candidate.consent()
    await candidate.start()
    return candidate


async def go_on(server: Server, context: BrowserContext, interview: Interview) -> CandidatePage:
    """A fresh tab that opens the same link later."""
    candidate = await new_candidate_page(context)
    await candidate.open(server.candidate_url(interview))
    await candidate.start()
    return candidate


def part_rows(server: Server, interview: Interview) -> list[dict[str, Any]]:
    """The parts in the database, in order."""
    return server.rows("SELECT * FROM parts WHERE session_id = ? ORDER BY number", interview.session_id)


def gap_rows(server: Server, interview: Interview) -> list[dict[str, Any]]:
    """The gaps in the database, with the number of their part."""
    return server.rows(
        "SELECT parts.number, gaps.track, gaps.start_ms, gaps.end_ms, gaps.reason FROM gaps"
        " JOIN parts ON parts.id = gaps.part_id WHERE parts.session_id = ? ORDER BY parts.number, gaps.start_ms",
        interview.session_id,
    )


async def part_closed(server: Server, interview: Interview, number: int) -> dict[str, Any]:
    """Wait until a part is closed; its row. Raises TimeoutError."""

    async def closed() -> dict[str, Any] | None:
        rows = part_rows(server, interview)
        return rows[number - 1] if len(rows) >= number and rows[number - 1]["state"] != OPEN else None

    row = await until(closed, within_s=CLOSED_WITHIN_S)
    assert row is not None
    return row


async def last_sent_before(source: Source, wall_s: float) -> int:
    """The last counter that was drawn for the camera before a moment."""
    due = (wall_s - await source.started_at()) * FRAMES_PER_SECOND
    return max((counter for counter in await source.drawn() if counter <= due), default=0)


async def kill_and_restart(server: Server, candidate: CandidatePage, interview: Interview, player: Player) -> Killed:
    """`kill -9`, restart on the same data, and look at what the part holds."""
    number = len(server.part_files(interview))
    moment = CLOCK.utc_now().timestamp()
    await server.kill()
    last_sent = await last_sent_before(candidate.source, moment)
    await candidate.page.close()
    await server.start()
    await part_closed(server, interview, number)
    path = server.part_files(interview)[number - 1]
    decoded = await asyncio.to_thread(decode, path)
    return Killed(
        last_sent=last_sent,
        last_decodable=max(decoded.counters, default=0),
        sound_behind_s=decoded.video_end_s - decoded.sound.end_s,
        played=await player.check(path),
    )


async def close_tab(candidate: CandidatePage, _network: BadNetwork) -> None:
    """Leave the page as a person does: it hears `pagehide`."""
    await candidate.page.close(run_before_unload=True)


async def crash_tab(candidate: CandidatePage, _network: BadNetwork) -> None:
    """The tab's process dies at once, without a word."""
    crashing = asyncio.ensure_future(candidate.page.goto("chrome://crash"))
    await candidate.page.wait_for_event("crash")
    crashing.cancel()
    with suppress(asyncio.CancelledError, Exception):  # the navigation never arrives
        await crashing


async def cut_network(_candidate: CandidatePage, network: BadNetwork) -> None:
    """The relay stops: nothing passes any more."""
    network.cut()


async def interrupt(
    server: Server,
    candidate: CandidatePage,
    interview: Interview,
    player: Player,
    network: BadNetwork,
    event: Callable[[CandidatePage, BadNetwork], Awaitable[None]],
) -> Closing:
    """Let something happen to the sender and wait for its part to be closed."""
    number = len(server.part_files(interview))
    started_at = await candidate.source.started_at()
    before = CLOCK.monotonic()
    moment = CLOCK.utc_now().timestamp()
    await event(candidate, network)
    row = await part_closed(server, interview, number)
    seconds = CLOCK.monotonic() - before
    path = server.part_files(interview)[number - 1]
    decoded = await asyncio.to_thread(decode, path)
    due = (moment - started_at) * FRAMES_PER_SECOND
    return Closing(
        seconds=seconds,
        end_reason=str(row["end_reason"]),
        missing_s=max(0.0, due - max(decoded.counters, default=0)) / FRAMES_PER_SECOND,
        played=await player.check(path),
    )


async def sent_until_now(source: Source) -> Sent:
    """Read the sender's count. Let the recording run on for a second before it ends, so that this much is through."""
    video = (await source.outbound())["video"]
    return Sent(await source.counter(), int(video["framesSent"]))


async def losses(
    server: Server, interview: Interview, path: Path, drawn: list[int], since: Sent, until_then: Sent
) -> Losses:
    """What is in a file against what was drawn and sent between two moments, and what the database says is missing."""
    decoded = await asyncio.to_thread(decode, path)
    sound = decoded.sound
    arrived = sum(since.counter < counter <= until_then.counter for counter in decoded.counters)
    sent = until_then.frames - since.frames
    return Losses(
        decodable=min(1.0, arrived / sent) if sent else 0.0,
        covered=covered_share(decoded),
        missing_frames=len(missing_counters(decoded, drawn)),
        drawn_frames=len(drawn),
        unreadable=decoded.unreadable,
        lost_sound=(sound.concealed_s + sound.holes_s) / sound.end_s if sound.end_s else 1.0,
        gaps=gap_rows(server, interview),
        decoded=decoded,
    )


async def on_disk(server: Server, interview: Interview) -> Decoded:
    """The newest part as it lies on disk now, while it is being written."""
    path = server.part_files(interview)[-1]
    with suppress(FileNotFoundError):
        return await asyncio.to_thread(decode, path)
    raise ServerError(f"{path} vanished")
