"""Where datagrams may come from: what is learnt, what is forgotten, and how many strangers are looked at."""

from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp.sources import MOST_ADDRESSES, Allowance, Sources


def test_only_what_was_learnt_is_known() -> None:
    sources = Sources()
    sources.learn(("192.0.2.1", 5000))
    assert sources.knows(("192.0.2.1", 5000))
    assert not sources.knows(("192.0.2.1", 5001))
    assert not sources.knows(("192.0.2.2", 5000))


def test_the_oldest_are_forgotten() -> None:
    sources = Sources()
    for port in range(MOST_ADDRESSES):
        sources.learn(("192.0.2.1", port))
    sources.learn(("192.0.2.1", 0))  # met again: the next one is the oldest now
    sources.learn(("192.0.2.9", 1))
    assert len(sources) == MOST_ADDRESSES
    assert sources.knows(("192.0.2.1", 0))
    assert not sources.knows(("192.0.2.1", 1))


def test_an_allowance_is_used_up_and_comes_back() -> None:
    allowance = Allowance(10)
    assert [allowance.take(5.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert not allowance.take(5.05)
    assert allowance.take(5.11)
    assert not allowance.take(5.11)
    assert [allowance.take(99.0) for _ in range(12)] == [True] * 10 + [False] * 2


@given(st.lists(st.floats(0, 100), max_size=500), st.integers(1, 50))
def test_however_they_come_no_more_are_taken_than_the_time_allows(moments: list[float], per_second: int) -> None:
    allowance = Allowance(per_second)
    moments.sort()
    taken = sum(allowance.take(moment) for moment in moments)
    lasted = moments[-1] - moments[0] if moments else 0.0
    assert taken <= per_second * (1 + lasted) + 1
