"""Transport-wide feedback, read back by a decoder that was written from the draft's text alone."""

from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.header import parse_packet
from media_server.rtp.transport_feedback import TransportFeedback


def decode(message: bytes) -> dict[int, float | None]:
    """Sequence number → arrival in seconds (None: not received), modulo what the format leaves out."""
    base, count = int.from_bytes(message[:2], "big"), int.from_bytes(message[2:4], "big")
    now = int.from_bytes(message[4:7], "big") * 64.0
    at, symbols = 8, list[int]()
    while len(symbols) < count:
        chunk = int.from_bytes(message[at : at + 2], "big")
        at += 2
        if chunk >> 15 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk >> 14 & 1:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    told: dict[int, float | None] = {}
    for index, symbol in enumerate(symbols[:count]):
        size = {0: 0, 1: 1, 2: 2}[symbol]
        if size:
            now += int.from_bytes(message[at : at + size], "big", signed=size == 2) / 4
            at += size
        told[(base + index) & 0xFFFF] = now / 1000 if size else None
    assert at == len(message)
    return told


def test_arrivals_are_told_to_a_quarter_of_a_millisecond() -> None:
    feedback = TransportFeedback()
    arrivals = {65534: 100.0, 65535: 100.0131, 1: 100.05, 2: 100.51}
    for number, arrival in arrivals.items():
        feedback.receive(number, arrival)
    told = decode(feedback.take(100.6) or b"")
    assert told.pop(0) is None
    assert set(told) == set(arrivals)
    for number, arrival in arrivals.items():
        assert abs((told[number] or 0) - arrival) < 0.0003


def test_nothing_new_is_no_message() -> None:
    feedback = TransportFeedback()
    assert feedback.take(0.0) is None
    feedback.receive(7, 1.0)
    assert feedback.take(1.1) is not None
    assert feedback.take(1.2) is None


def test_a_packet_overtaken_on_the_way_is_told_afterwards() -> None:
    feedback = TransportFeedback()
    feedback.receive(10, 1.0)
    feedback.receive(12, 1.02)
    assert decode(feedback.take(1.1) or b"")[11] is None
    feedback.receive(11, 1.11)
    told = decode(feedback.take(1.2) or b"")
    assert told[11] is not None
    assert told[12] is not None


def test_messages_are_counted() -> None:
    feedback = TransportFeedback()
    counts = []
    for number in range(300):
        feedback.receive(number, float(number))
        counts.append((feedback.take(float(number)) or b"")[7])
    assert counts == [number & 0xFF for number in range(300)]


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 1)), max_size=200))
def test_any_numbers_make_messages_that_can_be_read(packets: list[tuple[int, float]]) -> None:
    feedback = TransportFeedback()
    now = 50.0
    for number, later in packets:
        now += later
        feedback.receive(number, now)
        if later < 0.2:
            message = feedback.take(now)
            assert message is None or len(decode(message)) <= 4096


@given(st.integers(0, 0xFFFF), st.integers(1, 14), st.binary(max_size=12))
def test_the_number_is_found_among_other_extensions(number: int, identifier: int, other: bytes) -> None:
    other_id = identifier % 14 + 1
    elements = b""
    if other:
        elements += bytes([other_id << 4 | len(other) - 1]) + other
    elements += bytes([identifier << 4 | 1]) + number.to_bytes(2, "big")
    elements += bytes(-len(elements) % 4)
    extension = b"\xbe\xde" + (len(elements) // 4).to_bytes(2, "big") + elements
    packet = parse_packet(bytes([0x90, 96]) + bytes(10) + extension + b"payload", identifier)
    assert packet.transport_number == number
    assert packet.payload == b"payload"
    assert parse_packet(bytes([0x90, 96]) + bytes(10) + extension).transport_number is None
