"""The messages of an interview's control channel, as docs/protocol.md lists them."""

import json
import re
from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from signaling.protocol.interview_flow import InterviewFlow, RefusalReason
from signaling.protocol.interview_steps import Event, Step

VERSION = 1
"Of the messages below; a page that speaks another one is not answered."

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
    """What the page sent is not a message that docs/protocol.md knows. `id` is the one it gave itself, if it can be read."""

    def __init__(self, id_: str | None = None) -> None:
        super().__init__("not a message that is known")
        self.id = id_


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


# What the page says --------------------------------------------------------------------

MAX_ID = 64
PageTime = Annotated[float, Field(ge=0, le=1e14, allow_inf_nan=False)]
"`performance.timeOrigin + performance.now()`, milliseconds since 1970 by the page's clock."
Revision = Annotated[int, Field(ge=0, le=2**31)]
PageEvent = Literal["begin", "start_answer", "end_answer", "retake", "choose_take", "next", "skip", "pause", "resume"]
"What a page may ask for; that the candidate is done is told by `POST …/finish`."


class Hello(_Message):
    """The page's first message."""

    type: Literal["hello"]
    token: Annotated[str, Field(min_length=1, max_length=1_024)]
    client_id: ClientId
    version: Literal[1] = 1


class Do(_Message):
    """The candidate asks for something."""

    type: Literal["do"]
    id: Annotated[str, Field(min_length=1, max_length=MAX_ID)]
    event: PageEvent
    take: Annotated[int, Field(ge=1, le=1_000)] | None = None
    revision: Revision
    at: PageTime


class Shown(_Message):
    """The page shows now what a revision brought."""

    type: Literal["shown"]
    revision: Revision
    at: PageTime


class ClockTold(_Message):
    """What the page's clock reads."""

    type: Literal["clock"]
    at: PageTime


PageMessage = Do | Shown | ClockTold
_PAGE_MESSAGE: TypeAdapter[PageMessage] = TypeAdapter(Annotated[PageMessage, Field(discriminator="type")])


# What the server says ------------------------------------------------------------------


class State(_Message):
    """Where the interview stands; on hello and on every change."""

    type: Literal["state"] = "state"
    version: int = VERSION
    state: str
    recording: bool
    current: bool
    part: int | None
    saved_ms: int
    away_ms: int | None = None


class SavedUpTo(_Message):
    """What is on the disk; every second, also while nothing is recorded."""

    type: Literal["saved"] = "saved"
    saved_ms: int
    part: int | None
    part_saved_ms: int
    lag_ms: int
    recording: bool
    used_ms: int = 0
    counting: bool = False


class TakeOfAnswer(_Message):
    """One take of the present question's answer."""

    number: int
    chosen: bool


class FlowPlace(_Message):
    """Where the candidate is in their questions, as the page and the API are told."""

    revision: int
    step: Step
    question: int
    questions: int
    take: int
    takes_left: int
    takes: tuple[TakeOfAnswer, ...]
    think_limit_ms: int | None
    think_used_ms: int
    answer_limit_ms: int | None
    answer_used_ms: int
    counting: bool
    can: tuple[Event, ...]
    by_itself: bool
    paused_step: Step | None


class Flow(FlowPlace):
    """The same as a message: on hello and on every change."""

    type: Literal["flow"] = "flow"

    @classmethod
    def of(cls, flow: InterviewFlow, *, counting: bool, by_itself: bool, is_open: bool) -> "Flow":
        """As the flow stands; an interview that is over allows nothing more."""
        place = flow.place
        return cls(
            revision=place.revision,
            step=place.step,
            question=place.question,
            questions=flow.question_count,
            take=place.take,
            takes_left=flow.takes_left,
            takes=tuple(
                TakeOfAnswer(number=number, chosen=chosen)
                for question, number, chosen in place.takes
                if question == place.question
            ),
            think_limit_ms=flow.think_limit_ms,
            think_used_ms=flow.think_used_ms,
            answer_limit_ms=flow.answer_limit_ms,
            answer_used_ms=flow.answer_used_ms,
            counting=counting,
            can=tuple(event for event in Event if is_open and flow.can(event)),
            by_itself=by_itself,
            paused_step=place.paused_step,
        )


RefusedReason = Literal["not_now", "outdated", "no_takes_left", "no_such_take", "not_current", "malformed"]


class RefusedMessage(_Message):
    """What the page asked for was not done. Nothing has changed; the present `flow` follows."""

    type: Literal["refused"] = "refused"
    id: str | None
    reason: RefusedReason
    text: str


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


NoticeCode = Literal["disk_full", "disk_stuck", "disk_ok", "over_cap", "server_stopping", "no_sound", "sound_ok"]


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


ServerMessage = State | SavedUpTo | Flow | RefusedMessage | Takeover | GapMessage | Notice | Ended

NOTICE_TEXTS: dict[NoticeCode, str] = {
    "disk_full": "The server's disk is full. Nothing you said before is lost; what you say now is not being saved.",
    "disk_stuck": "The server's disk does not answer. What is saved stays saved; saving goes on by itself. Please wait.",
    "disk_ok": "Saving goes on. What you say is being saved.",
    "no_sound": "We hear nothing from your microphone. Please check that it is on and not muted.",
    "sound_ok": "We hear you again.",
    "over_cap": "Your browser sends more than was agreed. It was asked to send less.",
    "server_stopping": "The server is about to restart. What you said is saved; this page goes on by itself.",
}


REFUSAL_TEXTS: dict[RefusedReason, str] = {
    "not_now": "This is not possible at the moment.",
    "outdated": "Something has changed meanwhile. Please look at the page again.",
    "no_takes_left": "This question was answered as often as it may be.",
    "no_such_take": "There is no such take.",
    "not_current": "Another page records this interview now.",
    "malformed": "The server did not understand what this page asked for. Loading the page again may help.",
}


def read_page_message(text: str | bytes) -> PageMessage:
    """Read what a page says after its hello. Raises :class:`MalformedMessage` and nothing else."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise MalformedMessage
    try:
        return _PAGE_MESSAGE.validate_json(text, strict=True)
    except ValidationError:
        raise MalformedMessage(_id_in(text)) from None


def _id_in(text: str | bytes) -> str | None:
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    id_ = message.get("id") if isinstance(message, dict) else None
    return id_ if isinstance(id_, str) and 1 <= len(id_) <= MAX_ID else None


def refused(reason: RefusedReason | RefusalReason, id_: str | None) -> RefusedMessage:
    """The refusal with its words."""
    word: RefusedReason = reason.value if isinstance(reason, RefusalReason) else reason
    return RefusedMessage(id=id_, reason=word, text=REFUSAL_TEXTS[word])


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
