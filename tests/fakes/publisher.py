"""A publisher without a network: the test says what media does."""

from collections.abc import Sequence
from pathlib import Path

from media_server.aio.capture import PartMoment, PartPlace
from media_server.aio.publisher import OfferRefused
from media_server.recording.events import (
    BitrateWindow,
    EndReason,
    GapFound,
    PartClosed,
    PartGap,
    PartOpened,
    PartReopened,
    PartReport,
    PublisherEnded,
    Saved,
)
from media_server.rtp.packet import MediaKind
from signaling.aio.live_interview import OnEvent, OpenPart

ANSWER = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    "m=audio 50000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.1\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
    "m=video 50000 UDP/TLS/RTP/SAVPF 98\r\nc=IN IP4 192.0.2.1\r\na=mid:1\r\na=rtpmap:98 VP9/90000\r\n"
)


class FakePublisher:
    """Keeps to the real one's contract: parts are opened by asking, closed by `close`, and every step is told."""

    def __init__(self, whip_session: str, open_part: OpenPart, on_event: OnEvent) -> None:
        self.whip_session = whip_session
        self.refuses: Exception | None = None
        self.vanishes = False
        self.ice_candidates: list[tuple[str, str]] = []
        self.place: PartPlace | None = None
        self.ended: EndReason | None = None
        self.disk_refuses = False
        self._open_part = open_part
        self.tell = on_event
        self._saved_ms = 0
        self.recorded: list[bool] = []
        self.keyframes = 0
        self.located: PartMoment | None = None
        self.located_at_last: PartMoment | None = None
        self.asked: list[tuple[float | None, float, bool]] = []
        self.locating_fails: Exception | None = None

    def set_recorded(self, recorded: bool) -> None:
        """Keep what is wanted; the test does the rest."""
        self.recorded.append(recorded)

    def ask_keyframe(self) -> None:
        """Count."""
        self.keyframes += 1

    def locate(self, ntp_seconds: float | None, arrival: float, *, final: bool) -> PartMoment | None:
        """What the test has said."""
        self.asked.append((ntp_seconds, arrival, final))
        if self.locating_fails is not None:
            raise self.locating_fails
        return self.located or (self.located_at_last if final else None)

    async def answer(self, offer_sdp: str) -> str:
        """Answer like a stack that took everything."""
        assert offer_sdp.startswith("v=0")
        if self.refuses is not None:
            await self.close(EndReason.FAILED)
            raise self.refuses
        if self.vanishes:
            await self.close(EndReason.CONNECTION_LOST)
        return ANSWER

    async def add_ice_candidates(self, candidates: Sequence[tuple[str, str]]) -> None:
        """Keep them."""
        self.ice_candidates += candidates

    async def media_arrives(self) -> Path:
        """The first packet: a part is opened."""
        self.place = await self._open_part()
        self.tell(PartOpened(self.place.number))
        return self.place.path

    def saves(self, saved_ms: int, received_ms: int) -> None:
        """So much is on the disk."""
        assert self.place is not None
        self._saved_ms = saved_ms
        self.tell(Saved(self.place.number, saved_ms, received_ms))

    def loses(self, start_ms: int, end_ms: int) -> None:
        """Sound is lost on the way."""
        assert self.place is not None
        self.tell(GapFound(self.place.number, PartGap(MediaKind.SOUND, start_ms, end_ms, "lost")))

    def falls_silent(self) -> None:
        """Nothing arrives any more: the part is closed in place."""
        self._close_part(EndReason.NO_MEDIA)

    def returns(self) -> None:
        """Packets come again on the same connection."""
        assert self.place is not None
        self.tell(PartReopened(self.place.number))

    async def close(self, reason: EndReason) -> None:
        """End, once."""
        if self.ended is None:
            self.ended = reason
            if not self.disk_refuses:
                self._close_part(reason)
            self.tell(PublisherEnded(reason))

    def disk_takes_it_after_all(self) -> None:
        """What the disk refused at the end is on it now."""
        assert self.ended is not None
        self._close_part(self.ended)

    def _close_part(self, reason: EndReason) -> None:
        if self.place is not None:
            windows = (BitrateWindow(0, 240_000, 30_000), BitrateWindow(10_000, 200_000, 34_000))
            report = PartReport(reason, self._saved_ms, 1_000, "VP9", "opus", 640, 480, windows)
            self.tell(PartClosed(self.place.number, report))


class FakePublishers:
    """Makes them, and keeps them for the test."""

    def __init__(self) -> None:
        self.made: list[FakePublisher] = []
        self.refuse_next: Exception | None = None
        self.vanish_next = False

    def __call__(self, whip_session: str, open_part: OpenPart, on_event: OnEvent) -> FakePublisher:
        """What :class:`signaling.aio.live_interviews.LiveInterviews` calls."""
        publisher = FakePublisher(whip_session, open_part, on_event)
        publisher.refuses, self.refuse_next = self.refuse_next, None
        publisher.vanishes, self.vanish_next = self.vanish_next, False
        self.made.append(publisher)
        return publisher

    @property
    def last(self) -> FakePublisher:
        """The newest."""
        return self.made[-1]


__all__ = ["ANSWER", "FakePublisher", "FakePublishers", "OfferRefused"]
