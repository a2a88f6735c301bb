"""Sound across everything a network does."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import Hole, MediaKind, Nack, SoundFrame, TrackAction
from media_server.rtp.sound_track import SoundTrack
from tests.fakes.rtp_sender import SOUND_TICKS, FakePacket, encoded_sound, sound_packets
from tests.media_server.rtp.bounds import bounded
from tests.media_server.rtp.network import Network, send_all


def test_packets_come_out_as_they_were_encoded() -> None:
    sound = encoded_sound()
    network = Network(SoundTrack(LossSettings()))
    packets = sound_packets(sound, sequence_number=65_490, timestamp=2**32 - 30 * SOUND_TICKS)
    send_all(network, packets, interval=0.02)
    network.run()
    out = network.of(SoundFrame)
    assert [frame.data for frame in out] == sound
    assert {frame.samples for frame in out} == {SOUND_TICKS}
    assert out[-1].rtp_timestamp == 2**32 + 69 * SOUND_TICKS


def test_five_percent_lost_and_sent_again() -> None:
    sound = encoded_sound()
    network = Network(SoundTrack(LossSettings()))
    send_all(network, sound_packets(sound), interval=0.02, lost=range(5, 99, 20))
    network.run()
    assert [frame.data for frame in network.of(SoundFrame)] == sound
    assert network.of(Hole) == []
    assert network.track.statistics().recovered == 5


def test_what_never_comes_is_a_hole() -> None:
    sound = encoded_sound()
    network = Network(SoundTrack(LossSettings()))
    network.answer = lambda _nack, _number: False
    send_all(network, sound_packets(sound), interval=0.02, lost=[10, 11, 40])
    network.run()
    assert [frame.data for frame in network.of(SoundFrame)] == sound[:10] + sound[12:40] + sound[41:]
    assert network.of(Hole) == [
        Hole(MediaKind.SOUND, 2, 10 * SOUND_TICKS, 12 * SOUND_TICKS),
        Hole(MediaKind.SOUND, 2, 40 * SOUND_TICKS, 41 * SOUND_TICKS),
    ]
    told = [time for time, action in network.actions if isinstance(action, Hole)]
    assert told == pytest.approx([12 * 0.02 + 0.5, 41 * 0.02 + 0.5])


def test_requests_come_after_the_grace_and_then_every_round_trip() -> None:
    network = Network(SoundTrack(LossSettings()))
    network.track.set_round_trip(0.15)
    network.answer = lambda _nack, _number: False
    send_all(network, sound_packets(encoded_sound()[:30]), interval=0.02, lost=[10])
    network.run()
    asked = [time for time, action in network.actions if isinstance(action, Nack)]
    assert asked == pytest.approx([0.22 + 0.01 + 0.15 * times for times in range(4)])
    assert {action.sequence_numbers for action in network.of(Nack)} == {(10,)}


def feed(track: SoundTrack, packets: Iterable[FakePacket]) -> list[TrackAction]:
    """Feed packets 20 ms apart; what comes out."""
    out: list[TrackAction] = []
    for index, packet in enumerate(packets):
        track.receive_packet(packet, index * 0.02)
        out += track.actions()
    return out


def data_of(actions: Iterable[TrackAction]) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, SoundFrame)]


def test_sound_is_handed_out_at_once() -> None:
    track = SoundTrack(LossSettings())
    for packet in sound_packets(encoded_sound()):
        track.receive_packet(packet, 1.0)
        assert [action.arrival for action in track.actions() if isinstance(action, SoundFrame)] == [1.0]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_pattern_of_loss_in_a_short_run(count: int) -> None:
    sound = encoded_sound()[:12]
    for lost in combinations(range(1, 11), count):
        network = Network(SoundTrack(LossSettings()))
        network.answer = lambda _nack, _number: False
        send_all(network, sound_packets(sound), interval=0.02, lost=lost)
        network.run()
        assert data_of(network.of(SoundFrame)) == [data for index, data in enumerate(sound) if index not in lost]
        holes = [range(hole.start_timestamp, hole.end_timestamp, SOUND_TICKS) for hole in network.of(Hole)]
        assert [stamp // SOUND_TICKS for hole in holes for stamp in hole] == list(lost)


def test_every_order_of_six_packets() -> None:
    sound = encoded_sound()[:10]
    packets = list(sound_packets(sound))
    for order in permutations(range(2, 8)):
        shuffled = packets[:2] + [packets[index] for index in order] + packets[8:]
        assert data_of(feed(SoundTrack(LossSettings()), shuffled)) == sound


@pytest.mark.parametrize("seed", range(8))
def test_a_bad_network(seed: int) -> None:
    """5 % lost, 10 % of the retransmissions too, jitter larger than a packet: everything comes back in time."""
    random = Random(seed)
    sound = encoded_sound()
    network = Network(SoundTrack(LossSettings()))
    network.answer = lambda _nack, _number: random.random() > 0.1
    for index, packet in enumerate(sound_packets(sound, sequence_number=65_450)):
        last_or_first = index in {0, len(sound) - 1}
        late = 0.0 if last_or_first else random.uniform(0, 0.05)
        network.send(packet, index * 0.02 + late, lost=not last_or_first and random.random() < 0.05)
    network.run()
    assert data_of(network.of(SoundFrame)) == sound
    assert network.of(Hole) == []


def test_duplicates_are_dropped_also_under_another_sequence_number() -> None:
    sound = encoded_sound()[:20]
    twice = [packet for packet in sound_packets(sound) for _ in range(2)]
    renumbered = [replace(packet, sequence_number=number) for number, packet in enumerate(twice)]
    for packets in (twice, renumbered):
        track = SoundTrack(LossSettings())
        assert data_of(feed(track, packets)) == sound
        assert track.statistics().duplicate == 20


def test_silence_that_is_not_sent_is_no_hole() -> None:
    sound = encoded_sound()
    later = sound_packets(sound[10:20], sequence_number=10, timestamp=60 * SOUND_TICKS)
    actions = feed(SoundTrack(LossSettings()), [*sound_packets(sound[:10]), *later])
    assert data_of(actions) == sound[:20]
    assert all(isinstance(action, SoundFrame) for action in actions)


def test_padding_and_packets_that_cannot_be_read() -> None:
    sound = encoded_sound()[:10]
    packets = list(sound_packets(sound))
    packets[3] = replace(packets[3], payload=b"")
    packets[6] = replace(packets[6], payload=b"\x7b")
    track = SoundTrack(LossSettings())
    actions = feed(track, packets)
    assert data_of(actions) == [*sound[:3], *sound[4:6], *sound[7:]]
    assert [action for action in actions if isinstance(action, Hole)] == [
        Hole(MediaKind.SOUND, 2, 6 * SOUND_TICKS, 7 * SOUND_TICKS)
    ]
    assert track.statistics().malformed == 1


def test_another_ssrc_takes_over_with_its_second_packet() -> None:
    sound = encoded_sound()[:20]
    new = list(sound_packets(sound, ssrc=3, sequence_number=9_000, timestamp=5))
    stray = FakePacket(ssrc=77, payload=b"\x78")
    track = SoundTrack(LossSettings())
    frames = [
        action
        for action in feed(track, [*sound_packets(sound), stray, *new[:1], stray, *new[1:]])
        if isinstance(action, SoundFrame)
    ]
    assert [frame.data for frame in frames] == sound + sound[1:]  # two strays between cost the first packet
    assert [frame.ssrc for frame in frames] == [2] * 20 + [3] * 19


def test_a_flush_hands_out_what_waits_behind_a_hole() -> None:
    sound = encoded_sound()[:10]
    packets = list(sound_packets(sound))
    network = Network(SoundTrack(LossSettings()))
    send_all(network, packets[:4] + packets[5:], interval=0.02)
    network.run(until=0.19)
    network.flush()
    assert data_of(network.of(SoundFrame)) == sound[:4] + sound[5:]
    assert network.of(Hole) == [Hole(MediaKind.SOUND, 2, 4 * SOUND_TICKS, 5 * SOUND_TICKS)]
    assert network.track.next_timeout() is None


@bounded
@given(
    st.lists(
        st.builds(
            FakePacket,
            ssrc=st.integers(1, 3),
            sequence_number=st.one_of(st.integers(0, 40), st.integers(0, 0xFFFF)),
            timestamp=st.one_of(st.integers(0, 50).map(lambda n: n * SOUND_TICKS), st.integers(0, 0xFFFFFFFF)),
            payload=st.one_of(st.binary(max_size=6), st.just(b"\x78")),
        ),
        max_size=80,
    ),
    st.floats(0, 0.3),
)
def test_whatever_comes_raises_nothing_and_ends(packets: list[FakePacket], step: float) -> None:
    track = SoundTrack(LossSettings())
    now = 0.0
    for packet in packets:
        now += step
        track.receive_packet(packet, now)
        track.handle_timeout(now)
    track.flush(now)
    assert all(action.samples > 0 for action in track.actions() if isinstance(action, SoundFrame))
    assert track.next_timeout() is None
