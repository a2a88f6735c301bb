"""Sound's own clock, against senders whose timestamps lie."""

from media_server.rtp.opus import SAMPLE_RATE
from media_server.rtp.packet import SoundFrame
from media_server.rtp.sound_clock import SoundClock

PACKET = 960


def test_timestamps_that_jump_ahead_again_and_again_do_not_stretch_the_part() -> None:
    clock = SoundClock()
    timestamp, filled = 0, 0
    for number in range(500):
        arrival = 100 + number * PACKET / SAMPLE_RATE
        place = clock.place(SoundFrame(1, timestamp, b"", PACKET, arrival), 100.0)
        filled += place.lost_samples
        timestamp += PACKET + 95_000  # each by less than what a single jump may be
    assert clock.position < (10 + 3) * SAMPLE_RATE
    assert filled < 3 * SAMPLE_RATE


def test_a_sound_card_that_runs_fast_loses_nothing_in_three_hours() -> None:
    clock = SoundClock()
    for number in range(3 * 3600 * 2):  # a packet in each half second, the rest silence that is counted
        arrival = 100 + number * 0.5 / 1.002
        place = clock.place(SoundFrame(1, number * SAMPLE_RATE // 2, b"", PACKET, arrival), 100.0)
        assert place.start_ms == number * 500
