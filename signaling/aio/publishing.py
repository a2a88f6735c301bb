"""One WHIP session, as the registry knows it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from media_server.aio.capture import PartMoment
from media_server.recording.events import EndReason
from signaling.protocol.offer import Offer
from signaling.protocol.page_clock import Moment
from signaling.protocol.whip import entity_tag


class MediaPublisher(Protocol):
    """What is needed of :class:`media_server.aio.publisher.Publisher`."""

    async def answer(self, offer_sdp: str) -> str:
        """Take a narrowed offer, return the answer."""
        ...

    async def add_ice_candidates(self, candidates: Sequence[tuple[str, str]]) -> None:
        """Take (mid, candidate) pairs."""
        ...

    async def close(self, reason: EndReason) -> None:
        """End; when this returns the part is closed on disk. May be called again."""
        ...

    def set_recorded(self, recorded: bool) -> None:
        """Whether what arrives is written: False closes the part, True begins a new one at the next keyframe."""
        ...

    def ask_keyframe(self) -> None:
        """Ask the sender for a whole picture."""
        ...

    def locate(self, ntp_seconds: float | None, arrival: float, *, final: bool) -> PartMoment | None:
        """Where a moment lies; None while that is not known yet. `final` takes the best there is."""
        ...


@dataclass(eq=False, slots=True)
class Publishing:
    """One WHIP session."""

    client_id: str
    "The page load that publishes."
    user_agent: str
    "What the sender calls itself; stored with the part."
    offer: Offer
    "What it offered."
    is_page: bool = True
    "Whether it named itself as a page; a program knows nothing of questions and is recorded whole."
    whip_session: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    "Its name in the session URL, unguessable."
    entity_tag: str = field(default_factory=lambda: entity_tag(secrets.token_urlsafe(9)))
    "Its one ICE generation."
    publisher: MediaPublisher | None = None
    "Set before anything is answered."

    async def close(self, reason: EndReason) -> None:
        """End it; when this returns its part is closed on disk. May be called again."""
        if self.publisher is not None:
            await self.publisher.close(reason)

    def set_recorded(self, recorded: bool) -> None:
        """Say whether what arrives belongs into the recording."""
        if self.publisher is not None:
            self.publisher.set_recorded(recorded)

    def ask_keyframe(self) -> None:
        """Ask the sender for a whole picture."""
        if self.publisher is not None:
            self.publisher.ask_keyframe()

    def locate(self, moment: Moment, *, final: bool) -> PartMoment | None:
        """Where a moment lies; None while that is not known yet. `final` takes the best there is."""
        if self.publisher is None:
            return None
        return self.publisher.locate(moment.ntp_seconds, moment.arrival, final=final)
