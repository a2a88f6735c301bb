"""What the database is told of a live interview, in order and at most once a second.

Media never waits for the database. What cannot be written now (another process holds the lock, the disk is full, the file is away) is
tried again every second; what the server takes with it when it dies, the next start mends from the files.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from db import flows, recordings
from db.clock import Clock
from db.engine import Database
from db.errors import NotFound, NotNow
from db.flows import StoredPlace
from db.recordings import NewGap, NewMark, PartOutcome
from db.states import IllegalTransition, InterviewState
from media_server.recording.bitrate import WINDOW_MS
from media_server.recording.events import BitrateWindow, GapFound, PartClosed, PartReopened, PartReport

logger = logging.getLogger(__name__)

INTERVAL_S = 1.0
SETTLE_WITHIN_S = 5.0

Entry = PartReopened | PartClosed


@dataclass(slots=True)
class _Batch:
    """What one transaction takes: a part's news, and how far the questions have come."""

    number: int | None
    entry: Entry | None
    gaps: list[NewGap] = field(default_factory=list)
    place: StoredPlace | None = None
    marks: list[NewMark] = field(default_factory=list)

    @property
    def has_part(self) -> bool:
        return self.entry is not None or bool(self.gaps)

    @property
    def has_questions(self) -> bool:
        return self.place is not None or bool(self.marks)


class Ledger:
    """One interview's way to the database."""

    def __init__(
        self, session_id: str, *, database: Database, clock: Clock, on_state: Callable[[InterviewState], None]
    ) -> None:
        self.session_id = session_id
        self._database = database
        self._clock = clock
        self._on_state = on_state
        self._entries: deque[Entry] = deque()
        self._gaps: dict[int, list[NewGap]] = {}
        self._place: StoredPlace | None = None
        self._marks: list[NewMark] = []
        self._writing: asyncio.Task[None] | None = None
        self._urgent = asyncio.Event()
        self._due = float("-inf")

    def note(self, event: Entry | GapFound) -> None:
        """Take an event; it is written soon, after those before it."""
        match event:
            case GapFound(number, gap):
                noted = self._gaps.setdefault(number, [])
                noted.append(NewGap(gap.kind.value, gap.start_ms, gap.end_ms, gap.reason))
            case PartReopened() | PartClosed():
                self._entries.append(event)
                self._urgent.set()
        self._start()

    def note_place(self, place: StoredPlace) -> None:
        """Take where the candidate is now; of several in a second only the newest is written."""
        self._place = place
        self._start()

    def note_mark(self, mark: NewMark) -> None:
        """Take a mark."""
        self._marks.append(mark)
        self._start()

    def _start(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write_all())

    async def settle(self) -> bool:
        """Write down now what was noted so far; False when the database did not take it in time."""
        self._urgent.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_WITHIN_S):
                while self._writing is not None and not self._writing.done():
                    await asyncio.shield(self._writing)
        return self.is_settled

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits to be written."""
        return not (self._entries or self._gaps or self._place or self._marks)

    async def _write_all(self) -> None:
        while not self.is_settled:
            await self._until_due()
            self._urgent.clear()
            await self._write_one()
            self._due = self._clock.monotonic() + INTERVAL_S

    async def _until_due(self) -> None:
        """Gaps are collected for a second; the end of a part is not kept waiting."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._due - self._clock.monotonic())):
                await self._urgent.wait()

    async def _write_one(self) -> None:
        """One transaction. What the database refuses for good holds nothing else up."""
        batch = self._batch()
        state = None
        try:
            async with self._database.writing() as db_session:
                state = await self._write(db_session, batch)
        except NotNow as error:
            self._take_back(batch, part=True)
            logger.warning("interview %s: the database cannot be written now (%s)", self.session_id, error)
            return
        except (IllegalTransition, NotFound) as error:
            # Deleted under our hands, or over for another reason: the files are the truth then.
            logger.warning("interview %s: part %s was not written down (%s)", self.session_id, batch.number, error)
            self._take_back(batch, part=False)
        except Exception:
            logger.exception("interview %s: part %s was not written down", self.session_id, batch.number)
            self._take_back(batch, part=False)
        if batch.entry is not None:
            self._entries.popleft()
        if state is not None:
            self._on_state(state)

    def _batch(self) -> _Batch:
        """The oldest entry with its part's gaps, or a part's gaps alone; and all that is known of the questions."""
        entry = self._entries[0] if self._entries else None
        number = entry.number if entry is not None else next(iter(self._gaps), None)
        gaps = self._gaps.pop(number, []) if number is not None else []
        batch = _Batch(number, entry, gaps, self._place, self._marks)
        self._place, self._marks = None, []
        return batch

    def _take_back(self, batch: _Batch, *, part: bool) -> None:
        """It is tried again: all of it, or what had no share in the failure."""
        if part and batch.gaps and batch.number is not None:
            self._gaps[batch.number] = batch.gaps + self._gaps.get(batch.number, [])
        if part or (batch.has_part and batch.has_questions):
            self._place = self._place or batch.place
            self._marks = batch.marks + self._marks

    async def _write(self, db_session: AsyncSession, batch: _Batch) -> InterviewState | None:
        now = self._clock.utc_now()
        state = None
        match batch.entry:
            case PartClosed(number=number, report=report):
                outcome = outcome_of(report)
                state = await recordings.close_part(db_session, self.session_id, number, outcome, now, gaps=batch.gaps)
            case PartReopened(number=number):
                await recordings.reopen_part(db_session, self.session_id, number, now)
                await recordings.add_gaps(db_session, self.session_id, number, batch.gaps)
                state = InterviewState.IN_PROGRESS
            case None if batch.number is not None:
                await recordings.add_gaps(db_session, self.session_id, batch.number, batch.gaps)
            case None:
                pass
        if batch.place is not None:
            await flows.save(db_session, self.session_id, batch.place, now)
        if batch.marks:
            await recordings.add_marks(db_session, self.session_id, batch.marks)
        return state


def outcome_of(report: PartReport) -> PartOutcome:
    """What the database keeps of a part's report."""
    return PartOutcome(
        end_reason=report.reason.value,
        duration_ms=report.duration_ms,
        size_bytes=report.size_bytes,
        video_codec=report.video_codec,
        audio_codec=report.audio_codec,
        width=report.width,
        height=report.height,
        video_kbps=_mean_kbps(report, lambda window: window.video_bps) if report.video_codec else None,
        audio_kbps=_mean_kbps(report, lambda window: window.audio_bps) if report.audio_codec else None,
        bitrate_windows=[
            {"start_ms": window.start_ms, "video_bps": window.video_bps, "audio_bps": window.audio_bps}
            for window in report.windows
        ],
    )


def _mean_kbps(report: PartReport, bps_of: Callable[[BitrateWindow], int]) -> float | None:
    """Everything the windows hold, over the part's whole length; a window in which nothing came is not among them."""
    if report.duration_ms <= 0:
        return None
    weighed = sum(
        bps_of(window) * min(WINDOW_MS, max(0, report.duration_ms - window.start_ms)) for window in report.windows
    )
    return round(weighed / report.duration_ms / 1_000, 1)
