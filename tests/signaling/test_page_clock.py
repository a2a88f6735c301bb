"""A page's clock told by ours: late messages, clocks that jump, devices that sleep, and nonsense."""

import math

from hypothesis import given
from hypothesis import strategies as st

from signaling.protocol.page_clock import BELIEVED_S, NTP_EPOCH_S, PageClock

BORN = 1_764_000_000.0
"What the page's clock reads when ours reads 0, seconds."


def at(ours: float) -> float:
    """What the page's clock reads then, milliseconds."""
    return (BORN + ours) * 1_000


def test_the_message_that_was_delayed_least_counts() -> None:
    clock = PageClock()
    for sent, delay in ((0.0, 0.4), (5.0, 0.03), (10.0, 0.9)):
        clock.hear(at(sent), sent + delay)
    moment = clock.moment(at(11.0), 11.5)
    assert math.isclose(moment.arrival, 11.03, abs_tol=1e-3)
    assert moment.ntp_seconds is not None
    assert math.isclose(moment.ntp_seconds, BORN + 11.0 + NTP_EPOCH_S, abs_tol=1e-3)


def test_a_page_that_never_told_its_clock_acts_when_its_message_comes() -> None:
    assert math.isclose(PageClock().moment(at(3.0), 3.2).arrival, 3.2, abs_tol=1e-3)


def test_a_clock_that_jumps_ahead_is_followed_at_once() -> None:
    clock = PageClock()
    clock.hear(at(0.0), 0.05)
    clock.hear(at(3_605.0), 5.05)
    assert math.isclose(clock.moment(at(3_606.0), 6.3).arrival, 6.05, abs_tol=1e-3)


def test_a_clock_that_stood_still_is_not_believed() -> None:
    clock = PageClock()
    clock.hear(at(0.0), 0.05)
    # The device slept for an hour; its clock did not.
    assert clock.moment(at(2.0), 3_602.1).arrival == 3_602.1
    for second in range(8):
        clock.hear(at(10.0 + second), 3_610.05 + second)
    assert math.isclose(clock.moment(at(18.0), 3_618.3).arrival, 3_618.05, abs_tol=1e-3)


@given(st.lists(st.tuples(st.floats(0, 1e14), st.floats(0, 1e6))), st.floats(0, 1e14), st.floats(0, 1e6))
def test_whatever_it_says_the_moment_is_now_or_a_little_before(
    heard: list[tuple[float, float]], told: float, now: float
) -> None:
    clock = PageClock()
    for at_ms, when in heard:
        clock.hear(at_ms, when)
    assert now - BELIEVED_S <= clock.moment(told, now).arrival <= now
