"""One WHIP session's media: the connection, what it negotiated, its part, and its end.

Liveness is our own: a browser that vanished is noticed by silence (RFC 7675's consent takes
half a minute), a connection that never came up by a deadline.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from db.clock import Clock
from media_server.aio.aiortc_tap import NetworkSettings, PayloadFormat, TappedConnection, ntp_seconds
from media_server.aio.capture import Capture, CaptureHooks, PartPlace
from media_server.aio.disk import Disk
from media_server.recording.bitrate import CapSettings
from media_server.recording.events import EndReason, PublisherEnded, PublisherEvent
from media_server.recording.recorder import Recorder, RecorderSettings
from media_server.rtp.header import ParsedPacket
from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import MediaKind, VideoCodec
from media_server.rtp.reception import ReceptionStatistics
from media_server.rtp.rtx import unwrap
from media_server.settings import MediaSettings

logger = logging.getLogger(__name__)

OVERHEAD_BPS = 40_000
"What RTP, SRTP, UDP and IP headers of both tracks weigh at about 90 packets a second."

SLOW_DOWN_SHARE = 0.6
"What a sender that ignores its cap is told instead, as a share of the cap."

CLOSE_DEADLINE_S = 5.0
"How long closing waits for a disk that refuses; what is missing then is mended at the next start."

RTX = "rtx"


class Publisher:
    """A sender's connection and the part that it writes."""

    def __init__(
        self,
        whip_session: str,
        *,
        settings: MediaSettings,
        network: NetworkSettings,
        disk: Disk,
        clock: Clock,
        create_file: Callable[[Path], int],
        open_part: Callable[[], Awaitable[PartPlace]],
        on_event: Callable[[PublisherEvent], None],
    ) -> None:
        self.whip_session = whip_session
        self._settings = settings
        self._disk = disk
        self._clock = clock
        self._hooks = CaptureHooks(open_part, create_file, on_event, self._slow_down, self._end_soon)
        self._on_event = on_event
        self._connection = TappedConnection(self, network)
        self._formats: dict[int, PayloadFormat] = {}
        self._video_codec: VideoCodec | None = None
        self._has_sound = False
        self._capture: Capture | None = None
        self._reception: dict[int, ReceptionStatistics] = {}
        self._picture_ssrc: int | None = None
        self._began = clock.monotonic()
        self._last_packet: float | None = None
        self._maximum_bps = settings.video_bps + settings.audio_bps + OVERHEAD_BPS
        self._ticking: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    # The connection ----------------------------------------------------------------

    async def answer(self, offer_sdp: str, video_codec: VideoCodec | None, *, has_sound: bool) -> str:
        """Take an offer that was narrowed to what we record; return aiortc's answer.

        Raises :class:`~media_server.aio.aiortc_tap.OfferRefused` or
        :class:`~media_server.aio.aiortc_tap.NoFreePort`; nothing is left open then.
        """
        self._video_codec = video_codec
        self._has_sound = has_sound
        try:
            answer = await self._connection.answer(offer_sdp)
        except BaseException:
            await self._connection.close()
            raise
        self._formats = self._connection.formats
        self._ticking = asyncio.ensure_future(self._tick_for_ever())
        return answer

    async def add_ice_candidates(self, candidates: Sequence[tuple[str, str]]) -> None:
        """Take trickled candidates: (mid, attribute). Raises ValueError when one is malformed."""
        for mid, attribute in candidates:
            await self._connection.add_ice_candidate(mid, attribute)

    async def close(self, reason: EndReason) -> None:
        """End the connection and its part. Repeating it is harmless; returns when the part is closed on disk."""
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._end(reason))
        await asyncio.shield(self._ending)

    def _end_soon(self, reason: EndReason) -> None:
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._end(reason))

    async def _end(self, reason: EndReason) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        if self._capture is not None:
            try:
                await asyncio.wait_for(self._capture.close(reason), CLOSE_DEADLINE_S)
            except TimeoutError:
                logger.warning("part of %s could not be closed in time; the next start mends it", self.whip_session)
        await self._connection.close()
        self._on_event(PublisherEnded(reason))

    # What arrives (MediaListener) ------------------------------------------------------

    def packet_received(self, packet: ParsedPacket) -> None:
        """Sort a packet to its track."""
        fmt = self._formats.get(packet.payload_type)
        if fmt is None or self._ending is not None:
            return
        now = self._clock.monotonic()
        self._last_packet = now
        if fmt.codec == RTX:
            self._retransmission_received(fmt, packet)
            return
        statistics = self._reception.get(packet.ssrc)
        if statistics is None:
            statistics = self._new_stream(fmt.kind, packet.ssrc)
        statistics.receive(packet, now)
        self._capture_of().receive_packet(fmt.kind, packet)

    def _new_stream(self, kind: MediaKind, ssrc: int) -> ReceptionStatistics:
        # Two streams are negotiated; a sender that restarts tracks makes a few more.
        if len(self._reception) >= MAXIMUM_STREAMS:
            self._reception.pop(next(iter(self._reception)))
        if kind is MediaKind.PICTURE:
            self._picture_ssrc = ssrc
        statistics = self._reception[ssrc] = ReceptionStatistics(ssrc, CLOCK_RATES[kind])
        return statistics

    def _retransmission_received(self, fmt: PayloadFormat, packet: ParsedPacket) -> None:
        if self._picture_ssrc is None or fmt.retransmits is None:
            return
        original = unwrap(packet, payload_type=fmt.retransmits, ssrc=self._picture_ssrc)
        if original is not None:
            self._capture_of().receive_packet(fmt.kind, original)

    def sender_report_received(self, ssrc: int, ntp_time: int, rtp_timestamp: int) -> None:
        """Hand a sender report to the timeline and remember it for our own reports."""
        statistics = self._reception.get(ssrc)
        if statistics is None or self._capture is None:
            return
        statistics.receive_sender_report(ntp_time, self._clock.monotonic())
        self._capture.receive_sender_report(ssrc, ntp_seconds(ntp_time), rtp_timestamp)

    def connection_changed(self, state: str) -> None:
        """End with the connection."""
        if state in {"failed", "closed"}:
            self._end_soon(EndReason.CONNECTION_LOST)

    def _capture_of(self) -> Capture:
        if self._capture is None:
            started = int(self._clock.utc_now().timestamp() * 1e9)
            recorder = Recorder(self._video_codec, self._has_sound, self._recorder_settings(), started_at_ns=started)
            self._capture = Capture(
                recorder, disk=self._disk, clock=self._clock, feedback=self._connection, hooks=self._hooks
            )
        return self._capture

    def _recorder_settings(self) -> RecorderSettings:
        media = self._settings
        return RecorderSettings(
            loss=LossSettings(grace=media.nack_grace_s, interval=media.nack_interval_s, give_up=media.nack_give_up_s),
            video_cap=CapSettings(media.video_bps, media.over_cap_ratio, media.over_cap_s),
            audio_cap=CapSettings(media.audio_bps, media.over_cap_ratio, media.over_cap_s),
            keyframe_interval_s=media.keyframe_interval_s,
        )

    # Once a second ------------------------------------------------------------------------

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._tick()

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if self._capture is None or self._last_packet is None:
            if now - self._began > self._settings.connect_deadline_s:
                self._end_soon(EndReason.NEVER_CONNECTED)
            return
        silence = now - self._last_packet
        if silence > self._settings.no_media_s + self._settings.return_within_s:
            self._end_soon(EndReason.NO_MEDIA)
        elif silence > self._settings.no_media_s:
            self._capture.close_in_place(EndReason.NO_MEDIA)
        self._capture.tick()
        blocks = [statistics.report_block(now) for statistics in self._reception.values()]
        self._connection.send_reports(blocks, self._maximum_bps)

    def _slow_down(self, bps: int) -> None:
        logger.warning("sender of %s sends %d bit/s and is told to slow down", self.whip_session, bps)
        caps = self._settings.video_bps + self._settings.audio_bps
        self._maximum_bps = int(caps * SLOW_DOWN_SHARE)


CLOCK_RATES = {MediaKind.SOUND: 48_000, MediaKind.PICTURE: 90_000}

MAXIMUM_STREAMS = 8
"Streams of one connection that are remembered for receiver reports; a hostile sender could invent them without end."
