"""Who publishes now, in all interviews of this server; takeover; what the control channels hear."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from db.audit import Actor
from db.clock import Clock
from db.engine import Database
from db.states import InterviewState
from media_server.aio.aiortc_tap import NoFreePort
from media_server.aio.publisher import OfferRefused
from media_server.recording.events import EndReason
from media_server.rtp.packet import VideoCodec
from media_server.settings import MediaSettings
from signaling.aio import errors
from signaling.aio.added_parts import check_takes_part
from signaling.aio.admission import Load, check_capacity, check_may_publish
from signaling.aio.channels import Channels
from signaling.aio.endings import Endings, end_publishing
from signaling.aio.live_interview import LiveInterview, MakePublisher, PartPath
from signaling.aio.publishing import Publishing
from signaling.aio.registry import Registry
from signaling.aio.subscription import Subscription
from signaling.aio.watch import Watch
from signaling.protocol.answer import AnswerSettings, finish_answer
from signaling.protocol.control import CloseCode, Flow, PageMessage, notice
from signaling.protocol.interview_flow import MarkWanted
from signaling.protocol.offer import WHAT_WORKS, Offer
from signaling.protocol.whip import (
    NoPrecondition,
    PreconditionFailed,
    RestartUnsupported,
    TrickleFragment,
    check_generation,
    check_if_match,
)
from signaling.settings import SignalingSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """A WHIP session that has begun."""

    whip_session: str
    "The last part of its URL."
    answer: str
    "The SDP answer."
    entity_tag: str
    "What a PATCH has to name in `If-Match`."


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An interview as it stands this moment, for the API."""

    recording: bool
    "Whether a part is being written."
    part: int | None
    "Its number."
    saved_ms: int
    "How much of the whole interview is on the disk."
    flow: Flow
    "Where the candidate is in their questions."
    away_ms: int | None
    "How long nothing has been recorded of an interview that was begun; None while something is."
    interrupted_at: datetime | None
    "Since when."


