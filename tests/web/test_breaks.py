"""Pauses and interruptions as HR is told of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from db.models import PartSource
from db.states import PartState
from web.breaks import Break, breaks_of
from web.schema.interviews import PartTold

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def part(began_s: float, ended_s: float | None, reason: str | None, duration_ms: int | None = 0) -> PartTold:
    started = NOON + timedelta(seconds=began_s)
    ended = None if ended_s is None else NOON + timedelta(seconds=ended_s)
    length = None if ended_s is None else round((ended_s - began_s) * 1000)
    state = "open" if ended_s is None else "closed"
    nothing: dict[str, Any] = dict.fromkeys(
        ("url", "video_codec", "audio_codec", "width", "height", "video_kbps", "audio_kbps")
    )
    return PartTold(
        n=1,
        state=PartState(state),
        source=PartSource.LIVE,
        started_at=started,
        ended_at=ended,
        duration_ms=length if duration_ms == 0 else duration_ms,
        size_bytes=0,
        end_reason=reason,
        user_agent="",
        gaps=[],
        **nothing,
    )


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_nothing_in_between() -> None:
    assert breaks_of([], goes_on=False) == []
    assert breaks_of([], goes_on=True) == []
    assert breaks_of([part(0, 10, "finished")], goes_on=False) == []
    assert breaks_of([part(0, None, None)], goes_on=True) == []


def test_a_pause_and_an_interruption() -> None:
    parts = [part(0, 10, "paused"), part(70.5, 80.5, "connection_lost"), part(122.5, 130, "finished")]
    assert breaks_of(parts, goes_on=False) == [
        Break(10_000, 60_500, at(10), is_pause=True, reason="paused"),
        Break(20_000, 42_000, at(80.5), is_pause=False, reason="connection_lost"),
    ]


def test_a_break_that_lasts() -> None:
    parts = [part(0, 10, "no_media")]
    assert breaks_of(parts, goes_on=True) == [Break(10_000, None, at(10), is_pause=False, reason="no_media")]


def test_connections_may_overlap() -> None:
    parts = [part(0, 10, "superseded"), part(9.8, None, None)]
    assert [one.away_ms for one in breaks_of(parts, goes_on=True)] == [0]


def test_a_part_without_anything_in_it_is_no_end_of_a_break() -> None:
    parts = [
        part(0, 10, "no_media"),
        part(20, 30, "never_connected", duration_ms=None),
        part(50, 60, "finished"),
    ]
    assert [(one.at_ms, one.away_ms) for one in breaks_of(parts, goes_on=False)] == [(10_000, 40_000)]
