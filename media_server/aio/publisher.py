"""One WHIP session's media: its connection, its part, and its end.

Liveness is our own: a connection that never comes up is ended by a deadline, one that fell silent
by the recorder's watch; RFC 7675's consent alone would take half a minute.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiortc import RTCIceCandidate, RTCSessionDescription
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import candidate_from_sdp

from db.clock import Clock
from media_server.aio.aiortc_tap import NetworkSettings, PassthroughPeerConnection
from media_server.aio.capture import PartMoment, PartPlace
from media_server.aio.disk import Disk
from media_server.aio.sink import PassthroughRecorder
from media_server.aio.traffic import Traffic
from media_server.recording.events import EndReason, PublisherEnded, PublisherEvent
from media_server.settings import MediaSettings

logger = logging.getLogger(__name__)

CLOSE_DEADLINE_S = 5.0
"How long ending waits for a disk that refuses. The part goes on closing after that, and tells when it is closed."


class OfferRefused(Exception):  # noqa: N818  the field's word for it
    """This offer cannot be answered."""


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
        open_again: Callable[[Path], int] | None = None,
        open_part: Callable[[], Awaitable[PartPlace]],
        on_event: Callable[[PublisherEvent], None],
        traffic: Traffic | None = None,
    ) -> None:
        traffic = traffic or Traffic()
        self.whip_session = whip_session
        self._on_event = on_event
        self._peer = PassthroughPeerConnection(network, traffic)
        self._recorder = PassthroughRecorder(
            open_part,
            settings=settings,
            disk=disk,
            clock=clock,
            create_file=create_file,
            open_again=open_again,
            on_event=on_event,
            on_end=self._end_soon,
            traffic=traffic,
        )
        self._peer.on("track", self._recorder.addTrack)
        self._peer.on("connectionstatechange", self._state_changed)
        self._deadline = asyncio.get_running_loop().call_later(settings.connect_deadline_s, self._judge_connecting)
        self._ending: asyncio.Task[None] | None = None
        self._closing_part: asyncio.Task[None] | None = None

    async def answer(self, offer_sdp: str) -> str:
        """Take an offer that was narrowed to what we record; return aiortc's answer (SDP).

        Raises :class:`OfferRefused`, or :class:`~media_server.aio.aiortc_tap.NoFreePort`; nothing is left open then.
        """
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except (ValueError, InternalError, InvalidAccessError, InvalidStateError, OperationError) as error:
            await self.close(EndReason.FAILED)
            raise OfferRefused(str(error)) from error
        except BaseException:
            await self.close(EndReason.FAILED)
            raise
        if self._ending is not None:
            raise OfferRefused("the connection ended before it was answered")
        await self._recorder.start()
        return str(self._peer.localDescription.sdp)

    async def add_ice_candidates(self, candidates: Sequence[tuple[str, str]]) -> None:
        """Take trickled candidates: (mid, attribute). Raises ValueError when one is malformed."""
        for mid, attribute in candidates:
            candidate = _candidate(attribute)
            candidate.sdpMid = mid
            await self._peer.addIceCandidate(candidate)

    def set_recorded(self, recorded: bool) -> None:
        """Say whether what arrives is written; see :meth:`PassthroughRecorder.set_recorded`."""
        self._recorder.set_recorded(recorded)

    def ask_keyframe(self) -> None:
        """Ask the sender for a whole picture."""
        self._recorder.ask_keyframe()

    def locate(self, ntp_seconds: float | None, arrival: float, *, final: bool) -> PartMoment | None:
        """Where in the latest part a moment lies; see :meth:`PassthroughRecorder.locate`."""
        return self._recorder.locate(ntp_seconds, arrival, final=final)

    async def close(self, reason: EndReason) -> None:
        """End the connection and its part. Repeating it is harmless; returns when the part is closed on disk."""
        self._end_soon(reason)
        if self._ending is not None:
            await asyncio.shield(self._ending)

    def _end_soon(self, reason: EndReason) -> None:
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._end(reason))

    async def _end(self, reason: EndReason) -> None:
        self._deadline.cancel()
        # A task of its own, which giving up the wait does not cancel: the disk may take the rest later.
        self._closing_part = asyncio.ensure_future(self._close_part(reason))
        await asyncio.gather(self._wait_for_part(self._closing_part), self._close_peer())
        if self._peer.turned_away:
            logger.info(
                "%s: %d datagrams that were not the sender's were dropped", self.whip_session, self._peer.turned_away
            )
        self._on_event(PublisherEnded(reason))

    async def _close_part(self, reason: EndReason) -> None:
        try:
            await self._recorder.stop(reason)
        except Exception:
            logger.exception("the part of %s could not be closed; the next start mends it", self.whip_session)

    async def _wait_for_part(self, closing: "asyncio.Task[None]") -> None:
        _, late = await asyncio.wait({closing}, timeout=CLOSE_DEADLINE_S)
        if late:
            logger.warning("the part of %s is not closed yet; the disk or the database refuses", self.whip_session)

    async def _close_peer(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_DEADLINE_S):
                await self._peer.close()
        except Exception:
            logger.exception("the connection of %s did not close cleanly", self.whip_session)

    def _state_changed(self) -> None:
        state = self._peer.connectionState
        if state == "connected":
            self._deadline.cancel()
        elif state in {"failed", "closed"}:
            self._end_soon(EndReason.CONNECTION_LOST)

    def _judge_connecting(self) -> None:
        if self._peer.connectionState != "connected":
            self._end_soon(EndReason.NEVER_CONNECTED)


def _candidate(attribute: str) -> RTCIceCandidate:
    """Read a candidate attribute (RFC 8839 section 5.1). Raises ValueError."""
    try:
        return candidate_from_sdp(attribute.removeprefix("candidate:"))
    except (AssertionError, ValueError) as error:  # aiortc asserts that there are enough fields
        raise ValueError(f"this is no ICE candidate: {attribute!r}") from error
