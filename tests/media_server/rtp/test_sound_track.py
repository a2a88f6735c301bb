"""Sound across everything a network does."""

import pytest

from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import Hole, MediaKind, Nack, SoundFrame
from media_server.rtp.sound_track import SoundTrack
from tests.fakes.rtp_sender import SOUND_TICKS, encoded_sound, sound_packets
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
