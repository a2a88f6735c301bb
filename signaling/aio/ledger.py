"""What the database is told of a live interview, in order and at most once a second.

Media never waits for the database. What cannot be written now (another process holds the lock, the disk is full) is
tried again every second; what the server takes with it when it dies, the next start mends from the files.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from db import recordings
from db.clock import Clock
from db.engine import Database
from db.errors import DatabaseBusy, DiskFull, NotFound
from db.recordings import NewGap, PartOutcome
from db.states import IllegalTransition, InterviewState
from media_server.recording.bitrate import WINDOW_MS
from media_server.recording.events import BitrateWindow, GapFound, PartClosed, PartReopened, PartReport

logger = logging.getLogger(__name__)

INTERVAL_S = 1.0
SETTLE_WITHIN_S = 5.0

Entry = PartReopened | PartClosed


class Ledger:
    """One interview's way to the database."""

    def __init__(
        self, session_id: str, *, database: Database, clock: Clock, on_state: Callable[[InterviewState], None]
    ) -> None:
        self._session_id = session_id
        self._database = database
        self._clock = clock
        self._on_state = on_state
        self._entries: deque[Entry] = deque()
        self._gaps: dict[int, list[NewGap]] = {}
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
        return not self._entries and not self._gaps

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
        """One transaction: the oldest entry with its part's gaps, or a part's gaps alone."""
        entry = self._entries[0] if self._entries else None
        number = entry.number if entry is not None else next(iter(self._gaps))
        gaps = self._gaps.pop(number, [])
        try:
            async with self._database.writing() as db_session:
                state = await self._write(db_session, number, entry, gaps)
        except (DatabaseBusy, DiskFull) as error:
            self._gaps[number] = gaps + self._gaps.get(number, [])
            logger.warning("interview %s: the database cannot be written now (%s)", self._session_id, error)
            return
        except (IllegalTransition, NotFound) as error:
            # Deleted under our hands, or over for another reason: the files are the truth then.
            logger.warning("interview %s: part %d was not written down (%s)", self._session_id, number, error)
            state = None
        except Exception:
            logger.exception("interview %s: part %d was not written down", self._session_id, number)
            state = None
        if entry is not None:
            self._entries.popleft()
        if state is not None:
            self._on_state(state)

    async def _write(
        self, db_session: AsyncSession, number: int, entry: Entry | None, gaps: list[NewGap]
    ) -> InterviewState | None:
        now = self._clock.utc_now()
        match entry:
            case PartClosed(report=report):
                return await recordings.close_part(
                    db_session, self._session_id, number, outcome_of(report), now, gaps=gaps
                )
            case PartReopened():
                await recordings.reopen_part(db_session, self._session_id, number, now)
                await recordings.add_gaps(db_session, self._session_id, number, gaps)
                return InterviewState.IN_PROGRESS
            case None:
                await recordings.add_gaps(db_session, self._session_id, number, gaps)
                return None


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
