"""Which packets belong to a pause, whenever they come."""

from itertools import pairwise

from media_server.recording.pause_fence import LONGEST_SILENCE_S, MAX_STREAMS, NEVER_SO_LATE_S, TOLERANCE_S, PauseFence
from media_server.rtp.packet import MediaKind
from tests.fakes.rtp_sender import SOUND_TICKS, FakePacket

RATE = 48_000


def held(fence: PauseFence, timestamp: int, now: float, *, ssrc: int = 2) -> bool:
    return fence.holds_back(MediaKind.SOUND, FakePacket(ssrc=ssrc, timestamp=timestamp & 0xFFFFFFFF), now)


def heard_until(seconds: float, *, start: int = 0) -> tuple[PauseFence, int]:
    """A fence that was shown sound for so long, and the newest timestamp of that."""
    fence = PauseFence()
    newest = start
    for index in range(round(seconds * 50)):
        newest = start + index * SOUND_TICKS
        assert not held(fence, newest, 100 + index / 50)
    return fence, newest


def test_nothing_is_held_back_before_a_pause_has_ended() -> None:
    fence, newest = heard_until(2)
    assert not held(fence, newest - 10 * SOUND_TICKS, 102)


def test_what_was_there_before_the_end_of_the_pause_is_held_back_and_the_next_packet_is_not() -> None:
    fence, newest = heard_until(2)
    fence.end_pause(102)
    assert held(fence, newest - RATE, 102.1), "an old one sent again"
    assert held(fence, newest, 102.1), "the rest of the newest frame"
    assert not held(fence, newest + SOUND_TICKS, 102.1)
    assert held(fence, newest - SOUND_TICKS, 150), "however late it comes"


def test_the_wrap_of_timestamps_is_no_way_around() -> None:
    fence, newest = heard_until(2, start=2**32 - RATE)
    fence.end_pause(102)
    assert held(fence, newest - 2 * RATE + SOUND_TICKS, 102)
    assert not held(fence, newest + SOUND_TICKS, 102)


def test_what_the_network_held_up_at_the_end_of_the_pause_is_held_back() -> None:
    fence, newest = heard_until(2)
    fence.end_pause(102.5)
    last_arrival = 100 + 99 / 50
    boundary = newest + round((102.5 - last_arrival - TOLERANCE_S) * RATE)
    assert held(fence, boundary - SOUND_TICKS, 102.6)
    assert not held(fence, boundary + SOUND_TICKS, 102.6)


def test_a_sender_whose_clock_stood_still_in_the_pause_loses_a_second_at_most() -> None:
    fence, newest = heard_until(2)
    fence.end_pause(1000)
    lost = [index for index in range(1, 100) if held(fence, newest + index * SOUND_TICKS, 1000 + index / 50)]
    assert len(lost) / 50 <= LONGEST_SILENCE_S
    assert all(later - earlier == 1 for earlier, later in pairwise(lost))


def test_a_sender_that_counts_from_elsewhere_is_heard() -> None:
    fence, newest = heard_until(2, start=1000 * RATE)
    fence.end_pause(102)
    assert not held(fence, newest - 500 * RATE, 103)
    assert not held(fence, newest - 500 * RATE + SOUND_TICKS, 103)


def test_the_fence_is_forgotten_before_timestamps_could_wrap_to_it() -> None:
    fence, newest = heard_until(2)
    fence.end_pause(102)
    for seconds in range(1, 90_000, 900):
        assert not held(fence, newest + seconds * RATE, 102 + seconds)
    assert seconds * RATE > 2**31
    assert NEVER_SO_LATE_S < 900


def test_streams_that_nobody_sent_yet_are_free_and_only_so_many_are_remembered() -> None:
    fence, newest = heard_until(2)
    fence.end_pause(102)
    for ssrc in range(100, 100 + 3 * MAX_STREAMS):
        assert not held(fence, newest - RATE, 102, ssrc=ssrc)
    assert len(fence._newest) == MAX_STREAMS
