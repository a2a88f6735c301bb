"""EBML's numbers and elements, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.webm import ebml
from media_server.webm.errors import TruncatedError, WebmError


@pytest.mark.parametrize(
    ("octets", "size"),
    [
        ("80", 0),
        ("82", 2),
        ("4002", 2),
        ("fe", 126),
        ("407f", 127),
        ("01fffffffffffffe", 2**56 - 2),
        ("ff", None),
        ("01ffffffffffffff", None),
    ],
)
def test_sizes_as_rfc_8794_section_6_has_them(octets: str, size: int | None) -> None:
    raw = bytes.fromhex(octets)
    assert ebml.read_size(raw, 0, len(raw)) == (size, len(raw))


@given(st.integers(0, 2**56 - 2))
def test_a_size_comes_back_and_is_as_short_as_it_can_be(size: int) -> None:
    raw = ebml.encode_size(size)
    assert ebml.read_size(raw, 0, len(raw)) == (size, len(raw))
    if len(raw) > 1:
        with pytest.raises(ValueError, match="fit"):
            ebml.encode_size(size, len(raw) - 1)


@pytest.mark.parametrize("size", [-1, 2**56 - 1])
def test_sizes_that_cannot_be(size: int) -> None:
    with pytest.raises(ValueError, match="fit"):
        ebml.encode_size(size)


@pytest.mark.parametrize("length", [2, 3, 127, 128, 129, 130, 131, 16_386, 16_387, 70_000])
def test_void_takes_exactly_the_room_it_is_given(length: int) -> None:
    raw = ebml.void(length)
    assert len(raw) == length
    assert ebml.read_element(raw, 0, length).end == length


@pytest.mark.parametrize("length", [-1, 0, 1])
def test_nothing_is_smaller_than_void(length: int) -> None:
    with pytest.raises(ValueError, match="Void"):
        ebml.void(length)


def test_values_come_back() -> None:
    raw = (
        ebml.uint(ebml.TRACK_UID, 2**40)
        + ebml.float64(ebml.DURATION, 1234.5)
        + ebml.text(ebml.CODEC_ID, "A_OPUS\0")
        + ebml.element(ebml.DATE_UTC, (-5).to_bytes(8, "big", signed=True))
        + ebml.element(ebml.SAMPLING_FREQUENCY, bytes.fromhex("473b8000"))
        + ebml.element(ebml.SAMPLING_FREQUENCY)
    )
    uid, duration, codec, date, rate, empty = ebml.children(raw, 0, len(raw))
    assert ebml.read_uint(raw, uid) == 2**40
    assert ebml.read_float(raw, duration) == 1234.5
    assert ebml.read_text(raw, codec) == "A_OPUS"
    assert ebml.read_int(raw, date) == -5
    assert (ebml.read_float(raw, rate), ebml.read_float(raw, empty)) == (48_000.0, 0.0)


@pytest.mark.parametrize(
    "octets",
    [
        "00",  # an id begins with a one within four bits
        "0f80",
        "ec00",  # a size with a one within eight
        "ecff",  # a size that is not known where it has to be
    ],
)
def test_what_is_no_element_is_refused(octets: str) -> None:
    raw = bytes.fromhex(octets)
    with pytest.raises(WebmError):
        list(ebml.children(raw, 0, len(raw)))


def test_an_element_that_is_cut_off_anywhere_says_so() -> None:
    raw = ebml.element(ebml.CLUSTER, bytes(200))
    for length in range(len(raw)):
        with pytest.raises(TruncatedError):
            ebml.read_element(raw[:length], 0, length)


@pytest.mark.parametrize(("octets", "read"), [("448983 010203", ebml.read_float), ("d789" + "01" * 9, ebml.read_uint)])
def test_values_of_odd_length_are_refused(octets: str, read: object) -> None:
    raw = bytes.fromhex(octets)
    (found,) = ebml.children(raw, 0, len(raw))
    with pytest.raises(WebmError):
        read(raw, found)  # type: ignore[operator]  # two functions of one shape
