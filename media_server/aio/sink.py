"""A recorder with the shape of aiortc's MediaRecorder that neither decodes nor encodes.

    peer = PassthroughPeerConnection()          # where RTCPeerConnection() stood
    recorder = PassthroughRecorder("interview.webm")

    @peer.on("track")
    def on_track(track):
        recorder.addTrack(track)

    await recorder.start()
    ...
    await recorder.stop()

The server itself records with it.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from db.clock import Clock, SystemClock
from media_server.aio.capture import Capture, CaptureHooks, PartMoment, PartPlace
from media_server.aio.disk import Disk
from media_server.aio.encoded_track import EncodedTrack, ReceiveSide
from media_server.aio.sender_reports import SenderReports
from media_server.aio.traffic import Traffic
from media_server.recording.bitrate import CapSettings
from media_server.recording.events import EndReason, PublisherEvent, SoundArrives
from media_server.recording.pause_fence import PauseFence
from media_server.recording.recorder import Recorder, RecorderSettings
from media_server.recording.sound_watch import NO_SOUND_S, SoundWatch
from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import MediaKind, RtpPacket, VideoCodec
from media_server.settings import MediaSettings

logger = logging.getLogger(__name__)

OVERHEAD_BPS = 40_000
"What RTP, SRTP, UDP and IP headers of both tracks weigh at about 90 packets a second."

TICK_S = 1.0
"How often a recording looks after itself."

SLOW_DOWN_SHARE = 0.6
"What a sender that ignores its cap is told instead, as a share of the caps."


class PassthroughRecorder:
    """Writes the tracks it is given into one WebM, as they arrive."""

    def __init__(
        self,
        file: str | os.PathLike[str] | Callable[[], Awaitable[PartPlace]],
        *,
        settings: MediaSettings | None = None,
        disk: Disk | None = None,
        clock: Clock | None = None,
        create_file: Callable[[Path], int] | None = None,
        open_again: Callable[[Path], int] | None = None,
        on_event: Callable[[PublisherEvent], None] = lambda _: None,
        on_end: Callable[[EndReason], None] = lambda _: None,
        traffic: Traffic | None = None,
    ) -> None:
        """Write to `file`, or to where `file()` says once media has come; it is asked again after each pause.

        `on_event` hears what happens; `on_end` is told, once, that recording cannot go on, and the owner then stops it.
        """
        self._allot = file if callable(file) else _beside(Path(file))
        self._clock = clock or SystemClock()
        self._settings = settings or MediaSettings()
        self._own_disk = Disk(self._clock, sync_interval=self._settings.sync_interval_s) if disk is None else None
        self._disk = disk or self._own_disk
        self._hooks = CaptureHooks(
            open_part=self._allot,
            create_file=create_file or _create_file,
            open_again=open_again,
            on_event=on_event,
            on_over_cap=self._slow_down,
            on_end=self._end,
            traffic=traffic or Traffic(),
        )
        self._on_end = on_end
        self._told_end = False
        self._video_codec: VideoCodec | None = None
        self._tracks: dict[MediaKind, EncodedTrack] = {}
        self._is_recorded = True
        self._fence = PauseFence()
        self._sound_watch = SoundWatch()
        self._reports = SenderReports()
        self._capture: Capture | None = None
        self._latest: Capture | None = None
        self._paused: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._last_packet = 0.0
        self._maximum_bps = self._settings.video_bps + self._settings.audio_bps + OVERHEAD_BPS

    # aiortc's shape --------------------------------------------------------------------

    def addTrack(self, track: EncodedTrack) -> None:  # noqa: N802  aiortc's name
        """Record this track too. At most one sound and one picture.

        Raises ValueError for a second track of a kind, for a codec that a WebM part cannot hold, and once there is
        something in the file: its tracks are declared by then.
        """
        if track.media_kind in self._tracks:
            raise ValueError(f"there is already a track of kind {track.kind}")
        if self._latest is not None:
            raise ValueError("recording has begun; no track can be added any more")
        if track.media_kind is MediaKind.PICTURE:
            self._video_codec = VideoCodec(track.codec or "")
        elif track.codec != "opus":
            raise ValueError(f"sound has to be Opus, not {track.codec}")
        self._tracks[track.media_kind] = track
        if self._ticking is not None:
            track.listener = self

    async def start(self) -> None:
        """Begin: from now on, what arrives is recorded. Repeating it is harmless."""
        if self._ticking is not None:
            return
        self._last_packet = self._clock.monotonic()
        if self._own_disk is not None:
            self._own_disk.start()
        for track in self._tracks.values():
            track.listener = self
        self._ticking = asyncio.ensure_future(self._tick_for_ever())

    async def stop(self, reason: EndReason = EndReason.FINISHED) -> None:
        """End: when this returns, the file is closed and synced. Repeating it is harmless.

        A disk that refuses is waited for: put a timeout around this where that is too long.
        """
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop(reason))
        await asyncio.shield(self._stopping)

    async def _stop(self, reason: EndReason) -> None:
        for track in self._tracks.values():
            track.listener = None
        if self._ticking is not None:
            self._ticking.cancel()
        if self._capture is not None:
            await self._capture.close(reason)
        await asyncio.gather(*self._paused)
        if self._own_disk is not None:
            await self._own_disk.stop()

    # Pauses --------------------------------------------------------------------------------

    def set_recorded(self, recorded: bool) -> None:
        """Say whether what arrives is written. Repeating it is harmless.

        False closes the part for good; what arrives then is dropped, and shows only that the sender is there. True
        begins a new part on the same connection, with a picture as soon as the sender has sent a whole one. A file's
        name gets a number for that: `interview.webm`, `interview_2.webm`.
        """
        if recorded == self._is_recorded:
            return
        self._is_recorded = recorded
        if recorded:
            self._fence.end_pause(self._clock.monotonic())
            self._sound_watch.restart()
            self.ask_keyframe()
            return
        paused, self._capture = self._capture, None
        if paused is not None:
            closing = asyncio.ensure_future(_end_with_a_pause(paused))
            self._paused.add(closing)
            closing.add_done_callback(self._paused.discard)

    def ask_keyframe(self) -> None:
        """Ask the sender for a whole picture. Whoever needs one repeats that until it has come."""
        track = self._tracks.get(MediaKind.PICTURE)
        if track is not None and self._is_recorded:
            track.receive_side.ask_keyframe(track)

    def locate(self, ntp_seconds: float | None, arrival: float, *, final: bool) -> PartMoment | None:
        """Where in the latest part a moment lies.

        `ntp_seconds`: by the sender's wall clock, seconds since 1900; `arrival`: by ours, monotonic. None while it is
        not known; `final` takes the best there is.
        """
        return None if self._latest is None else self._latest.locate(ntp_seconds, arrival, final=final)

    # What arrives (TrackListener) --------------------------------------------------------

    def packet_received(self, kind: MediaKind, packet: RtpPacket) -> None:
        """Record one packet."""
        self._last_packet = now = self._clock.monotonic()
        if self._fence.holds_back(kind, packet, now) or not self._is_recorded:
            return
        if self._capture is None:
            self._capture = self._latest = self._new_capture()
        if kind is MediaKind.SOUND:
            self._sound_watch.receive_sound(now)
        else:
            self._sound_watch.receive_media(now)
        self._capture.receive_packet(kind, packet)

    def sender_report_received(self, kind: MediaKind, ssrc: int, ntp_time: int, rtp_timestamp: int) -> None:
        """Let the timeline know the sender's clock."""
        ntp_seconds = ntp_time / (1 << 32)
        self._reports.note(kind, ssrc, ntp_seconds, rtp_timestamp, self._clock.monotonic())
        if self._capture is not None:
            self._capture.receive_sender_report(kind, ssrc, ntp_seconds, rtp_timestamp)

    def encode_start_received(self, waited_ms: int) -> None:
        """Let the timeline know how early pictures are stamped."""
        if self._capture is not None:
            self._capture.receive_encode_start(waited_ms)

    def _new_capture(self) -> Capture:
        started_at_ns = int(self._clock.utc_now().timestamp() * 1e9)
        recorder = Recorder(
            self._video_codec,
            has_sound=MediaKind.SOUND in self._tracks,
            settings=_recorder_settings(self._settings),
            started_at_ns=started_at_ns,
        )
        self._reports.tell(recorder)
        if self._disk is None:
            raise RuntimeError("no disk to write to")
        hooks = replace(self._hooks, open_part=self._allot_after(tuple(self._paused)))
        return Capture(recorder, disk=self._disk, clock=self._clock, feedback=self._receive_side(), hooks=hooks)

    def _allot_after(self, closing: Sequence[asyncio.Task[None]]) -> Callable[[], Awaitable[PartPlace]]:
        """The end of the parts before a pause is told before the next one begins."""

        async def open_part() -> PartPlace:
            await asyncio.gather(*closing)
            return await self._allot()

        return open_part

    def _receive_side(self) -> ReceiveSide:
        return next(iter(self._tracks.values())).receive_side

    # Once a second --------------------------------------------------------------------------

    async def _tick_for_ever(self) -> None:
        due = self._clock.monotonic() + TICK_S
        while True:
            await asyncio.sleep(TICK_S)
            # While the event loop stood still nobody looked whether packets came; that is no silence of the sender's.
            self._last_packet += max(0.0, self._clock.monotonic() - due - TICK_S)
            due = self._clock.monotonic() + TICK_S
            try:
                self._tick()
            except Exception:
                logger.exception("a second of a recording's housekeeping failed")

    def _tick(self) -> None:
        silence = self._clock.monotonic() - self._last_packet
        if silence > self._settings.no_media_s + self._settings.return_within_s:
            self._end(EndReason.NO_MEDIA)
        if self._capture is not None:
            if silence > self._settings.no_media_s:
                self._capture.close_in_place(EndReason.NO_MEDIA)
            self._capture.tick()
            self._judge_sound(silence)
        if self._tracks:  # also before anything is recorded, and in a pause: senders watch whether they are heard
            self._receive_side().send_reports(self._maximum_bps)

    def _judge_sound(self, silence: float) -> None:
        """Where nothing arrives at all, more is wrong than the microphone."""
        if MediaKind.SOUND in self._tracks and silence < NO_SOUND_S:
            arrives = self._sound_watch.judge(self._clock.monotonic())
            if arrives is not None:
                self._hooks.on_event(SoundArrives(arrives))

    def _end(self, reason: EndReason) -> None:
        if not self._told_end:
            self._told_end = True
            self._on_end(reason)

    def _slow_down(self, _bps: int) -> None:
        self._maximum_bps = int((self._settings.video_bps + self._settings.audio_bps) * SLOW_DOWN_SHARE)


def _recorder_settings(media: MediaSettings) -> RecorderSettings:
    return RecorderSettings(
        loss=LossSettings(grace=media.nack_grace_s, interval=media.nack_interval_s, give_up=media.nack_give_up_s),
        video_cap=CapSettings(media.video_bps, media.over_cap_ratio, media.over_cap_s),
        audio_cap=CapSettings(media.audio_bps, media.over_cap_ratio, media.over_cap_s),
        keyframe_interval_s=media.keyframe_interval_s,
    )


async def _end_with_a_pause(capture: Capture) -> None:
    try:
        await capture.close(EndReason.PAUSED)
    except Exception:  # the parts after it are none the worse
        logger.exception("a part that ends with a pause could not be closed; the next start mends it")


def _beside(path: Path) -> Callable[[], Awaitable[PartPlace]]:
    """One file, and numbered ones beside it for what follows pauses."""
    numbers = count(1)

    async def open_part() -> PartPlace:
        number = next(numbers)
        return PartPlace(number, path if number == 1 else path.with_stem(f"{path.stem}_{number}"))

    return open_part


def _create_file(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
