"""One SSRC's packets, put in order, within bounds."""

from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.loss import LossSettings, RoundTrip
from media_server.rtp.packet import RtpPacket
from media_server.rtp.packet_order import MAX_HOLE, MAX_WAITING, Counts, PacketOrder
from tests.fakes.rtp_sender import FakePacket
from tests.media_server.rtp.bounds import bounded


class Consumer:
    """Takes packets and writes down what it was given."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, int]] = []
        self.counts = Counts()
        self.order = PacketOrder(LossSettings(), RoundTrip(), self.counts, self._take)

    def receive(self, *numbers: int, now: float = 0.0) -> None:
        for number in numbers:
            self.order.receive(FakePacket(sequence_number=number & 0xFFFF), now)

    def _take(self, packet: RtpPacket, _arrival: float, lost: int) -> None:
        self.taken.append((packet.sequence_number, lost))


def test_a_hole_holds_up_and_is_filled() -> None:
    consumer = Consumer()
    consumer.receive(1, 2, 4, 5, 7)
    assert consumer.taken == [(1, 0), (2, 0)]
    consumer.receive(3)
    assert consumer.taken[2:] == [(3, 0), (4, 0), (5, 0)]
    consumer.receive(6)
    assert consumer.taken[5:] == [(6, 0), (7, 0)]
    assert consumer.order.next_timeout() is None


def test_what_was_given_up_is_told_with_the_next_packet_and_comes_too_late() -> None:
    consumer = Consumer()
    consumer.receive(1, 4, 6)
    consumer.order.give_up(0.55)
    assert consumer.taken == [(1, 0), (4, 2), (6, 1)]
    consumer.receive(3, 7)
    assert consumer.taken[3:] == [(7, 0)]
    counts = consumer.counts.snapshot()
    assert (counts.received, counts.lost, counts.duplicate) == (4, 3, 1)


def test_holes_are_given_up_one_by_one() -> None:
    consumer = Consumer()
    consumer.receive(1, 3, now=0.0)
    consumer.receive(5, now=0.3)
    consumer.order.give_up(0.5)
    assert consumer.taken == [(1, 0), (3, 1)]
    consumer.order.give_up(0.8)
    assert consumer.taken[2:] == [(5, 1)]


def test_requests_wrap() -> None:
    consumer = Consumer()
    consumer.receive(0xFFFD, 0x10001)
    assert consumer.order.ask(0.02) == (0xFFFE, 0xFFFF, 0)


def test_the_largest_hole_is_asked_for_and_a_larger_one_is_not() -> None:
    consumer = Consumer()
    consumer.receive(0, MAX_HOLE + 1)
    assert len(consumer.order.ask(0.02)) == MAX_HOLE
    larger = Consumer()
    larger.receive(0, 2, MAX_HOLE + 4)
    assert larger.order.ask(0.02) == ()
    assert larger.taken == [(0, 0), (2, 1), (MAX_HOLE + 4, MAX_HOLE + 1)]
    assert larger.order.next_timeout() is None


def test_packets_held_back_are_bounded() -> None:
    consumer = Consumer()
    consumer.receive(0)
    consumer.receive(*range(2, 20_000))
    assert len(consumer.order._waiting) <= MAX_WAITING
    assert len(consumer.taken) >= 20_000 - MAX_WAITING - 2
    every_other = Consumer()
    every_other.receive(*range(0, 20_000, 2))
    assert len(every_other.order._waiting) <= MAX_WAITING
    assert len(every_other.order._missing) <= MAX_WAITING


@bounded
@given(st.permutations(range(12)), st.integers(0, 0xFFFF))
def test_any_order_becomes_order(permutation: list[int], base: int) -> None:
    consumer = Consumer()
    consumer.receive(base)
    consumer.receive(*(base + 1 + number for number in permutation))
    assert consumer.taken == [((base + number) & 0xFFFF, 0) for number in range(13)]


@bounded
@given(st.lists(st.integers(-30, 60), max_size=200), st.floats(0, 0.2))
def test_nothing_is_delivered_twice_or_out_of_order(moves: list[int], step: float) -> None:
    consumer = Consumer()
    number, now = 1000, 0.0
    for move in moves:
        number, now = max(0, number + move), now + step
        consumer.receive(number, now=now)
        consumer.order.give_up(now)
    consumer.order.flush()
    numbers = [number for number, _ in consumer.taken]
    assert numbers == sorted(set(numbers))
    assert len(consumer.order._waiting) == 0
    if numbers:
        assert len(numbers) + sum(lost for _, lost in consumer.taken) == numbers[-1] - numbers[0] + 1
