"""The `[signaling]` section of the settings."""

from typing import Annotated, Literal

from limits import parse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from media_server.rtp.packet import VideoCodec
from signaling.protocol.ice_servers import read_ice_url


def _from_text(value: object) -> object:
    """The environment gives text, and a choice among numbers is not read from it by itself."""
    return int(value) if isinstance(value, str) and value.isdigit() else value


class SignalingSettings(BaseModel):
    """How browsers reach us, what they are asked to send, and how much of it we take at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ice_servers: tuple[str, ...] = Field(
        (), description="STUN and TURN servers that browsers are told of, as in `turn:turn.example.org?transport=tcp`."
    )
    turn_secret: SecretStr | None = Field(
        None, description="The secret shared with coturn (`use-auth-secret`); credentials made from it run out."
    )
    turn_credential_ttl_s: Annotated[int, Field(ge=60, le=86_400)] = Field(
        14_400, description="How many seconds a TURN credential is good for; it must outlast an interview."
    )
    turn_username: str | None = Field(None, description="A fixed TURN user name, for servers without a shared secret.")
    turn_password: SecretStr | None = Field(None, description="The password of the fixed TURN user name.")
    video_codecs: tuple[VideoCodec, ...] = Field(
        (VideoCodec.VP9, VideoCodec.VP8), description="The picture codecs we take, best first."
    )
    opus_target_bps: Annotated[int, Field(ge=6_000, le=256_000)] = Field(
        32_000, description="What Opus is asked to aim at, in bits per second; the cap is `media.audio_bps`."
    )
    packet_time_ms: Annotated[Literal[20, 40, 60] | None, BeforeValidator(_from_text)] = Field(
        60,
        description="How many milliseconds of sound one packet should hold. 60 instead of 20 spares two packets of "
        "three, with about 18 kbps of headers; unset leaves it to the browser.",
    )
    max_live_interviews: Annotated[int, Field(ge=1)] = Field(
        100, description="How many interviews are recorded at once; a further one gets 503 with Retry-After."
    )
    max_loop_lag_s: Annotated[float, Field(gt=0)] = Field(
        0.5,
        description="Nobody begins, 503 with Retry-After, while the event loop is usually later than this, in seconds; "
        "interviews that were begun go on.",
    )
    max_disk_lag_s: Annotated[float, Field(gt=0)] = Field(
        5.0, description="The same while the disk is further behind than this, in seconds."
    )
    max_sdp_bytes: Annotated[int, Field(ge=4_096, le=65_536)] = Field(
        65_536, description="The largest SDP that is read, in bytes; a larger one gets 413."
    )
    publish_rate: str = Field(
        "12/minute", description="How often one candidate may start to publish; oftener gets 429 with Retry-After."
    )
    connect_rate: str = Field(
        "30/minute",
        description="How often one candidate may open the control channel from one address; oftener gets 429 with "
        "Retry-After.",
    )
    trickle_rate: str = Field(
        "120/minute", description="How often one candidate may send ICE candidates; oftener gets 429 with Retry-After."
    )
    retry_after_s: Annotated[int, Field(ge=1)] = Field(
        10, description="What Retry-After says when the server is over its capacity or stopping, in seconds."
    )
    hello_within_s: Annotated[float, Field(gt=0)] = Field(
        5.0, description="A control channel without a hello after this many seconds is closed."
    )
    heartbeat_s: Annotated[float, Field(gt=0, le=10)] = Field(
        1.0, description="How often the control channel says what is saved, in seconds."
    )
    max_control_channels: Annotated[int, Field(ge=1)] = Field(
        8, description="How many control channels one interview may have open; the oldest makes room."
    )
    socket_messages_per_s: Annotated[int, Field(ge=1)] = Field(
        10, description="More messages a second than this from a page close its control channel."
    )

    @field_validator("ice_servers")
    @classmethod
    def _are_ice_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            read_ice_url(url)
        return urls

    @field_validator("publish_rate", "connect_rate", "trickle_rate")
    @classmethod
    def _is_a_rate(cls, text: str) -> str:
        parse(text)
        return text

    @model_validator(mode="after")
    def _turn_has_credentials(self) -> "SignalingSettings":
        has_turn = any(url.startswith("turn") for url in self.ice_servers)
        if has_turn and self.turn_secret is None and (self.turn_username is None or self.turn_password is None):
            raise ValueError("a TURN server needs turn_secret, or turn_username and turn_password")
        if not self.video_codecs:
            raise ValueError("video_codecs names at least one codec")
        return self
