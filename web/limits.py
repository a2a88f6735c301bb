"""The `[limits]` section of the settings: how often somebody may ask for what costs, and who counts it."""

from enum import StrEnum

from limits import parse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from db.clock import Clock
from signaling.aio.rates import Rate


class Limit(StrEnum):
    """What is counted. A route of the table names one, and the gate counts whoever it let in."""

    UPLOADS = "uploads"
    INVITATIONS = "invitations"
    TOKENS = "tokens"


class LimitSettings(BaseModel):
    """How often. Signing in, publishing and the control channel have limits in their own sections."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uploads: str = Field(
        "60/minute", description="How often recordings, sounds and captions may be sent for one interview or job."
    )
    invitations: str = Field(
        "600/minute", description="How often one user, or one program of theirs, may invite, and change links."
    )
    tokens: str = Field(
        "30/minute", description="How often one user may make tokens and webhooks, and change their password."
    )
    refused_tokens: str = Field(
        "600/minute", description="How often one address may come with a wrong token; oftener gets 429 instead of 401."
    )

    @field_validator("*")
    @classmethod
    def _is_a_rate(cls, rate: str) -> str:
        parse(rate)
        return rate


class Limits:
    """Counts, each limit and name by itself."""

    def __init__(self, settings: LimitSettings, clock: Clock) -> None:
        self._rates = {limit: Rate(getattr(settings, limit.value), clock) for limit in Limit}

        self._refused = Rate(settings.refused_tokens, clock)

    async def refused(self, address: str) -> None:
        """Count a token that was none. Raises TooOften."""
        await self._refused.check(address)

    async def check(self, limit: Limit, name: str) -> None:
        """Count one. Raises TooOften."""
        await self._rates[limit].check(name)
