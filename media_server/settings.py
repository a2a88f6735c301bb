"""The `[media]`, `[work]` and `[speech]` sections of the settings."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

LOWEST_PORT = 1024  # those below belong to the system
HIGHEST_PORT = 65535


class MediaSettings(BaseModel):
    """What is taken in, at which cap, and over which network addresses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    video_bps: Annotated[int, Field(ge=50_000, le=5_000_000)] = Field(
        250_000, description="Cap of the picture in bits per second: signalled, set by the page, measured and enforced."
    )
    audio_bps: Annotated[int, Field(ge=16_000, le=256_000)] = Field(
        64_000, description="Cap of the sound in bits per second."
    )
    public_address: str | None = Field(
        None, description="The address that candidates reach this server's UDP ports at, when a NAT (1:1) hides it."
    )
    bind_addresses: tuple[str, ...] = Field(
        (),
        description="Local addresses to take media on. Empty: loopback alone when nobody else can reach the pages, "
        "otherwise every address of this machine.",
    )
    udp_ports: str = Field("50000-50999", description="The range of UDP ports that media comes in on, first-last.")
    connect_deadline_s: Annotated[float, Field(gt=0)] = Field(
        20.0, description="A connection that has not come up after this many seconds is given up."
    )
    no_media_s: Annotated[float, Field(gt=0)] = Field(
        5.0, description="After this many seconds without a packet the part is closed and the interview interrupted."
    )
    return_within_s: Annotated[float, Field(ge=0)] = Field(
        60.0, description="Packets that return on the same connection within this many seconds go on in the same part."
    )
    nack_grace_s: Annotated[float, Field(ge=0)] = Field(
        0.010, description="A missing packet is asked for after this many seconds; it may only be late."
    )
    nack_interval_s: Annotated[float, Field(gt=0)] = Field(
        0.020, description="The shortest time between two requests for the same packet, in seconds."
    )
    nack_give_up_s: Annotated[float, Field(gt=0)] = Field(
        0.500, description="A packet still missing after this many seconds is given up and written down as a gap."
    )
    keyframe_interval_s: Annotated[float, Field(gt=0)] = Field(
        10.0, description="A keyframe is asked for when none came for this many seconds."
    )
    over_cap_ratio: Annotated[float, Field(gt=1)] = Field(
        1.2, description="A sender above this multiple of the cap is told to slow down, then ended."
    )
    over_cap_s: Annotated[float, Field(gt=0)] = Field(
        20.0, description="How many seconds above it are borne, both before the warning and after it."
    )
    sync_interval_s: Annotated[float, Field(gt=0)] = Field(
        0.5, description="How often written media is forced onto the disk, in seconds. What is saved means this."
    )

    @field_validator("udp_ports")
    @classmethod
    def _is_a_range(cls, text: str) -> str:
        match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text.strip())
        if match is None:
            raise ValueError("write the first and the last port, as in 50000-50999")
        first, last = int(match[1]), int(match[2])
        if not LOWEST_PORT <= first <= last <= HIGHEST_PORT:
            raise ValueError("ports lie between 1024 and 65535, the first not above the last")
        return text.strip()

    @property
    def udp_port_range(self) -> range:
        """The ports as numbers, the last one included."""
        first, last = self.udp_ports.split("-")
        return range(int(first), int(last) + 1)


class WorkSettings(BaseModel):
    """How heavy work is done beside live interviews, each piece in a process of its own at low priority."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_once: Annotated[int, Field(ge=1, le=64)] = Field(
        1, description="How many pieces of heavy work (joining, transcoding, cutting) are done at once."
    )
    attempts: Annotated[int, Field(ge=1, le=100)] = Field(
        5, description="How often a piece of work is tried before it is given up; `holdfast jobs --retry` begins anew."
    )
    retry_after_s: Annotated[float, Field(gt=0)] = Field(
        60.0, description="How many seconds pass before the second attempt; four times as many before each next one."
    )
    look_every_s: Annotated[float, Field(gt=0)] = Field(
        10.0, description="How often the database is looked at for work that other processes asked for, in seconds."
    )
    keep_exports_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        7, description="How many days an MP4 is kept after it was made; it can be asked for again."
    )
    max_sound_bytes: Annotated[int, Field(ge=65_536)] = Field(
        30_000_000, description="The largest sound of a question that is taken, in bytes; a larger one gets 413."
    )
    max_sound_s: Annotated[float, Field(gt=0)] = Field(
        180.0, description="The longest sound of a question that is taken, in seconds; a longer one gets 422."
    )
    max_upload_bytes: Annotated[int, Field(ge=65_536)] = Field(
        500_000_000, description="The largest recording made elsewhere that is taken, in bytes; a larger one gets 413."
    )
    max_upload_s: Annotated[float, Field(gt=0)] = Field(
        10_800.0, description="The longest recording made elsewhere that is taken, in seconds; a longer one gets 422."
    )
    uploads_at_once: Annotated[int, Field(ge=1, le=1000)] = Field(
        32, description="How many recordings made elsewhere are received at once; one more gets 503 with Retry-After."
    )


class SpeechSettings(BaseModel):
    """A program that reads questions aloud."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: tuple[str, ...] = Field(
        (),
        description="A program that reads a text from standard input and writes a WAV to standard output, with its "
        'arguments, as in `["espeak-ng", "--stdin", "--stdout"]`. Empty: questions without a sound stay silent.',
    )
    within_s: Annotated[float, Field(gt=0)] = Field(
        60.0, description="The program is ended after this many seconds; that counts as a failed attempt."
    )
