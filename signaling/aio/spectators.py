"""Those who watch an interview while it is recorded: what there is to see, and being woken when there is more.

They cost the live path one wake-up each time a part is synced, and only while anybody watches. The octets are read
elsewhere, in threads, from the page cache.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from db.states import InterviewState
from media_server.webm.open_index import OpenIndex
from signaling.aio.progress import Progress

MOST_INDEXES = 3
"Of the newest parts; whoever still watches an older one finds it as a file that is closed."

GOES_ON = frozenset({InterviewState.IN_PROGRESS, InterviewState.INTERRUPTED})
"While there is something to watch."


@dataclass(frozen=True, slots=True)
class PartSeen:
    """One part, as far as it can be watched."""

    number: int
    "Its number within the interview."
    is_open: bool
    "Whether it is being written."
    duration_ms: int
    "What of it is on the disk."
    end: int | None
    "Octets of it that are on the disk; None for one that this server has not written itself."


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is to see of an interview."""

    state: InterviewState
    "Where it stands."
    parts: tuple[PartSeen, ...]
    "All of them, by number."
    saved_ms: int
    "How much of the whole interview is on the disk."
    is_silent: bool
    "Whether a microphone was agreed on and no sound arrives."
    is_last: bool
    "Whether nothing more will be told: it is over, or the server stops."


class Spectators:
    """Of one interview."""

    def __init__(self) -> None:
        self._indexes: dict[int, OpenIndex] = {}
        self._waiting: set[asyncio.Event] = set()
        self.count = 0
        "How many watch."
        self.is_closed = False
        "Whether the server stops."
        self.is_silent = False
        "Whether a microphone was agreed on and no sound arrives."

    def part_opened(self, number: int, index: OpenIndex) -> None:
        """A part is being written, and this is where it can be entered."""
        self._indexes[number] = index
        while len(self._indexes) > MOST_INDEXES:
            del self._indexes[min(self._indexes)]

    def index(self, number: int) -> OpenIndex | None:
        """Of that part, if this server writes it or did lately."""
        return self._indexes.get(number)

    def parts(self, progress: Progress) -> tuple[PartSeen, ...]:
        """What there is of each part."""
        durations = dict(progress.closed_ms)
        if progress.part is not None:
            durations[progress.part] = progress.part_saved_ms
        return tuple(
            PartSeen(number, number == progress.part, durations[number], self._end(number))
            for number in sorted(durations)
        )

    def _end(self, number: int) -> int | None:
        index = self._indexes.get(number)
        return None if index is None else index.end

    def sight(self, state: InterviewState, progress: Progress) -> Sight:
        """What there is to see now."""
        is_last = self.is_closed or state not in GOES_ON
        return Sight(state, self.parts(progress), progress.saved_ms, self.is_silent, is_last)

    def tell(self) -> None:
        """There is more to see, or something has changed."""
        for event in self._waiting:
            event.set()

    def close(self) -> None:
        """The server stops: nobody waits any longer."""
        self.is_closed = True
        self.tell()

    @contextlib.asynccontextmanager
    async def seat(self) -> AsyncIterator[asyncio.Event]:
        """Take part; the event is set whenever there is news, and is the spectator's own to clear."""
        news = asyncio.Event()
        self._waiting.add(news)
        self.count += 1
        try:
            yield news
        finally:
            self.count -= 1
            self._waiting.discard(news)
