"""One part being written: carries out what the recorder decides.

The recorder thinks, this does: it opens the part when there is a first frame to write, hands file
actions to the disk and feedback to the sender, wakes the recorder when it asks for that, and tells
what happened through `on_event`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from db.clock import Clock
from media_server.aio.disk import STALLED_S, Disk, DiskFile
from media_server.aio.traffic import Traffic
from media_server.recording.events import (
    Arrived,
    DiskTrouble,
    EndReason,
    GapFound,
    OverCap,
    PartClosed,
    PartGap,
    PartOpened,
    PartReopened,
    PublisherEvent,
    Saved,
    Trouble,
)
from media_server.recording.recorder import EndForOverCap, Recorder, SlowDown
from media_server.rtp.packet import KeyframeWish, MediaKind, Nack, RtpPacket
from media_server.webm.actions import FileAction, Sync, Truncate, Write

logger = logging.getLogger(__name__)

MOST_EARLY = 4 * 1024 * 1024
"""Octets kept for a part that cannot be written yet: a minute and a half at the caps.

A part that follows a pause waits until the one before it is on the disk, a database may be locked for a minute, and a
disk can take its time, or be gone for a while.
"""


class Feedback(Protocol):
    """The way back to the sender."""

    def send_nack(self, ssrc: int, sequence_numbers: Sequence[int]) -> None:
        """Ask for packets again."""
        ...

    def send_picture_loss(self, ssrc: int) -> None:
        """Ask for a keyframe."""
        ...


@dataclass(frozen=True, slots=True)
class PartPlace:
    """Where a part goes."""

    number: int
    "Its number within the interview."
    path: Path
    "Its file, which does not exist yet."


@dataclass(frozen=True, slots=True)
class PartMoment:
    """A moment of a part."""

    number: int
    "The part's number within the interview."
    offset_ms: int
    "Milliseconds from its beginning."


@dataclass(frozen=True, slots=True)
class CaptureHooks:
    """What a capture needs from those above it."""

    open_part: Callable[[], Awaitable[PartPlace]]
    "Allots the part; called once, when the first frame has come. What it raises ends the capture."
    create_file: Callable[[Path], int]
    "Creates the part's file and returns its descriptor; runs in the writer thread."
    open_again: Callable[[Path], int] | None
    "Opens that file by its name, once its disk is back; runs in the writer thread. None where that cannot be done."
    on_event: Callable[[PublisherEvent], None]
    "Hears what happens."
    on_over_cap: Callable[[int], None]
    "Told the bitrate (bits per second) when the sender has to slow down."
    on_end: Callable[[EndReason], None]
    "Told when the capture cannot go on."
    traffic: Traffic = field(default_factory=Traffic)
    "Where what arrived is counted."


class Capture:
    """The shell around one :class:`Recorder`."""

    def __init__(
        self, recorder: Recorder, *, disk: Disk, clock: Clock, feedback: Feedback, hooks: CaptureHooks
    ) -> None:
        self._recorder = recorder
        self._disk = disk
        self._clock = clock
        self._feedback = feedback
        self._hooks = hooks
        self._loop = asyncio.get_running_loop()
        self._file: DiskFile | None = None
        self._early: list[FileAction] = []
        self._early_size = 0
        self._early_gaps: list[PartGap] = []
        self._is_behind = False  # more waits than memory is to hold
        self._refused: Trouble | None = None
        self._number = 0  # until the part has one
        self._wake: asyncio.TimerHandle | None = None
        self._wake_at = 0.0
        self._settling = asyncio.Lock()
        self._open = True
        self._failed = False
        self._counted = Arrived()
        self._opening: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # What arrives -------------------------------------------------------------

    def receive_packet(self, kind: MediaKind, packet: RtpPacket) -> None:
        """Take one packet; goes on in the same part if it had been closed in place."""
        if self._failed:
            return
        if not self._open:
            self._reopen()
        self._feed(lambda now: self._recorder.receive_packet(kind, packet, now))

    def receive_sender_report(self, kind: MediaKind, ssrc: int, ntp_seconds: float, rtp_timestamp: int) -> None:
        """Take a sender report's pair of times."""
        self._feed(lambda now: self._recorder.receive_sender_report(kind, ssrc, ntp_seconds, rtp_timestamp, now))

    def receive_encode_start(self, waited_ms: int) -> None:
        """Take how long a picture, by its own stamp, had waited for its encoding."""
        self._feed(lambda now: self._recorder.receive_encode_start(waited_ms, now))

    def locate(self, ntp_seconds: float | None, arrival: float, *, final: bool) -> PartMoment | None:
        """Where in this part a moment lies (:meth:`Recorder.locate`); None also while the part has no number yet."""
        offset_ms = self._recorder.locate(ntp_seconds, arrival, final=final)
        return None if offset_ms is None or self._file is None else PartMoment(self._number, offset_ms)

    def tick(self) -> None:
        """Call once a second."""
        if self._open:
            self._feed(self._recorder.tick)
            self._count()

    @property
    def is_open(self) -> bool:
        """False while the part is closed in place."""
        return self._open

    def _feed(self, step: Callable[[float], None]) -> None:
        """Let the recorder take something and carry out what it decides.

        It is written never to raise, whatever a peer sends. If it does all the same, this connection ends, and only
        this one; the sender begins a new part.
        """
        now = self._clock.monotonic()
        try:
            step(now)
            self._drain(now)
        except Exception:
            logger.exception("the recorder of part %d failed", self._number)
            self._fail()

    def _fail(self) -> None:
        self._failed = True
        self._hooks.on_end(EndReason.FAILED)

    # Its end --------------------------------------------------------------------

    def close_in_place(self, reason: EndReason) -> None:
        """Close the part; packets that come later reopen it. Does nothing before there is a part."""
        if self._open and self._opening is not None:
            self._end_recording()
            self._spawn(self._settle(reason))

    async def close(self, reason: EndReason) -> None:
        """Close the part for good. When this returns its bytes are synced, however long the disk refuses them.

        Without a single frame there is no part, and nothing is left.
        """
        if self._open:
            self._end_recording()
            await self._settle(reason)
        file = await self._opened()
        if file is not None:
            async with self._settling:
                await file.close()

    def _end_recording(self) -> None:
        self._cancel_wake()
        self._feed(self._recorder.close)
        self._count()
        self._open = False

    def _count(self) -> None:
        before, self._counted = self._counted, self._recorder.arrived()
        self._hooks.traffic.add(self._counted, before)

    async def _settle(self, reason: EndReason) -> None:
        """Tell that the part is closed, once that is true on the disk."""
        report = self._recorder.report(reason)
        async with self._settling:
            file = await self._opened()
            if file is not None:
                await file.settle()
                self._hooks.on_event(PartClosed(self._number, report))

    async def _opened(self) -> DiskFile | None:
        """The part's file, as soon as it is known; None when there is none and will be none."""
        if self._opening is not None:
            await asyncio.wait({self._opening})
        return self._file

    def _reopen(self) -> None:
        self._open = True
        self._recorder.reopen()
        self._spawn(self._tell_reopened())

    async def _tell_reopened(self) -> None:
        async with self._settling:  # the news of the closing goes first
            self._hooks.on_event(PartReopened(self._number))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What the recorder decided ----------------------------------------------------

    def _drain(self, now: float) -> None:
        files: list[FileAction] = []
        try:
            for action in self._recorder.actions():
                match action:
                    case Write() | Sync() | Truncate():
                        files.append(action)
                    case other:
                        self._pass_on(other)
        finally:
            # Whatever happens beside them: a write left out would be a hole in the file.
            self._write(files)
        self._hold_what_does_not_fit(now)
        if self._opening is None and self._recorder.has_begun:
            self._opening = asyncio.ensure_future(self._open_part())
        self._schedule(now)

    def _hold_what_does_not_fit(self, now: float) -> None:
        """Memory has its bounds: a disk that neither writes nor refuses is not waited for without end."""
        if self._file is None:
            is_too_much = self._early_size > MOST_EARLY
        else:  # what waited for its part is handed to the disk at once, so that there may be more for a moment
            is_too_much = self._file.waiting_octets > 2 * MOST_EARLY
        if is_too_much and not self._is_behind:
            self._is_behind = True
            logger.warning(
                "part %d: nothing can be saved, and memory holds no more; what comes now is lost", self._number
            )
        if self._is_behind:
            self._recorder.hold(now, Trouble.STUCK)

    def _catch_up(self) -> None:
        if self._is_behind and self._file is not None and self._file.waiting_octets < MOST_EARLY:
            self._is_behind = False
            self._release()

    def _release(self) -> None:
        if not self._is_behind and self._refused is not Trouble.FULL:
            self._feed(lambda _: self._recorder.release())

    def _pass_on(self, action: Nack | KeyframeWish | PartGap | SlowDown | EndForOverCap) -> None:
        match action:
            case Nack(ssrc, sequence_numbers):
                self._feedback.send_nack(ssrc, sequence_numbers)
            case KeyframeWish(ssrc):
                self._feedback.send_picture_loss(ssrc)
            case PartGap():
                self._tell_gap(action)
            case SlowDown(bps):
                self._hooks.on_event(OverCap(bps))
                self._hooks.on_over_cap(bps)
            case EndForOverCap():
                self._hooks.on_end(EndReason.OVER_CAP)

    def _tell_gap(self, gap: PartGap) -> None:
        if self._file is None:
            self._early_gaps.append(gap)
        else:
            self._hooks.on_event(GapFound(self._number, gap))

    def _write(self, actions: list[FileAction]) -> None:
        if self._file is None:
            self._early.extend(actions)
            self._early_size += sum(len(action.data) for action in actions if isinstance(action, Write))
        elif actions:
            self._file.apply(actions)

    def _schedule(self, now: float) -> None:
        timeout = self._recorder.next_timeout()
        if timeout is None or not self._open or (self._wake is not None and self._wake_at <= timeout):
            return
        self._cancel_wake()
        self._wake_at = timeout
        self._wake = self._loop.call_later(max(0.0, timeout - now), self._wake_up)

    def _wake_up(self) -> None:
        self._wake = None
        self._feed(self._recorder.handle_timeout)

    def _cancel_wake(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    # The file -----------------------------------------------------------------------

    async def _open_part(self) -> None:
        try:
            place = await self._placed()
        except Exception as error:  # noqa: BLE001  whatever those above raise, this connection ends
            logger.warning("no part could be opened: %r", error)
            self._early.clear()
            self._fail()
            return
        self._number = place.number
        open_again = self._hooks.open_again
        self._file = self._disk.open(
            lambda: self._hooks.create_file(place.path),
            open_again=None if open_again is None else lambda: open_again(place.path),
            on_synced=self._synced,
            on_trouble=self._trouble,
        )
        self._hooks.on_event(PartOpened(place.number, self._recorder.index))
        for gap in self._early_gaps:
            self._tell_gap(gap)
        self._file.apply(self._early)
        self._early = []
        self._is_behind = False
        self._release()

    async def _placed(self) -> PartPlace:
        """Where the part goes; people are told when that takes long."""
        opening = asyncio.ensure_future(self._hooks.open_part())
        _, late = await asyncio.wait({opening}, timeout=STALLED_S)
        if late:
            self._hooks.on_event(DiskTrouble(Trouble.STUCK))
        place = await opening
        if late:
            self._hooks.on_event(DiskTrouble(None))
        return place

    def _synced(self, length: int) -> None:
        now = self._clock.monotonic()
        self._recorder.receive_synced(length)
        self._catch_up()
        self._hooks.on_event(Saved(self._number, self._recorder.saved_ms, self._recorder.received_ms(now)))

    def _trouble(self, what: Trouble | None) -> None:
        self._refused = what
        if what is Trouble.FULL:
            self._feed(lambda now: self._recorder.hold(now, Trouble.FULL))
        else:  # what cannot be written now waits in memory, as long as there is room
            self._release()
        self._hooks.on_event(DiskTrouble(what))
