"""The `[webhooks]` section: how messages to other programs are sent."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator


class WebhookSettings(BaseModel):
    """How webhooks are sent, how often, and where to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    private_networks: tuple[str, ...] = Field(
        (),
        description="Networks of your own that webhooks may reach, as in `10.1.0.0/16`; also by plain `http`. "
        "All other addresses that are not public are refused.",
    )
    timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(
        15.0, description="How long a receiver may take to answer, in seconds."
    )
    at_once: Annotated[int, Field(ge=1, le=100)] = Field(
        8, description="How many messages are on their way at once; never two to the same webhook."
    )
    attempts: Annotated[int, Field(ge=1, le=20)] = Field(
        10, description="How often a message is tried before it is given up; ten times take about a day."
    )
    retry_after_s: Annotated[float, Field(gt=0)] = Field(
        5.0,
        description="How long to wait after the first failure, in seconds; four times as long after each further one.",
    )
    keep_days: Annotated[int, Field(ge=1)] = Field(
        30, description="How many days sent messages, and those that were given up, can be looked at."
    )

    @field_validator("private_networks")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            ip_network(network)
        return networks

    @property
    def allowed(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of one's own, as networks."""
        return tuple(ip_network(network) for network in self.private_networks)
