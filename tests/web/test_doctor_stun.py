"""The doctor's STUN messages, against the vectors of RFC 5769 and against cut and wrong bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.doctor.stun import (
    HEADER_BYTES,
    RELAY_OVER_UDP,
    Answer,
    Login,
    MalformedAnswer,
    Method,
    body_bytes,
    peer_address,
    read_answer,
    request,
    transaction_of,
)

# RFC 5769 section 2.4: a request with long-term authentication.
TRANSACTION = bytes.fromhex("78ad3433c6ad72c029da412e")
LOGIN = Login("\u30de\u30c8\u30ea\u30c3\u30af\u30b9", "TheMatrIX", b"example.org", b"f//499k954d6OL34oL9FSTvy64sA")
SIGNED = bytes.fromhex(
    "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c"
    "662f2f3439396b39353464364f4c33346f4c39465354767936347341"
    "0014000b6578616d706c652e6f726700"
    "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666"
)
UNAUTHORISED = bytes.fromhex(
    "011300302112a44278ad3433c6ad72c029da412e"
    "0009001000000401556e617574686f72697a6564"
    "0014000b6578616d706c652e6f726700"
    "001500066e6f6e6365310000"
)  # fmt: skip


def test_a_request_is_signed_as_the_rfc_shows() -> None:
    assert request(Method.BINDING, TRANSACTION, login=LOGIN) == SIGNED


def test_an_unsigned_request() -> None:
    assert request(Method.BINDING, TRANSACTION) == bytes.fromhex("000100002112a442") + TRANSACTION
    asked = request(Method.ALLOCATE, TRANSACTION, RELAY_OVER_UDP)
    assert asked == bytes.fromhex("000300082112a442") + TRANSACTION + bytes.fromhex("0019000411000000")
    assert transaction_of(asked) == TRANSACTION


def test_a_refusal_tells_realm_and_nonce() -> None:
    assert body_bytes(UNAUTHORISED) == len(UNAUTHORISED) - HEADER_BYTES
    assert read_answer(UNAUTHORISED, Method.ALLOCATE, TRANSACTION) == Answer(401, b"example.org", b"nonce1")


def test_addresses_are_masked() -> None:
    # RFC 5769 sections 2.2 and 2.3, without the port.
    transaction = bytes.fromhex("b7e7a701bc34d686fa87dfae")
    assert peer_address("192.0.2.1", transaction) == bytes.fromhex("00012112e112a643")
    assert peer_address("2001:db8:1234:5678:11:2233:4455:6677", transaction) == bytes.fromhex(
        "000221120113a9faa5d3f179bc25f4b5bed2b9d9"
    )


@pytest.mark.parametrize("size", range(len(UNAUTHORISED)))
def test_a_cut_answer_is_malformed(size: int) -> None:
    with pytest.raises(MalformedAnswer):
        read_answer(UNAUTHORISED[:size], Method.ALLOCATE, TRANSACTION)


def test_an_answer_to_something_else_is_malformed() -> None:
    for method, transaction in ((Method.BINDING, TRANSACTION), (Method.ALLOCATE, bytes(12))):
        with pytest.raises(MalformedAnswer):
            read_answer(UNAUTHORISED, method, transaction)


@given(st.binary(max_size=64), st.integers(0, len(UNAUTHORISED)))
def test_whatever_comes_is_an_answer_or_malformed(noise: bytes, kept: int) -> None:
    for data in (noise, UNAUTHORISED[:kept] + noise, UNAUTHORISED[:kept] + noise + UNAUTHORISED[kept + len(noise) :]):
        try:
            answer = read_answer(data, Method.ALLOCATE, TRANSACTION)
        except MalformedAnswer:
            continue
        assert answer.error is None or 0 <= answer.error <= 955
