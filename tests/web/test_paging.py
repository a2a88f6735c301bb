"""Cursors that come back, and those that were never ours."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.aio.errors import Malformed
from web.paging import cursor_of, number_of, position_of


@given(st.one_of(st.text(max_size=50), st.integers(-(2**63) + 1, 2**63 - 1)), st.text(max_size=50))
def test_a_cursor_comes_back_as_it_was(value: str | int, row_id: str) -> None:
    cursor = cursor_of((value, row_id), "date-")
    assert cursor is not None
    assert position_of(cursor, "date-") == (value, row_id)
    assert cursor.isascii()


def test_before_the_first_and_after_the_last_page() -> None:
    assert position_of(None, "date-") is None
    assert position_of("", "date-") is None
    assert cursor_of(None, "date-") is None


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "!",
        "AAAA",
        encoded(None),
        encoded([]),
        encoded(["date-", 1]),
        encoded(["date-", 1.5, "a"]),
        encoded(["date-", None, "a"]),
        encoded(["date-", 1, ["a"]]),
        encoded(["date-", 2**63, "a"]),
        encoded(["date-", True, "a"]),
        encoded(["date-", "\ud800", "a"]),
        encoded(["date-", 1, "\ud800"]),
        encoded(["name+", "a", "b"]),
        encoded("[" * 1_000),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_what_was_never_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed):
        position_of(cursor, "date-")


def test_a_list_of_numbers_takes_numbers_alone() -> None:
    assert number_of(None, "date-") is None
    assert number_of(cursor_of((7, 7), "date-"), "date-") == 7
    with pytest.raises(Malformed):
        number_of(encoded(["date-", 7, "seven"]), "date-")


@given(st.text(max_size=200))
def test_any_text_is_refused_or_read(text: str) -> None:
    try:
        position_of(text, "date-")
    except Malformed:
        return
