"""RFC 9110: conditional requests (section 13) and ranges (section 14)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web.ranges import Changed, FileVersion, Selection, Stretch, Unchanged, Unsatisfiable, Whole, select

VERSION = FileVersion(1_000, '"abc"', datetime(2026, 11, 24, 9, 0, 0, 500_000, tzinfo=UTC))
DATE = "Tue, 24 Nov 2026 09:00:00 GMT"
LATER = "Tue, 24 Nov 2026 09:00:01 GMT"


@pytest.mark.parametrize(
    ("asked", "selection"),
    [
        ("bytes=0-499", Stretch(0, 499)),
        ("bytes=500-", Stretch(500, 999)),
        ("bytes=-1", Stretch(999, 999)),
        ("bytes=-5000", Stretch(0, 999)),
        ("bytes=999-5000", Stretch(999, 999)),
        ("BYTES = 0 - 0", Stretch(0, 0)),
        ("bytes=1000-", Unsatisfiable()),
        ("bytes=-0", Unsatisfiable()),
        # What cannot be understood, or need not be served, is ignored (section 14.2).
        ("bytes=5-4", Whole()),
        ("bytes=0-1,5-6", Whole()),
        ("bytes=-", Whole()),
        ("bytes=a-b", Whole()),
        ("seconds=0-1", Whole()),
        ("bytes=٣-٤", Whole()),
        ("bytes=0-99999999999999999999999", Whole()),
        ("", Whole()),
    ],
)
def test_a_range(asked: str, selection: Selection) -> None:
    assert select({"Range": asked}, VERSION) == selection


@pytest.mark.parametrize(
    ("headers", "selection"),
    [
        ({}, Whole()),
        ({"If-None-Match": '"abc"'}, Unchanged()),
        ({"If-None-Match": 'W/"abc"'}, Unchanged()),  # weak comparison (section 13.1.2)
        ({"If-None-Match": '"x", "abc"'}, Unchanged()),
        ({"If-None-Match": "*"}, Unchanged()),
        ({"If-None-Match": '"x"', "Range": "bytes=0-0"}, Stretch(0, 0)),
        ({"If-Match": '"x"'}, Changed()),
        ({"If-Match": "*"}, Whole()),
        ({"If-Match": 'W/"abc"'}, Changed()),  # strong comparison (section 13.1.1)
        ({"If-Match": '"x"', "If-None-Match": '"abc"'}, Changed()),  # its turn comes first (section 13.2.2)
        ({"If-Range": '"abc"', "Range": "bytes=0-0"}, Stretch(0, 0)),
        ({"If-Range": '"x"', "Range": "bytes=0-0"}, Whole()),
        ({"If-Range": 'W/"abc"', "Range": "bytes=0-0"}, Whole()),  # strong comparison (section 13.1.5)
        ({"If-Range": DATE, "Range": "bytes=0-0"}, Stretch(0, 0)),
        ({"If-Range": LATER, "Range": "bytes=0-0"}, Whole()),  # exact, not "not after"
        ({"If-Range": "nonsense", "Range": "bytes=0-0"}, Whole()),
    ],
)
def test_a_condition(headers: dict[str, str], selection: Selection) -> None:
    assert select(headers, VERSION) == selection


def test_an_empty_file_satisfies_no_range() -> None:
    empty = FileVersion(0, '"abc"', VERSION.modified)
    assert select({"Range": "bytes=0-"}, empty) == Unsatisfiable()
    assert select({"Range": "bytes=-5"}, empty) == Unsatisfiable()
    assert select({}, empty) == Whole()


def test_the_date_is_written_in_gmt() -> None:
    zone = FileVersion(1, '"a"', (VERSION.modified + timedelta(0)).astimezone())
    assert zone.last_modified == DATE


@settings(deadline=None, max_examples=300)
@given(
    asked=st.one_of(st.text(), st.from_regex(r"bytes=[0-9]*-[0-9]*(,[0-9]*-[0-9]*)?", fullmatch=True)),
    condition=st.text(),
    size=st.integers(0, 5_000),
)
def test_a_stretch_always_lies_inside_the_file(asked: str, condition: str, size: int) -> None:
    version = FileVersion(size, '"abc"', VERSION.modified)
    for headers in ({"Range": asked}, {"Range": asked, "If-Range": condition}, {"If-None-Match": condition}):
        match select(headers, version):
            case Stretch(first, last):
                assert 0 <= first <= last < size
            case _:
                pass
