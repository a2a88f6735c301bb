"""Unwrapping sequence numbers and timestamps."""

from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.sequence import FAR_BEHIND, SequenceUnwrapper, TimestampUnwrapper, timestamp_distance
from tests.media_server.rtp.bounds import bounded


@bounded
@given(st.integers(0, 0xFFFF), st.lists(st.integers(-FAR_BEHIND, 0x7FFF), max_size=200))
def test_numbers_near_the_highest_are_unwrapped_exactly(first: int, moves: list[int]) -> None:
    unwrapper = SequenceUnwrapper()
    highest = first
    assert unwrapper.unwrap(first) == first
    for move in moves:
        expected = highest + move
        assert unwrapper.unwrap(expected & 0xFFFF) == expected
        highest = max(highest, expected)
        assert unwrapper.highest == highest


@bounded
@given(st.lists(st.integers(0, 0xFFFF), max_size=300))
def test_whatever_comes_keeps_its_low_bits_and_the_highest_never_falls(numbers: list[int]) -> None:
    unwrapper = SequenceUnwrapper()
    for number in numbers:
        before = unwrapper.highest
        unwrapped = unwrapper.unwrap(number)
        assert unwrapped is None or unwrapped & 0xFFFF == number
        assert unwrapper.highest is not None
        assert before is None or unwrapper.highest >= before


def test_far_behind_is_reported_and_not_taken_for_a_wrap() -> None:
    unwrapper = SequenceUnwrapper()
    unwrapper.unwrap(10_000)
    assert unwrapper.unwrap(10_000 - FAR_BEHIND) == 10_000 - FAR_BEHIND
    assert unwrapper.unwrap(10_000 - FAR_BEHIND - 1) is None
    assert unwrapper.highest == 10_000


def test_two_far_behind_in_a_row_are_a_new_beginning() -> None:
    unwrapper = SequenceUnwrapper()
    unwrapper.unwrap(10_000)
    assert unwrapper.unwrap(100) is None
    assert unwrapper.unwrap(101) == 0x10000 + 101
    assert unwrapper.unwrap(102) == 0x10000 + 102


def test_a_packet_between_them_shows_that_they_are_strays() -> None:
    unwrapper = SequenceUnwrapper()
    unwrapper.unwrap(10_000)
    assert unwrapper.unwrap(100) is None
    assert unwrapper.unwrap(10_001) == 10_001
    assert unwrapper.unwrap(101) is None


def test_behind_is_asked_without_remembering() -> None:
    unwrapper = SequenceUnwrapper()
    assert not unwrapper.is_behind(5)
    unwrapper.unwrap(0xFFFE)
    assert [unwrapper.is_behind(number) for number in (0x8000, 0xFFFD, 0xFFFE, 0xFFFF, 0, 5)] == [True] * 3 + [
        False
    ] * 3
    assert unwrapper.highest == 0xFFFE


@bounded
@given(st.integers(0, 0xFFFFFFFF), st.lists(st.integers(-(2**31), 2**31 - 1), max_size=100))
def test_timestamps_are_the_nearest_to_the_highest(first: int, moves: list[int]) -> None:
    unwrapper = TimestampUnwrapper()
    highest = first
    assert unwrapper.unwrap(first) == first
    for move in moves:
        assert unwrapper.unwrap((highest + move) & 0xFFFFFFFF) == highest + move
        highest = max(highest, highest + move)


def test_distance_is_signed() -> None:
    assert timestamp_distance(5, 2**32 - 5) == 10
    assert timestamp_distance(2**32 - 5, 5) == -10
    assert timestamp_distance(3 * 2**32 + 7, 2**32 + 6) == 1
