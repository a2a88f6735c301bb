"""Captions: what is WebVTT that every player shows alike, and what is not."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from media_server.recording.captions import NoCaptions, checked

GOOD = b"WEBVTT - made by hand\n\nNOTE who spoke\n\nfirst\n00:01.000 --> 00:02.500 align:start\nHello\nyou\n\n01:00:00.000 --> 01:00:01.000\nBye"


def test_webvtt_is_taken_as_it_is_its_lines_ended_alike() -> None:
    assert checked(GOOD) == GOOD.decode()
    assert checked(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n")) == GOOD.decode()


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "first line"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nSubRip", "first line"),
        (b"WEBVTTX\n\n00:01.000 --> 00:02.000\nHello", "first line"),
        (b"WEBVTT\n", "no captions"),
        (b"WEBVTT\n\nNOTE nothing else", "no captions"),
        (b"WEBVTT\n\nHello", "says no time"),
        (b"WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nHello", "no time"),
        (b"WEBVTT\n\n00:02.000 --> 00:02.000\nHello", "ends before"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n\0", "NUL"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(octets: bytes, why: str) -> None:
    with pytest.raises(NoCaptions, match=why):
        checked(octets)


@given(st.binary(max_size=200))
@example(b" ")
def test_nothing_else_is_raised_whatever_comes(octets: bytes) -> None:
    for sent in (octets, b"WEBVTT\n\n" + octets):
        with contextlib.suppress(NoCaptions):
            assert checked(sent).startswith("WEBVTT")