class LiveInterviews:
    """The registry. One for each server; made by the composition root, ended with :meth:`close_all`."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        settings: SignalingSettings,
        media: MediaSettings,
        make_publisher: MakePublisher,
        part_path: PartPath,
        store: Callable[[str], Awaitable[object]],
        erase: Callable[[str], Awaitable[object]],
        load: Callable[[], Load] = Load,
    ) -> None:
        """`store` makes a finished interview's recording, `erase` removes what a deleted one left, `load`: how busy we are."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._make_publisher = make_publisher
        self._load = load
        self._answer_settings = AnswerSettings(
            video_bps=media.video_bps,
            audio_bps=media.audio_bps,
            opus_target_bps=settings.opus_target_bps,
            packet_time_ms=settings.packet_time_ms,
            public_address=media.public_address,
        )
        self.registry = Registry(database=database, clock=clock, part_path=part_path)
        self._endings = Endings(self.registry, database=database, clock=clock, store=store, erase=erase)
        self._channels = Channels(self.registry, settings)
        self._watch = Watch(self.registry, database, self._endings.drop)
        self._stopping = False

    # WHIP ------------------------------------------------------------------------------

    async def publish(self, session_id: str, client_id: str | None, offer: Offer, user_agent: str) -> Published:
        """Begin a WHIP session; an older one of another page ends first, its part closed.

        One of the same page goes on recording until the new one does. Without a `client_id` (a program, no page) every
        session is a newcomer. Raises ConsentMissing, InterviewOver, Superseded, Unacceptable, OverCapacity,
        StorageFull, UnknownInterview.
        """
        is_page = client_id is not None
        publishing = Publishing(client_id or secrets.token_urlsafe(12), user_agent[:500], offer, is_page=is_page)
        async with self.registry.held(session_id) as live:
            check_may_publish(live, publishing)
            self._check_capacity(live)
            answer = await self._answer(live, publishing)
            await live.stage.make_room(publishing)
            live.begin(publishing)
            if live.stage.retiring is None:
                await live.ledger.settle()
        self._watch.start()
        logger.info("interview %s: publishing began", session_id)
        finished = finish_answer(answer, offer, self._answer_settings)
        return Published(publishing.whip_session, finished, publishing.entity_tag)

    async def first_codec(self, session_id: str) -> VideoCodec | None:
        """Of the picture of the interview's first part; None before there is one. Raises UnknownInterview."""
        async with self.registry.held(session_id) as live:
            return live.first_codec

    async def trickle(
        self, session_id: str, whip_session: str, fragment: TrickleFragment, if_match: str | None
    ) -> None:
        """Take ICE candidates. Raises UnknownInterview, PreconditionRequired, PreconditionFailed, RestartUnsupported."""
        _, publishing = self.registry.publishing(session_id, whip_session)
        try:
            check_if_match(if_match, publishing.entity_tag)
            check_generation(fragment, publishing.offer.ice)
        except NoPrecondition:
            raise errors.PreconditionRequired("Name the session's ETag in If-Match.") from None
        except PreconditionFailed:
            raise errors.PreconditionFailed("If-Match does not name this session's ETag.") from None
        except RestartUnsupported:
            raise errors.RestartUnsupported(
                "This server does not restart ICE; the session goes on as it was. Begin a new one with a POST."
            ) from None
        if publishing.publisher is not None:
            mid = publishing.offer.transport_mid
            await publishing.publisher.add_ice_candidates([(mid, value) for value in fragment.ice_candidates])

    async def end(self, session_id: str, whip_session: str) -> None:
        """The sender is done with this WHIP session: its part is closed, the interview is interrupted, not finished.

        A session that has ended already, or was superseded, stays as it is. Raises UnknownInterview.
        """
        live = self.registry.get(session_id)
        if live is None or not live.is_past(whip_session):
            live, publishing = self.registry.publishing(session_id, whip_session)
            if publishing is live.stage.retiring:
                await publishing.close(EndReason.CLOSED_BY_PAGE)
            else:
                await end_publishing(live, EndReason.CLOSED_BY_PAGE)

    def check_exists(self, session_id: str, whip_session: str) -> None:
        """Raise UnknownInterview unless there is, or was, this WHIP session."""
        live = self.registry.get(session_id)
        if live is None or not live.is_past(whip_session):
            self.registry.publishing(session_id, whip_session)

    # The interview -----------------------------------------------------------------------

    async def finish(self, session_id: str) -> InterviewState:
        """See :meth:`Endings.finish`."""
        return await self._endings.finish(session_id)

    async def reach_deadline(self, session_id: str) -> InterviewState:
        """See :meth:`Endings.reach_deadline`."""
        return await self._endings.reach_deadline(session_id)

    async def take_part(self, session_id: str, add: Callable[[], Awaitable[object]], *, finish: bool) -> InterviewState:
        """See :meth:`Endings.take_part`."""
        return await self._endings.take_part(session_id, add, finish=finish)

    async def check_takes_part(self, session_id: str) -> None:
        """Raise what :meth:`take_part` would, before anybody sends a large file."""
        async with self.registry.held(session_id) as live:
            check_takes_part(live)

    async def withdraw(self, session_id: str, actor: Actor) -> InterviewState:
        """See :meth:`Endings.withdraw`."""
        return await self._endings.withdraw(session_id, actor)

    async def drop(self, session_id: str, reason: EndReason = EndReason.DELETED) -> None:
        """See :meth:`Endings.drop`."""
        await self._endings.drop(session_id, reason)

    async def mark(self, session_id: str, wanted: MarkWanted, at_ms: float | None) -> None:
        """See :meth:`LiveInterview.mark`."""
        async with self.registry.held(session_id) as live:
            live.mark(wanted, at_ms)

    async def shut_out(self, session_id: str) -> None:
        """Its link opens nothing any more: end whoever holds it, part closed; the interview is interrupted."""
        async with self.registry.held(session_id) as live:
            await end_publishing(live, EndReason.LINK_REVOKED)
            live.hang_up(CloseCode.UNAUTHORISED)

    async def refresh(self, session_id: str) -> None:
        """The row has changed (a consent, say): read it, and tell the pages."""
        async with self.registry.held(session_id):
            pass

    async def snapshot(self, session_id: str) -> Snapshot:
        """How it stands, with what of the running part is saved. Raises UnknownInterview."""
        live = self.registry.get(session_id)
        if live is None or not live.is_recording:
            async with self.registry.held(session_id) as live:
                pass
        away_ms = live.away_ms
        return Snapshot(
            live.is_recording,
            live.progress.part,
            live.progress.saved_ms,
            live.questions.message(),
            away_ms,
            None if away_ms is None else live.interrupted_at,
        )

    @property
    def publishing_count(self) -> int:
        """How many interviews are being published right now."""
        return sum(live.publishing is not None for live in self.registry)

    @property
    def greatest_lag_ms(self) -> int:
        """How far the disk is behind what has arrived, in the interview where it is furthest; for the metrics."""
        return max((live.saved_up_to().lag_ms for live in self.registry if live.is_recording), default=0)

    @property
    def is_stopping(self) -> bool:
        """Whether :meth:`close_all` was called."""
        return self._stopping

    @property
    def channel_count(self) -> int:
        """How many pages are connected."""
        return sum(len(live.subscriptions) for live in self.registry)

    @property
    def messages_waiting(self) -> int:
        """How many messages pages have not taken yet."""
        return sum(subscription.waiting for live in self.registry for subscription in live.subscriptions)

    async def close_all(self, reason: EndReason = EndReason.SERVER_STOPPED) -> None:
        """The server stops: close every part, tell every page, take no more. Returns when all of it is on the disk.

        Done once: who was not waited for then is not waited for again.
        """
        if self._stopping:
            return
        self._stopping = True
        live = list(self.registry)
        for interview in live:
            interview.tell(notice("server_stopping"))
        try:
            outcomes = await asyncio.gather(*(self._stop(one, reason) for one in live), return_exceptions=True)
        finally:
            await self._watch.stop()
            self._channels.stop()
        for interview, outcome in zip(live, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                logger.error("interview %s could not be closed", interview.session_id, exc_info=outcome)

    # Control channels ----------------------------------------------------------------------

    async def subscribe(self, session_id: str, client_id: str) -> Subscription:
        """Open a mailbox; the state lies in it already. Raises UnknownInterview."""
        subscription = await self._channels.subscribe(session_id, client_id)
        if self._stopping:
            subscription.close(CloseCode.GOING_AWAY)
        else:
            self._watch.start()
        return subscription

    def hear(self, session_id: str, subscription: Subscription, message: PageMessage) -> None:
        """Take what a page says on its channel."""
        if not self._stopping:
            self._channels.hear(session_id, subscription, message)

    def unsubscribe(self, session_id: str, subscription: Subscription) -> None:
        """The channel is closed. Repeating it is harmless."""
        self._channels.unsubscribe(session_id, subscription)

    # Steps -------------------------------------------------------------------------------

    def _check_capacity(self, live: LiveInterview) -> None:
        if self._stopping:
            raise errors.OverCapacity("It is restarting.", self._settings.retry_after_s)
        check_capacity(live, self.publishing_count, self._load(), self._settings)

    async def _answer(self, live: LiveInterview, publishing: Publishing) -> str:
        publishing.publisher = self._make_publisher(
            publishing.whip_session,
            lambda: live.open_part(publishing),
            lambda event: live.heard(publishing, event),
        )
        live.questions.tell_publisher(publishing)
        try:
            return await publishing.publisher.answer(publishing.offer.narrowed)
        except OfferRefused:
            logger.warning("interview %s: the offer passed our checks and was refused", live.session_id, exc_info=True)
            raise errors.Unacceptable(f"The offer cannot be answered. {WHAT_WORKS}") from None
        except NoFreePort:
            logger.warning("no UDP port is free for interview %s", live.session_id)
            raise errors.OverCapacity("No UDP port is free.", self._settings.retry_after_s) from None

    async def _stop(self, live: LiveInterview, reason: EndReason) -> None:
        with structlog.contextvars.bound_contextvars(session_id=live.session_id):
            async with live.lock:  # whoever is beginning to publish gets there first, and is ended like the others
                await end_publishing(live, reason)
        live.hang_up(CloseCode.GOING_AWAY)
