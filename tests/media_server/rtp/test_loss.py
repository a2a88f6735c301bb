"""When missing packets are asked for and given up."""

import pytest

from media_server.rtp.loss import LossSettings, MissingPackets, RoundTrip

SETTINGS = LossSettings(grace=0.01, interval=0.02, give_up=0.5)


@pytest.fixture
def round_trip() -> RoundTrip:
    round_trip = RoundTrip()
    round_trip.seconds = 0.005
    return round_trip


@pytest.fixture
def missing(round_trip: RoundTrip) -> MissingPackets:
    return MissingPackets(SETTINGS, round_trip)


def test_nothing_is_asked_within_the_grace(missing: MissingPackets) -> None:
    missing.add(range(5, 8), 1.0)
    assert missing.next_timeout() == pytest.approx(1.01)
    assert missing.ask(1.009) == []
    assert missing.ask(1.0101) == [5, 6, 7]


def test_it_is_asked_again_after_the_interval_when_the_round_trip_is_shorter(missing: MissingPackets) -> None:
    missing.add([5], 1.0)
    assert missing.ask(1.0101) == [5]
    assert missing.ask(1.029) == []
    assert missing.next_timeout() == pytest.approx(1.0301)
    assert missing.ask(1.0302) == [5]


def test_it_is_asked_again_after_the_round_trip_when_that_is_longer(
    missing: MissingPackets, round_trip: RoundTrip
) -> None:
    round_trip.seconds = 0.2
    missing.add([5], 1.0)
    assert missing.ask(1.0101) == [5]
    assert missing.ask(1.2) == []
    assert missing.ask(1.2102) == [5]


def test_it_is_given_up(missing: MissingPackets) -> None:
    missing.add([5], 1.0)
    missing.add([9], 1.2)
    assert not missing.give_up(1.499)
    assert missing.give_up(1.5001)
    assert 5 not in missing
    assert 9 in missing
    missing.clear()
    assert missing.next_timeout() is None
    assert len(missing) == 0


def test_what_lies_unread_while_the_process_is_held_up_is_not_given_up(missing: MissingPackets) -> None:
    missing.add([5, 6], 1.0)
    assert not missing.give_up(2.5)
    assert missing.arrived(5, 2.5)
    missing.ask(2.5)
    assert missing.next_timeout() == pytest.approx(2.52)
    assert missing.give_up(2.5201)
    assert len(missing) == 0


def test_the_next_timeout_may_be_the_giving_up(missing: MissingPackets, round_trip: RoundTrip) -> None:
    round_trip.seconds = 1.0
    missing.add([5], 1.0)
    missing.ask(1.02)
    assert missing.next_timeout() == pytest.approx(1.5)


def test_an_answer_to_one_request_measures_the_round_trip(missing: MissingPackets, round_trip: RoundTrip) -> None:
    missing.add([5, 6, 7], 1.0)
    assert missing.arrived(7, 1.005)
    assert round_trip.seconds == 0.005  # it came by itself
    missing.ask(1.01)
    assert missing.arrived(5, 1.095)
    assert round_trip.seconds == pytest.approx(0.005 + (0.085 - 0.005) / 8)
    learned = round_trip.seconds
    missing.ask(1.1)
    assert missing.arrived(6, 1.12)  # which of the two requests brought it cannot be known
    assert round_trip.seconds == learned
    assert not missing.arrived(6, 1.13)


def test_the_lowest_can_be_given_up_early(missing: MissingPackets) -> None:
    missing.add([5, 6], 1.0)
    missing.give_up_lowest()
    assert 5 not in missing
    assert 6 in missing
    missing.give_up_lowest()
    missing.give_up_lowest()
    assert len(missing) == 0
