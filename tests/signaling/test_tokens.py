"""Candidate tokens find their interview, and nobody else can make one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.protocol.tokens import (
    BadToken,
    CandidateClaim,
    candidate_token,
    is_candidate_token,
    random_token,
    read_candidate_token,
    token_hash,
)

KEY = bytes(range(32))

session_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=150)


@settings(deadline=None)
@given(session_ids, st.integers(0, 2**32 - 1))
def test_a_token_tells_its_interview_and_version(session_id: str, version: int) -> None:
    token = candidate_token(KEY, session_id, version)
    assert read_candidate_token(KEY, token) == CandidateClaim(session_id, version)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert is_candidate_token(token)
    assert token == candidate_token(KEY, session_id, version)


def test_a_usual_token_is_short() -> None:
    assert len(candidate_token(KEY, "k3Jq0Zx8vT2mB7Yw", 1)) == 60


def test_each_version_and_key_has_its_own_token() -> None:
    first = candidate_token(KEY, "one", 1)
    assert candidate_token(KEY, "one", 2) != first
    with pytest.raises(BadToken):
        read_candidate_token(bytes(32), first)


def test_no_changed_token_passes() -> None:
    token = candidate_token(KEY, "interview-1", 3)
    for at in range(len(token)):
        for instead in "A_.é":
            changed = token[:at] + instead + token[at + 1 :]
            if changed != token:
                with pytest.raises(BadToken):
                    read_candidate_token(KEY, changed)
        with pytest.raises(BadToken):
            read_candidate_token(KEY, token[:at])


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_any_other_text_is_a_bad_token(text: str) -> None:
    with pytest.raises(BadToken):
        read_candidate_token(KEY, text)


def test_what_cannot_be_a_token_is_our_fault() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        candidate_token(b"short", "one", 1)
    for session_id in ("", "x" * 800):
        with pytest.raises(ValueError, match="session id"):
            candidate_token(KEY, session_id, 1)


def test_random_tokens_are_long_and_stored_as_a_hash() -> None:
    first, second = random_token(), random_token()
    assert first != second
    assert len(first) == 43
    assert not is_candidate_token(first)
    assert token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
