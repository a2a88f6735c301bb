"""One WHIP session, as the registry knows it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from media_server.recording.events import EndReason
from signaling.protocol.offer import Offer
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


@dataclass(eq=False, slots=True)
class Publishing:
    """One WHIP session."""

    client_id: str
    "The page load that publishes."
    user_agent: str
    "What the sender calls itself; stored with the part."
    offer: Offer
    "What it offered."
    whip_session: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    "Its name in the session URL, unguessable."
    entity_tag: str = field(default_factory=lambda: entity_tag(secrets.token_urlsafe(9)))
    "Its one ICE generation."
    publisher: MediaPublisher | None = None
    "Set before anything is answered."
