"""One part being written: carries out what the recorder decides.

The recorder thinks, this does: it opens the part when media first arrives, hands file actions
to the disk and feedback to the sender, wakes the recorder when it asks for that, and tells
what happened through `on_event`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from db.clock import Clock
from media_server.aio.disk import Disk, DiskFile
from media_server.recording.events import (
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
)
from media_server.recording.recorder import EndForOverCap, Recorder, SlowDown
from media_server.rtp.packet import KeyframeWish, MediaKind, Nack, RtpPacket
from media_server.webm.actions import FileAction, Sync, Truncate, Write


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
class CaptureHooks:
    """What a capture needs from those above it."""

    open_part: Callable[[], Awaitable[PartPlace]]
    "Allots the part; called once, when the first packet has come."
    create_file: Callable[[Path], int]
    "Creates the part's file and returns its descriptor; runs in the writer thread."
    on_event: Callable[[PublisherEvent], None]
    "Hears what happens."
    on_over_cap: Callable[[int], None]
    "Told the bitrate (bits per second) when the sender has to slow down."
    on_end: Callable[[EndReason], None]
    "Told when the capture cannot go on."


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
        self._early_gaps: list[PartGap] = []
        self._number = 0  # until the part has one
        self._wake: asyncio.TimerHandle | None = None
        self._wake_at = 0.0
        self._settling = asyncio.Lock()
        self._open = True
        self._opening = asyncio.ensure_future(self._open_part())
        self._tasks: set[asyncio.Task[None]] = set()

    # What arrives -------------------------------------------------------------

    def receive_packet(self, kind: MediaKind, packet: RtpPacket) -> None:
        """Take one packet; goes on in the same part if it had been closed in place."""
        now = self._clock.monotonic()
        if not self._open:
            self._reopen()
        self._recorder.receive_packet(kind, packet, now)
        self._drain(now)

    def receive_sender_report(self, kind: MediaKind, ssrc: int, ntp_seconds: float, rtp_timestamp: int) -> None:
        """Take a sender report's pair of times."""
        self._recorder.receive_sender_report(kind, ssrc, ntp_seconds, rtp_timestamp, self._clock.monotonic())

    def tick(self) -> None:
        """Call once a second."""
        now = self._clock.monotonic()
        if self._open:
            self._recorder.tick(now)
            self._drain(now)

    @property
    def is_open(self) -> bool:
        """False while the part is closed in place."""
        return self._open

    # Its end --------------------------------------------------------------------

    def close_in_place(self, reason: EndReason) -> None:
        """Close the part; packets that come later reopen it."""
        if self._open:
            self._end_recording()
            self._spawn(self._settle(reason))

    async def close(self, reason: EndReason) -> None:
        """Close the part for good. When this returns its bytes are synced, unless the disk refuses them."""
        was_open = self._open
        if was_open:
            self._end_recording()
        await asyncio.gather(self._opening, return_exceptions=True)
        if was_open:
            await self._settle(reason)
        if self._file is not None:
            async with self._settling:
                await self._file.close()

    def _end_recording(self) -> None:
        self._open = False
        self._cancel_wake()
        now = self._clock.monotonic()
        self._recorder.close(now)
        self._drain(now)

    async def _settle(self, reason: EndReason) -> None:
        """Tell that the part is closed, once that is true on the disk."""
        report = self._recorder.report(reason)
        async with self._settling:
            await self._opening
            if self._file is not None:
                await self._file.settle()
                self._hooks.on_event(PartClosed(self._number, report))

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
        for action in self._recorder.actions():
            match action:
                case Write() | Sync() | Truncate():
                    files.append(action)
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
        if files:
            self._write(files)
        self._schedule(now)

    def _tell_gap(self, gap: PartGap) -> None:
        if self._file is None:
            self._early_gaps.append(gap)
        else:
            self._hooks.on_event(GapFound(self._number, gap))

    def _write(self, actions: list[FileAction]) -> None:
        if self._file is None:
            self._early.extend(actions)
        else:
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
        now = self._clock.monotonic()
        self._recorder.handle_timeout(now)
        self._drain(now)

    def _cancel_wake(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    # The file -----------------------------------------------------------------------

    async def _open_part(self) -> None:
        try:
            place = await self._hooks.open_part()
        except Exception:
            self._hooks.on_end(EndReason.FAILED)
            raise
        self._number = place.number
        self._file = self._disk.open(
            lambda: self._hooks.create_file(place.path), on_synced=self._synced, on_trouble=self._trouble
        )
        self._hooks.on_event(PartOpened(place.number))
        for gap in self._early_gaps:
            self._tell_gap(gap)
        self._file.apply(self._early)
        self._early = []

    def _synced(self, length: int) -> None:
        now = self._clock.monotonic()
        self._recorder.receive_synced(length)
        self._hooks.on_event(Saved(self._number, self._recorder.saved_ms, self._recorder.received_ms(now)))

    def _trouble(self, refused: bool) -> None:
        now = self._clock.monotonic()
        if refused:
            self._recorder.hold(now)
        else:
            self._recorder.release()
        self._drain(now)
        self._hooks.on_event(DiskTrouble(refused))
