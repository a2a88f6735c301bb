"""The control channel's messages are what docs/protocol.md says."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.protocol.control import (
    MAX_MESSAGE_BYTES,
    Ended,
    GapMessage,
    Hello,
    MalformedMessage,
    SavedUpTo,
    State,
    Takeover,
    notice,
    read_hello,
)

HELLO = {"type": "hello", "token": "abc.def", "client_id": "0f8e7d6c"}


def test_a_hello_is_read() -> None:
    assert read_hello(json.dumps(HELLO)) == Hello(type="hello", token="abc.def", client_id="0f8e7d6c")
    assert read_hello(json.dumps(HELLO | {"later": 1}).encode()).client_id == "0f8e7d6c"


@pytest.mark.parametrize(
    "change",
    [
        {"type": "hi"},
        {"token": ""},
        {"token": 1},
        {"client_id": ""},
        {"client_id": "with space"},
        {"client_id": None},
    ],
)
def test_a_hello_that_breaks_its_shape_is_malformed(change: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage):
        read_hello(json.dumps(HELLO | change))


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.text(), st.binary()))
def test_anything_else_is_malformed(text: str | bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_hello(text)


def test_a_message_too_large_is_not_even_read() -> None:
    with pytest.raises(MalformedMessage):
        read_hello(json.dumps(HELLO) + " " * MAX_MESSAGE_BYTES)


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        (
            State(state="in_progress", recording=True, current=True, part=2, saved_ms=42_000),
            {
                "type": "state",
                "version": 1,
                "state": "in_progress",
                "recording": True,
                "current": True,
                "part": 2,
                "saved_ms": 42000,
                "away_ms": None,
            },
        ),
        (
            SavedUpTo(saved_ms=42_000, part=2, part_saved_ms=12_000, lag_ms=400, recording=True),
            {
                "type": "saved",
                "saved_ms": 42000,
                "part": 2,
                "part_saved_ms": 12000,
                "lag_ms": 400,
                "recording": True,
                "used_ms": 0,
                "counting": False,
            },
        ),
        (Takeover(), {"type": "takeover"}),
        (
            GapMessage(part=2, track="audio", start_ms=1, end_ms=2, reason="lost"),
            {"type": "gap", "part": 2, "track": "audio", "start_ms": 1, "end_ms": 2, "reason": "lost"},
        ),
        (Ended(reason="finished", state="completed"), {"type": "ended", "reason": "finished", "state": "completed"}),
    ],
)
def test_messages_have_the_documented_shape(message: State, shape: dict[str, object]) -> None:
    assert json.loads(message.model_dump_json()) == shape


def test_a_notice_has_words() -> None:
    assert notice("disk_full").text.startswith("The server's disk is full.")
