"""The messages of an interview's control channel, as docs/protocol.md lists them."""

import re
from enum import IntEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

MAX_MESSAGE_BYTES = 4_096  # a hello with the longest token is 1.2 KB

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_client_id(text: str) -> bool:
    """Whether the text can name a page load: 1 to 64 URL-safe characters; a page makes up 128 random bits."""
    return _CLIENT_ID.fullmatch(text) is not None


def _checked_client_id(text: str) -> str:
    if not is_client_id(text):
        raise ValueError("not a client id")
    return text


ClientId = Annotated[str, AfterValidator(_checked_client_id)]


class CloseCode(IntEnum):
    """Why the server closes the channel (RFC 6455 section 7.4 leaves 4000 to 4999 to us)."""

    GOING_AWAY = 1001
    TOO_MUCH = 1008
    MALFORMED = 4400
    UNAUTHORISED = 4401
    UNKNOWN_INTERVIEW = 4404
    NO_HELLO = 4408
    TOO_SLOW = 4429


class MalformedMessage(ValueError):  # noqa: N818  the field's word for it
    """What the page sent is not a message that docs/protocol.md knows."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Hello(_Message):
    """The page's first message."""

    type: Literal["hello"]
    token: Annotated[str, Field(min_length=1, max_length=1_024)]
    client_id: ClientId


class State(_Message):
    """Where the interview stands; on hello and on every change."""

    type: Literal["state"] = "state"
    state: str
    recording: bool
    current: bool
    part: int | None
    saved_ms: int


class SavedUpTo(_Message):
    """What is on the disk; every second, also while nothing is recorded."""

    type: Literal["saved"] = "saved"
    saved_ms: int
    part: int | None
    part_saved_ms: int
    lag_ms: int
    recording: bool


class Takeover(_Message):
    """A newer page records now."""

    type: Literal["takeover"] = "takeover"


class GapMessage(_Message):
    """Something of a part will stay missing."""

    type: Literal["gap"] = "gap"
    part: int
    track: Literal["audio", "video"]
    start_ms: int
    end_ms: int
    reason: str


NoticeCode = Literal["disk_full", "disk_ok", "over_cap", "server_stopping"]


class Notice(_Message):
    """Something that the person should know."""

    type: Literal["notice"] = "notice"
    code: NoticeCode
    text: str


class Ended(_Message):
    """Nothing more is recorded on this connection, or ever."""

    type: Literal["ended"] = "ended"
    reason: str
    state: str


ServerMessage = State | SavedUpTo | Takeover | GapMessage | Notice | Ended

NOTICE_TEXTS: dict[NoticeCode, str] = {
    "disk_full": "The server's disk is full. Nothing you said before is lost; what you say now is not being saved.",
    "disk_ok": "There is room again. What you say is being saved.",
    "over_cap": "Your browser sends more than was agreed. It was asked to send less.",
    "server_stopping": "The server is about to restart. What you said is saved; this page goes on by itself.",
}


def read_hello(text: str | bytes) -> Hello:
    """Read the page's first message. Raises :class:`MalformedMessage` and nothing else."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise MalformedMessage
    try:
        return Hello.model_validate_json(text)
    except ValidationError:
        raise MalformedMessage from None


def notice(code: NoticeCode) -> Notice:
    """The notice with its words."""
    return Notice(code=code, text=NOTICE_TEXTS[code])
