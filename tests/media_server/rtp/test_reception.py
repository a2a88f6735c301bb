"""What a receiver report says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.reception import ReceptionStatistics, ReportBlock
from tests.fakes.rtp_sender import FakePacket
from tests.media_server.rtp.bounds import bounded


def receive(statistics: ReceptionStatistics, *numbers: int) -> None:
    """Packets of 20 ms that arrive in time."""
    for number in numbers:
        packet = FakePacket(sequence_number=number & 0xFFFF, timestamp=number * 960 & 0xFFFFFFFF)
        statistics.receive(packet, number * 0.02)


def report(statistics: ReceptionStatistics, now: float = 0.0) -> ReportBlock:
    block = statistics.report_block(now)
    assert block is not None
    return block


def test_nothing_to_report() -> None:
    assert ReceptionStatistics(5, 48_000).report_block(1.0) is None


def test_a_perfect_network() -> None:
    statistics = ReceptionStatistics(5, 48_000)
    receive(statistics, *range(65_500, 65_600))
    assert report(statistics) == ReportBlock(5, 0, 0, 0x10000 + 63, 0, 0, 0)


def test_losses_since_the_beginning_and_since_the_last_report() -> None:
    statistics = ReceptionStatistics(5, 48_000)
    receive(statistics, *range(0, 100, 2), 99)
    first = report(statistics)
    assert (first.packets_lost, first.fraction_lost) == (49, 49 * 256 // 100)
    receive(statistics, *range(100, 200))
    second = report(statistics)
    assert (second.packets_lost, second.fraction_lost) == (49, 0)
    receive(statistics, 1, 3, 5)  # sent again
    third = report(statistics)
    assert (third.packets_lost, third.fraction_lost) == (46, 0)


def test_duplicates_make_it_negative() -> None:
    statistics = ReceptionStatistics(5, 48_000)
    receive(statistics, 1, 2, 2, 2)
    assert report(statistics).packets_lost == -2
    assert report(statistics).fraction_lost == 0


def test_everything_lost_is_255() -> None:
    statistics = ReceptionStatistics(5, 48_000)
    receive(statistics, 1)
    report(statistics)
    receive(statistics, 30_000)
    assert report(statistics).fraction_lost == 255


def test_jitter_is_that_of_rfc_3550() -> None:
    statistics = ReceptionStatistics(5, 48_000)
    for number in range(2000):
        late = 0.01 if number % 2 else 0.0
        statistics.receive(FakePacket(sequence_number=number, timestamp=number * 960), number * 0.02 + late)
    assert report(statistics).jitter == pytest.approx(480, abs=2)


def test_what_is_sent_again_and_what_shares_a_timestamp_is_no_jitter() -> None:
    statistics = ReceptionStatistics(5, 90_000)
    for number in range(0, 2000, 2):
        statistics.receive(FakePacket(sequence_number=number, timestamp=number * 960), number * 960 / 90_000)
        statistics.receive(
            FakePacket(sequence_number=number + 1, timestamp=number * 960), number * 960 / 90_000 + 0.001
        )
        statistics.receive(FakePacket(sequence_number=max(0, number - 50), timestamp=7), number * 960 / 90_000 + 0.002)
    assert report(statistics).jitter <= 90


def test_the_last_sender_report_and_its_age() -> None:
    statistics = ReceptionStatistics(5, 48_000)
    receive(statistics, 1)
    statistics.receive_sender_report(0x0123456789ABCDEF, 10.0)
    block = report(statistics, 11.5)
    assert block.last_sender_report == 0x456789AB
    assert block.delay_since_sender_report == 0x18000


@bounded
@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.floats(0, 1e6)), max_size=60))
def test_every_field_fits_its_place_on_the_wire(packets: list[tuple[int, int, float]]) -> None:
    statistics = ReceptionStatistics(5, 90_000)
    for number, timestamp, now in packets:
        statistics.receive(FakePacket(sequence_number=number, timestamp=timestamp), now)
        block = report(statistics, now)
        assert 0 <= block.fraction_lost <= 255
        assert -(2**23) <= block.packets_lost < 2**23
        assert 0 <= block.highest_sequence < 2**32
        assert 0 <= block.jitter < 2**32
