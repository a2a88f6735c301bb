"""How lengths, sizes and times are written."""

from datetime import UTC, datetime

import pytest

from web.formats import duration, lapse, megabytes, path_step, when


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0, "0:00"), (999, "0:00"), (197_000, "3:17"), (3_723_999, "1:02:03")]
)
def test_duration(milliseconds: int, text: str) -> None:
    assert duration(milliseconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0.0 MB"), (1, "1 kB"), (99_999, "100 kB"), (100_000, "0.1 MB"), (12_480_000, "12.5 MB")]
)
def test_megabytes(size: int, text: str) -> None:
    assert megabytes(size) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0.0 s"),
        (430, "0.4 s"),
        (9_999, "10.0 s"),
        (42_700, "42 s"),
        (60_000, "1 min"),
        (197_000, "3 min 17 s"),
        (7_505_000, "2 h 5 min"),
        (86_400_000, "1 day"),
        (273_600_000, "3 days 4 h"),
    ],
)
def test_lapse(milliseconds: int, text: str) -> None:
    assert lapse(milliseconds) == text


def test_when_is_a_time_element() -> None:
    assert when(datetime(2026, 11, 24, 9, 5, tzinfo=UTC)) == (
        '<time datetime="2026-11-24T09:05:00+00:00">24 Nov 2026, 09:05 UTC</time>'
    )


def test_a_step_of_a_path_holds_no_step_of_its_own() -> None:
    assert path_step("host 1/ü?") == "host%201%2F%C3%BC%3F"
